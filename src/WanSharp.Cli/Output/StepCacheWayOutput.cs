namespace WanSharp.Cli.Output;

/// <summary>A step cache, in the mean of some clips.</summary>
/// <param name="Way">The step cache.</param>
/// <param name="Clips">How many clips.</param>
/// <param name="Steps">Their steps.</param>
/// <param name="Computed">How many of these the network computed, in the mean.</param>
/// <param name="DenoiseSpeedup">How many times as long denoising takes without it.</param>
/// <param name="ClipSpeedup">How many times as long whole clips take without it.</param>
/// <param name="Psnr">To the clips without it, in dB; null where they are equal.</param>
/// <param name="SsimLoss">1 − SSIM to them, in the mean.</param>
/// <param name="WorstSsimLoss">The worst clip's.</param>
internal sealed record StepCacheWayOutput(
    string Way,
    int Clips,
    int Steps,
    double Computed,
    double DenoiseSpeedup,
    double ClipSpeedup,
    double? Psnr,
    double SsimLoss,
    double WorstSsimLoss
);
