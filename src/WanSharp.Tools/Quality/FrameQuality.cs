namespace WanSharp.Tools.Quality;

/// <summary>How near a picture, or a clip by the mean of its frames, is to another one.</summary>
/// <param name="MeanSquaredError">Mean squared difference of channels of 0 to 255.</param>
/// <param name="Ssim">Structural similarity: 1 for equal pictures, 0 for unrelated ones.</param>
public readonly record struct FrameQuality(double MeanSquaredError, double Ssim)
{
    private const double Peak = 255;

    /// <summary>Peak signal-to-noise ratio in dB; infinite for equal pictures.</summary>
    public double Psnr => 10 * Math.Log10(Peak * Peak / MeanSquaredError);

    /// <summary>The quality of a clip: the means of its frames' errors and similarities.</summary>
    public static FrameQuality Mean(IReadOnlyCollection<FrameQuality> frames) =>
        new(frames.Average(frame => frame.MeanSquaredError), frames.Average(frame => frame.Ssim));
}
