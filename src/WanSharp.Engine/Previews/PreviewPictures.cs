namespace WanSharp.Engine.Previews;

/// <summary>Pictures of latents.</summary>
/// <param name="Width">Pixels across.</param>
/// <param name="Height">Pixels down.</param>
/// <param name="Frames">The frames, rgb24.</param>
internal sealed record PreviewPictures(int Width, int Height, IReadOnlyList<byte[]> Frames)
{
    /// <summary>The time that making them took.</summary>
    public TimeSpan Making { get; init; }
}
