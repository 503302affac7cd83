using WanSharp.Engine.Memory;
using WanSharp.Engine.Strategies;

namespace WanSharp.Engine;

/// <summary>What a generator may use of the memory, what it has set aside, and what it holds.</summary>
public sealed record MemoryUse
{
    /// <summary>What may be used, and what says so; the basis of what is chosen until that changes by 0.3.</summary>
    public required MemoryAllowance Allowance { get; init; }

    /// <summary>What is set aside before work begins, by what predictions say it needs: weights, clips under way, activations.</summary>
    public required IReadOnlyList<MemoryHolding> Reserved { get; init; }

    /// <summary>What is held, measured: the library's memory, caches, weights.</summary>
    public required IReadOnlyList<MemoryHolding> Held { get; init; }

    /// <summary>The most bytes that the library held for activations and packed weights at one time.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>How often a run was short of memory and something was given back for it, by what went last.</summary>
    public required IReadOnlyDictionary<ShedStage, long> Shed { get; init; }

    /// <summary>How the model runs; null before the first clip, and where no memory limit is set.</summary>
    public Strategy? Strategy { get; init; }
}
