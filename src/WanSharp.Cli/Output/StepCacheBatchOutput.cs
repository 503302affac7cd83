namespace WanSharp.Cli.Output;

/// <summary>A step cache in a batch of clips of different numbers of steps: medians of some rounds.</summary>
/// <param name="Way">The step cache.</param>
/// <param name="Clips">How many clips step together.</param>
/// <param name="Steps">Steps of all of them.</param>
/// <param name="Computed">How many of these the network computed.</param>
/// <param name="DenoiseSpeedup">How many times as long denoising takes without it.</param>
/// <param name="BatchSpeedup">How many times as long the whole batch takes without it, decoding included.</param>
/// <param name="MeanBatch">The mean number of clips that shared a computed step.</param>
/// <param name="FullMeanBatch">The same without it.</param>
internal sealed record StepCacheBatchOutput(
    string Way,
    int Clips,
    int Steps,
    int Computed,
    double DenoiseSpeedup,
    double BatchSpeedup,
    double MeanBatch,
    double FullMeanBatch
);
