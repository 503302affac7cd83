using WanSharp.Tensors;

namespace WanSharp.Graphs;

/// <summary>How a network is written as a graph.</summary>
public sealed record GraphOptions
{
    /// <summary>
    /// The element type of matrix products, attention and convolutions: F32 (default), F16 or BF16. The residual stream,
    /// norms, modulation, the statistics of a softmax and the head stay in F32 whatever is chosen.
    /// </summary>
    public DType Compute { get; init; } = DType.F32;

    /// <summary>
    /// What the provider has kernels for in F16 and BF16. Default: <see cref="NarrowOperators.All"/>.
    /// </summary>
    public NarrowOperators NarrowOperators { get; init; } = NarrowOperators.All;

    /// <summary>The operators to use. Default: <see cref="Lowering.Fused"/>.</summary>
    public Lowering Lowering { get; init; } = Lowering.Fused;

    /// <summary>
    /// Whether attention is one fused operator where <see cref="Lowering"/> is <see cref="Lowering.Fused"/>. Default: yes;
    /// no for a device whose fused kernel gives wrong numbers.
    /// </summary>
    public bool FusedAttention { get; init; } = true;

    /// <summary>
    /// Into how many parts the queries of an attention in plain operators are cut, so that only the scores of one part are in memory
    /// at a time. There must be as many queries. Default: 1.
    /// </summary>
    public int QueryBlocks { get; init; } = 1;

    /// <summary>
    /// Whether convolutions in F32 are rewritten to multiply less, where <see cref="Lowering"/> is <see cref="Lowering.Fused"/>
    /// and the weights are <see cref="WeightStorage.Initializers"/>: the results are the same up to rounding. Default:
    /// yes; no for a device that chooses among its own algorithms.
    /// </summary>
    public bool RewriteConvolutions { get; init; } = true;

    /// <summary>Where the weights come from. Default: <see cref="WeightStorage.Inputs"/>.</summary>
    public WeightStorage Weights { get; init; } = WeightStorage.Inputs;

    /// <summary>Whether layers that tolerate it multiply 8-bit integers. Default: <see cref="Quantization.None"/>.</summary>
    public Quantization Quantization { get; init; } = Quantization.None;

    /// <summary>
    /// Which of those layers do, and how, by the names that they have in the graph. Default: null, all of them, not rotated.
    /// </summary>
    public LayerFormats? Layers { get; init; }

    /// <summary>
    /// The element type in which matrices of weights arrive that are computed with in F32: F32 (default), or F16, which the
    /// graph widens where it uses them. The numbers are the same; a copy of one matrix at a time is in memory.
    /// </summary>
    public DType StoredMatrices { get; init; } = DType.F32;

    /// <summary>
    /// Whether linear layers take low-rank changes as inputs (<see cref="OnnxGraph.Adapters"/>), of which each sample of a batch may
    /// have its own. Default: no.
    /// </summary>
    public bool Adapters { get; init; }

    /// <summary>
    /// Whether blocks of the transformer attend to a negative prompt, too, and guide by it
    /// (<see cref="Networks.WanTransformer.Block"/>). Default: no.
    /// </summary>
    public bool GuidesAttention { get; init; }

    /// <summary>Whether the values that a network marks as probes become extra outputs. Default: no.</summary>
    public bool Probes { get; init; }
}
