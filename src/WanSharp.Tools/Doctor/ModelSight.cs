using WanSharp.Engine.Costs;

namespace WanSharp.Tools.Doctor;

/// <summary>What a short clip of a model showed.</summary>
internal sealed record ModelSight
{
    public required string Model { get; init; }

    /// <summary>Why it cannot be used; null if it can.</summary>
    public string? Problem { get; init; }

    /// <summary>The file that is to blame, where it is there.</summary>
    public string? ProblemFile { get; init; }

    /// <summary>Whether that file was pulled, so that its digest is known.</summary>
    public bool IsPulled { get; init; }

    /// <summary>
    /// Whether weights are stored as 8-bit integers or in blocks (GGUF): they are widened in each step, and not quantized again.
    /// </summary>
    public bool IsQuantized { get; init; }

    /// <summary>Whether blocks could multiply 8-bit integers here, and did not.</summary>
    public bool MayUseIntegers { get; init; }

    /// <summary>Types of the transformer's weights.</summary>
    public IReadOnlyList<string> WeightTypes { get; init; } = [];

    /// <summary>Private memory that the model's own clip needs, and what may be used.</summary>
    public (long Needed, long Available)? Memory { get; init; }

    /// <summary>Time of a step: measured, and as the machine's own kernels would have it.</summary>
    public (double Measured, double Expected)? Step { get; init; }

    /// <summary>How much of the blocks' time was waiting for weights.</summary>
    public double WaitShare { get; init; }

    /// <summary>How much of a clip's time is decoding, as predicted for the model's own clip.</summary>
    public double DecodeShare { get; init; }

    /// <summary>The predicted time of the model's own clip.</summary>
    public double ClipSeconds { get; init; }

    /// <summary>What would make it cheaper, one change each.</summary>
    public IReadOnlyList<PlanAlternative> Alternatives { get; init; } = [];

    /// <summary>A decoder that is there, fits the model and costs less than its own.</summary>
    public string? TinyDecoder { get; init; }

    /// <summary>The alias of such a decoder, where one is published for the model's latents.</summary>
    public string? TinyDecoderToPull { get; init; }
}
