namespace WanSharp.Engine.Requests;

/// <summary>What somebody asks for. What is left null takes the model's default.</summary>
public sealed record GenerationRequest
{
    /// <summary>The longest prompt, in UTF-16 characters; a model sees a few hundred words of it.</summary>
    public const int MaximumPromptLength = 8192;

    /// <summary>What the video shows. Not empty.</summary>
    public required string Prompt { get; init; }

    /// <summary>What the video must not show: the text of guidance's second branch.</summary>
    public string? NegativePrompt { get; init; }

    /// <summary>
    /// Pixels across; a multiple of the model's stride (16 for most). With images and no size at all, the clip takes the
    /// first image's shape at about the area of the model's default size, as the official pipelines choose it.
    /// </summary>
    public int? Width { get; init; }

    /// <summary>Pixels down; a multiple of the model's stride. See <see cref="Width"/>.</summary>
    public int? Height { get; init; }

    /// <summary>Frames of video: 4n+1. Excludes <see cref="Seconds"/>.</summary>
    public int? Frames { get; init; }

    /// <summary>Length of the video, rounded to the nearest 4n+1 frames. Excludes <see cref="Frames"/>.</summary>
    public double? Seconds { get; init; }

    /// <summary>Frames shown per second, 1 to 120.</summary>
    public int? Fps { get; init; }

    /// <summary>Denoise steps, 1 to 1000.</summary>
    public int? Steps { get; init; }

    /// <summary>
    /// How strongly to follow the prompt, 0 to 100. 1 follows it without the second branch, which halves the work. Of two
    /// experts it is the scale of both, or of the low-noise one when <see cref="HighNoiseGuidanceScale"/> is given.
    /// </summary>
    public float? GuidanceScale { get; init; }

    /// <summary>
    /// The high-noise expert's own scale, 0 to 100, for models of two experts. What Diffusers' pipelines and video APIs call
    /// <c>guidance_scale</c> is this one, and their <c>guidance_scale_2</c> is <see cref="GuidanceScale"/>; the official code's
    /// pairs are (low, high).
    /// </summary>
    public float? HighNoiseGuidanceScale { get; init; }

    /// <summary>The sampler's name: unipc, dpm++, dpm++-karras or euler.</summary>
    public string? Sampler { get; init; }

    /// <summary>The shift of the noise schedule, above 0 and up to 100: larger spends more steps at high noise.</summary>
    public double? Shift { get; init; }

    /// <summary>Where the noise begins. The same seed and settings make the same clip.</summary>
    public ulong Seed { get; init; }

    /// <summary>Images that frames of the clip are to show: which frames can be given depends on the model.</summary>
    public IReadOnlyList<ConditioningImage> Images { get; init; } = [];
}
