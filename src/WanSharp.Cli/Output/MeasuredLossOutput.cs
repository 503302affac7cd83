namespace WanSharp.Cli.Output;

/// <summary>1 − SSIM of some clips.</summary>
/// <param name="Clips">How many.</param>
/// <param name="Mean">In the mean.</param>
/// <param name="Worst">Of the worst clip.</param>
internal sealed record MeasuredLossOutput(int Clips, double Mean, double Worst);
