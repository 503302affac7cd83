namespace WanSharp.Engine.Memory;

/// <summary>What is freed when a run is short of memory, in this order: cheapest first.</summary>
public enum ShedStage
{
    /// <summary>Caches: features, unused compiled graphs, memory kept for the next run.</summary>
    Caches,

    /// <summary>Residency: half of the transformer's resident blocks are streamed from now on.</summary>
    Residency,

    /// <summary>Batch size: batches are halved.</summary>
    BatchSize,
}
