namespace WanSharp.Models;

/// <summary>The settings that a model was made for; a request gets them for what it leaves open.</summary>
public sealed record ModelDefaults
{
    /// <summary>Pixels across.</summary>
    public required int Width { get; init; }

    /// <summary>Pixels down.</summary>
    public required int Height { get; init; }

    /// <summary>Frames of video, 4n+1.</summary>
    public required int Frames { get; init; }

    /// <summary>Frames shown per second.</summary>
    public required int Fps { get; init; }

    /// <summary>Denoise steps.</summary>
    public required int Steps { get; init; }

    /// <summary>The noise schedule's shift.</summary>
    public required double Shift { get; init; }

    /// <summary>The guidance scale; that of the low-noise expert if there are two.</summary>
    public required float GuidanceScale { get; init; }

    /// <summary>The guidance scale of the high-noise expert; null if there is only one transformer.</summary>
    public float? HighNoiseGuidanceScale { get; init; }

    /// <summary>
    /// The share of the timesteps above which the high-noise expert takes a step, 0 to 1; null if there is only one transformer.
    /// </summary>
    public double? Boundary { get; init; }

    /// <summary>The sampler's name.</summary>
    public required string Sampler { get; init; }

    /// <summary>The text of guidance's second branch.</summary>
    public required string NegativePrompt { get; init; }
}
