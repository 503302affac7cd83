namespace WanSharp.Cli.Output;

/// <summary>A way to make clips.</summary>
/// <param name="Choices">What differs from the model's own way.</param>
/// <param name="Options">The options of <c>wan generate</c> that make a clip so.</param>
/// <param name="Seconds">Time of a clip, the median.</param>
/// <param name="StartSeconds">What the program takes in addition for a single one.</param>
/// <param name="Loss">1 − SSIM to the model's own clips, in the mean.</param>
/// <param name="WorstLoss">The worst clip's.</param>
internal sealed record OptimizedWayOutput(
    IReadOnlyList<string> Choices,
    string Options,
    double Seconds,
    double StartSeconds,
    double Loss,
    double WorstLoss
);
