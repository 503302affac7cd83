namespace WanSharp.Engine.Memory;

/// <summary>What is given back when a run is short of memory, in this order: what costs least first.</summary>
public enum ShedStage
{
    /// <summary>Caches: features, compiled graphs that nobody uses, memory kept for the next run.</summary>
    Caches,

    /// <summary>Residency: half of the transformer's blocks that stay in memory are streamed from now on.</summary>
    Residency,

    /// <summary>Batch size: clips that stepped together step in halves.</summary>
    BatchSize,
}
