using WanSharp.Tools.Quality;

namespace WanSharp.Tools.Compare;

/// <summary>How near a clip is to another one.</summary>
/// <param name="Width">Pixels across.</param>
/// <param name="Height">Pixels down.</param>
/// <param name="Frames">Every frame, in order; at least one.</param>
public sealed record ClipComparison(int Width, int Height, IReadOnlyList<FrameComparison> Frames)
{
    /// <summary>The mean of the frames' errors, whose PSNR is that of the whole clip, and of their similarities.</summary>
    public FrameQuality Quality => FrameQuality.Mean([.. Frames.Select(frame => frame.Quality)]);

    /// <summary>The mean PSNR in dB of the frames that differ: that of equal ones is infinite. Null if all are equal.</summary>
    public double? MeanPsnr =>
        Frames.Select(frame => frame.Quality.Psnr).Where(double.IsFinite).Select(psnr => (double?)psnr).DefaultIfEmpty().Average();

    /// <summary>How many frames are equal, to the last bit.</summary>
    public int EqualFrames => Frames.Count(frame => !double.IsFinite(frame.Quality.Psnr));

    /// <summary>The SSIM of the frame that is furthest from its like.</summary>
    public double WorstSsim => Frames.Min(frame => frame.Quality.Ssim);

    /// <summary>MS-SSIM; null for pictures that are too small for it.</summary>
    public double? MultiScale => Frames.Average(frame => frame.MultiScale);

    /// <summary>SSIM of the changes from frame to frame: flicker that one clip has alone lowers it; null for a single frame.</summary>
    public double? Changes => Frames.Average(frame => frame.Changes);

    /// <summary>LPIPS; null where no network was given.</summary>
    public double? Perceptual => Frames.Average(frame => frame.Perceptual);

    /// <summary>How much moves: the mean difference between neighbouring frames; null for a single frame.</summary>
    public double? Motion => Frames.Average(frame => frame.Motion);

    /// <summary>How much moves in the other clip.</summary>
    public double? OtherMotion => Frames.Average(frame => frame.OtherMotion);
}
