namespace WanSharp.Tools.Quality;

/// <summary>How much moves in a clip: clips of few steps tend to move less, which pictures side by side do not show.</summary>
public static class Motion
{
    /// <summary>The mean difference between neighbouring frames, of channels of 0 to 255; 0 for a single frame.</summary>
    /// <param name="frames">Frames of one size.</param>
    /// <exception cref="ArgumentException">Two frames are of different sizes.</exception>
    public static double Of(IReadOnlyList<byte[]> frames)
    {
        ArgumentNullException.ThrowIfNull(frames);
        var sum = 0.0;
        for (var i = 1; i < frames.Count; i++)
        {
            sum += Difference(frames[i - 1], frames[i]);
        }

        return frames.Count > 1 ? sum / (frames.Count - 1) : 0;
    }

    private static double Difference(byte[] before, byte[] after)
    {
        if (before.Length != after.Length)
        {
            throw new ArgumentException($"Frames of {before.Length} and {after.Length} bytes are not of one clip.", nameof(after));
        }

        var sum = 0L;
        for (var i = 0; i < before.Length; i++)
        {
            sum += Math.Abs(after[i] - before[i]);
        }

        return (double)sum / before.Length;
    }
}
