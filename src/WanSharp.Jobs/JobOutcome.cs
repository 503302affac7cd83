using WanSharp.Engine.Requests;

namespace WanSharp.Jobs;

/// <summary>What making a clip took.</summary>
public sealed record JobOutcome
{
    /// <summary>The clip was not computed but came from the result cache.</summary>
    public bool FromCache { get; init; }

    /// <summary>
    /// The clip was neither computed nor copied: it was in its place, whole and with the job's settings in it, while the store
    /// did not know of it.
    /// </summary>
    public bool WasThere { get; init; }

    /// <summary>Seconds that each stage computed, in the order in which they ran ("encode", "denoise", "decode", "write").</summary>
    public IReadOnlyDictionary<string, double> StageSeconds { get; init; } = new Dictionary<string, double>();

    /// <summary>When each stage ran; empty for a clip from the cache. The runner fills it in.</summary>
    public IReadOnlyList<StageSpan> Spans { get; init; } = [];

    /// <summary>Seconds of computation that the clip cost when it was made: for a clip from the cache, those that were saved.</summary>
    public double ComputeSeconds { get; init; }

    /// <summary>How many clips shared its denoise steps on average; 1 alone, 0 where nothing was denoised.</summary>
    public double MeanBatchSize { get; init; }

    /// <summary>
    /// How many clips shared its denoise steps over time: seconds from the start of the attempt, and how many from then on. Empty
    /// where the backend cannot tell.
    /// </summary>
    public IReadOnlyList<BatchSizeSpan> BatchSizes { get; init; } = [];

    /// <summary>Denoise steps that were estimated from earlier ones, and not computed (<c>--step-cache</c>).</summary>
    public int SkippedSteps { get; init; }

    /// <summary>
    /// What of the transformer was one compiled graph when it was made: blocks, whole or off; null where the backend cannot tell.
    /// </summary>
    public string? Compile { get; init; }

    /// <summary>Features that came from the feature caches.</summary>
    public int FeatureHits { get; init; }

    /// <summary>Features that had to be computed.</summary>
    public int FeatureMisses { get; init; }

    /// <summary>The denoise step at which a saved state was taken up; null when it began with noise.</summary>
    public int? ResumedAtStep { get; init; }

    /// <summary>Why a saved state could not be taken up, so that the clip started over; null when there was none, or it was.</summary>
    public string? StartedOver { get; init; }

    /// <summary>
    /// The clip of a similar prompt whose steps this one began with, so that it is not quite what its settings make; null when it
    /// began with noise.
    /// </summary>
    public ReusedSteps? Reused { get; init; }

    /// <summary>What whoever sees the clip should know, a sentence each: a prompt that was cut.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>
    /// Whether it is the clip of the job's key, so that equal jobs may have it, from this folder or from the result cache.
    /// </summary>
    public bool IsOfItsKey { get; init; } = true;

    /// <summary>Who made it: the backend's name, with its server's address where there are several.</summary>
    public string? MadeBy { get; init; }
}
