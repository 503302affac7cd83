namespace WanSharp.Cli.Output;

/// <summary><c>wan bench quality</c>.</summary>
/// <param name="Psnr">The mean, in dB; null where all are equal.</param>
/// <param name="Ssim">The mean.</param>
/// <param name="LeastSsim">The least.</param>
/// <param name="Clips">Each clip.</param>
internal sealed record QualityOutput(double? Psnr, double Ssim, double LeastSsim, IReadOnlyList<ClipLossOutput> Clips);
