using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Tools.Export;

/// <summary>What to export, and how.</summary>
public sealed record ExportOptions
{
    /// <summary>The networks. Default: all.</summary>
    public ModelNetworks Networks { get; init; } = ModelNetworks.All;

    /// <summary>
    /// The operators: those of ONNX alone, which any runtime knows, or ONNX Runtime's own. Default: <see cref="Lowering.Plain"/>.
    /// </summary>
    public Lowering Lowering { get; init; } = Lowering.Plain;

    /// <summary>
    /// The element type of matrix products, attention and convolutions: F32 (default), or F16, between islands of F32. The text encoder
    /// stays in F32.
    /// </summary>
    public DType Compute { get; init; } = DType.F32;

    /// <summary>Whether an earlier export in the folder is replaced; nothing else ever is. Default: no.</summary>
    public bool Replace { get; init; }
}
