namespace WanSharp.Models;

/// <summary>The settings that a model was made for: what a request that leaves them open gets.</summary>
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

    /// <summary>Guidance scale; that of the low-noise expert where there are two.</summary>
    public required float GuidanceScale { get; init; }

    /// <summary>Guidance scale of the high-noise expert; null where there is one transformer.</summary>
    public float? HighNoiseGuidanceScale { get; init; }

    /// <summary>
    /// The share of the timesteps from which on the high-noise expert takes a step, 0 to 1; null where there is one transformer.
    /// </summary>
    public double? Boundary { get; init; }

    /// <summary>The sampler's name.</summary>
    public required string Sampler { get; init; }

    /// <summary>The text of guidance's second branch.</summary>
    public required string NegativePrompt { get; init; }
}
