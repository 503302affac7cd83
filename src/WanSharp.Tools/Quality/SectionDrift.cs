namespace WanSharp.Tools.Quality;

/// <summary>How a section of a film looks compared with the first one, and how it is joined to the one before it.</summary>
/// <param name="Section">Its number, from 1.</param>
/// <param name="Frames">Its frames.</param>
/// <param name="ColorDifference">The difference of its mean colour to that of the first section, in CIE 1976 ΔE.</param>
/// <param name="Sharpness">The variance of the Laplacian of its luma, as a share of the first section's.</param>
/// <param name="JointSsim">The SSIM of its first frame and the last one before it; null for the first section.</param>
/// <param name="LeastOwnSsim">The SSIM that 95 % of its own pairs of frames reach; null where it has one frame.</param>
public readonly record struct SectionDrift(
    int Section,
    int Frames,
    double ColorDifference,
    double Sharpness,
    double? JointSsim,
    double? LeastOwnSsim
);
