namespace WanSharp.Cli.Output;

/// <summary>A clip of which more frames were made, or larger ones.</summary>
/// <param name="Path">The new clip.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Width">Pixels across.</param>
/// <param name="Height">Pixels down.</param>
/// <param name="Frames">Its frames.</param>
/// <param name="Fps">Frames per second.</param>
internal sealed record EnhanceOutput(string Path, double Seconds, int Width, int Height, int Frames, double Fps);
