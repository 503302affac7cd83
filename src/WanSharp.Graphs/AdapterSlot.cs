using WanSharp.Tensors;

namespace WanSharp.Graphs;

/// <summary>
/// A linear layer of a graph with <see cref="GraphOptions.Adapters"/>, whose result low-rank factors change:
/// y + ((x · down) · scale) · up.
/// </summary>
/// <param name="Name">The layer's name; relative to <c>blocks.N.</c> in the graph of a block.</param>
/// <param name="DType">The element type of the factors.</param>
/// <param name="InFeatures">The innermost length of x.</param>
/// <param name="OutFeatures">The innermost length of y.</param>
public sealed record AdapterSlot(string Name, DType DType, long InFeatures, long OutFeatures)
{
    /// <summary>The input of the first factor, [adapters, in, rank]: one for all samples of the batch, or one for each.</summary>
    public string Down => $"{Name}.lora_down";

    /// <summary>The input of the second factor, [adapters, rank, out].</summary>
    public string Up => $"{Name}.lora_up";

    /// <summary>The input of what each column of the product is multiplied by, [adapter_rows, 1, rank].</summary>
    public string Scale => $"{Name}.lora_scale";
}
