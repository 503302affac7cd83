namespace WanSharp.Tools.Quality;

/// <summary>A batch that was made with a step cache and without.</summary>
/// <param name="Steps">Steps of all clips.</param>
/// <param name="Computed">How many of them the network computed, with the step cache.</param>
/// <param name="Denoise">Seconds of denoising, with the step cache.</param>
/// <param name="FullDenoise">Without.</param>
/// <param name="Total">Seconds from the first request to the last frame, with the step cache.</param>
/// <param name="FullTotal">Without.</param>
/// <param name="MeanBatch">The mean number of clips that shared a computed step, with the step cache.</param>
/// <param name="FullMeanBatch">Without.</param>
public sealed record StepCacheRound(
    int Steps,
    int Computed,
    double Denoise,
    double FullDenoise,
    double Total,
    double FullTotal,
    double MeanBatch,
    double FullMeanBatch
);
