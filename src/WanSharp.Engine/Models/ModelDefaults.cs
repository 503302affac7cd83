namespace WanSharp.Engine.Models;

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

    /// <summary>Guidance scale.</summary>
    public required float GuidanceScale { get; init; }

    /// <summary>The sampler's name.</summary>
    public required string Sampler { get; init; }

    /// <summary>The text of guidance's second branch.</summary>
    public required string NegativePrompt { get; init; }
}
