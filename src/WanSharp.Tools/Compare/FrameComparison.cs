using WanSharp.Tools.Quality;

namespace WanSharp.Tools.Compare;

/// <summary>How near a frame of one clip is to the same frame of another.</summary>
/// <param name="Quality">The error, and SSIM.</param>
/// <param name="MultiScale">MS-SSIM; null for pictures that are too small for it.</param>
/// <param name="Changes">SSIM of the changes since the frame before; null for the first.</param>
/// <param name="Perceptual">LPIPS; null where no network was given.</param>
/// <param name="Motion">The mean difference to the frame before, of channels of 0 to 255; null for the first.</param>
/// <param name="OtherMotion">The same of the other clip.</param>
public readonly record struct FrameComparison(
    FrameQuality Quality,
    double? MultiScale,
    double? Changes,
    double? Perceptual,
    double? Motion,
    double? OtherMotion
);
