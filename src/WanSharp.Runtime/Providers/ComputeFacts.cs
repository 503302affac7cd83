using WanSharp.Tensors;

namespace WanSharp.Runtime.Providers;

/// <summary>What the choice of an element type to compute in depends on.</summary>
public sealed record ComputeFacts
{
    /// <summary>The provider's short name.</summary>
    public required string Provider { get; init; }

    /// <summary>An NVIDIA device's compute capability, such as 8.9; null when it is not known.</summary>
    public Version? ComputeCapability { get; init; }

    /// <summary>Whether the processor multiplies 8-bit integers in one instruction (VNNI, AMX, or Arm's dot products).</summary>
    public bool HasIntegerProducts { get; init; }

    /// <summary>What the checkpoint has the matrices in; null where that is not asked.</summary>
    public DType? Stored { get; init; }

    /// <summary>Of a processor: this one's.</summary>
    public static ComputeFacts OfThisProcessor() => new() { Provider = "cpu", HasIntegerProducts = ProcessorFeatures.HasIntegerProducts };
}
