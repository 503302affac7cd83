namespace WanSharp.Graphs.Networks;

/// <summary>How many latent entries make one token.</summary>
/// <param name="Frames">Latent frames.</param>
/// <param name="Height">Latent rows.</param>
/// <param name="Width">Latent columns.</param>
public readonly record struct PatchSize(int Frames, int Height, int Width)
{
    /// <summary>The number of entries in a patch.</summary>
    public int Volume => Frames * Height * Width;
}
