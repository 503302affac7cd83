namespace WanSharp.Tools.Benchmarks;

/// <summary>What <see cref="LoraBenchmark"/> measures.</summary>
public enum LoraPart
{
    /// <summary>A step with a LoRA, and one after a change to another.</summary>
    Step,

    /// <summary>Clips with different LoRAs in one pass.</summary>
    Batch,

    /// <summary>A merge.</summary>
    Merge,
}
