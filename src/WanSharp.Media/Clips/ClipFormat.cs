namespace WanSharp.Media.Clips;

/// <summary>The measures of a clip.</summary>
/// <param name="Width">Pixels in a row: even, 2 to 16384.</param>
/// <param name="Height">Rows: even, 2 to 16384.</param>
/// <param name="Frames">How many frames will come: at least 1.</param>
/// <param name="Fps">Frames per second: over 0, at most 240.</param>
public sealed record ClipFormat(int Width, int Height, int Frames, double Fps)
{
    private const int MaxSide = 16384;
    private const int SmallFrame = 256 * 256;
    private const double MaxFps = 240;

    /// <summary>The bytes of one frame: red, green and blue of each pixel, row by row.</summary>
    public int FrameBytes => checked(Width * Height * 3);

    /// <summary>Whether frames are kept nearly lossless, which costs some kilobytes.</summary>
    internal bool IsSmall => Width * Height <= SmallFrame;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    internal void Validate()
    {
        if (Width is < 2 or > MaxSide || Height is < 2 or > MaxSide || Width % 2 != 0 || Height % 2 != 0)
        {
            throw new ArgumentException($"Frames of {Width}×{Height} cannot be written: sides are even numbers from 2 to {MaxSide}.");
        }

        if (Frames < 1 || !(Fps is > 0 and <= MaxFps))
        {
            throw new ArgumentException(
                $"{Frames} frames at {Fps} a second cannot be written: one frame at least, and over 0 up to {MaxFps} frames a second."
            );
        }
    }
}
