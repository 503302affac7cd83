using WanSharp.Engine.Memory;
using WanSharp.Engine.Strategies;

namespace WanSharp.Engine;

/// <summary>How much memory a generator may use, has reserved, and holds.</summary>
public sealed record MemoryUse
{
    /// <summary>The memory that may be used, and what limits it. Strategies are chosen for it until it changes by 30 %.</summary>
    public required MemoryAllowance Allowance { get; init; }

    /// <summary>What is reserved before work begins, as predicted: weights, clips under way, activations.</summary>
    public required IReadOnlyList<MemoryHolding> Reserved { get; init; }

    /// <summary>What is held, as measured: ONNX Runtime's memory, caches, weights.</summary>
    public required IReadOnlyList<MemoryHolding> Held { get; init; }

    /// <summary>The peak of bytes that ONNX Runtime held for activations and packed weights.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>How often a run was short of memory and something was freed for it, by what was freed last.</summary>
    public required IReadOnlyDictionary<ShedStage, long> Shed { get; init; }

    /// <summary>The strategy in use; null before the first clip, and if no memory limit is set.</summary>
    public Strategy? Strategy { get; init; }
}
