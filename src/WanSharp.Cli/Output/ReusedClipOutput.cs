namespace WanSharp.Cli.Output;

/// <summary>A clip that began with steps of another one.</summary>
/// <param name="Prompt">Its prompt.</param>
/// <param name="Other">The other one's.</param>
/// <param name="Similarity">How near the prompts are.</param>
/// <param name="Steps">The number of shared steps.</param>
/// <param name="Psnr">To the clip from noise, in dB; null where both are equal.</param>
/// <param name="Ssim">To the clip from noise.</param>
/// <param name="OtherSsim">The same of the other clip.</param>
/// <param name="Time">The time, as a share of that from noise.</param>
internal sealed record ReusedClipOutput(
    string Prompt,
    string Other,
    double Similarity,
    int Steps,
    double? Psnr,
    double Ssim,
    double OtherSsim,
    double Time
);
