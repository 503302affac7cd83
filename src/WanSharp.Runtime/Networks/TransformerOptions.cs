using WanSharp.Graphs;

namespace WanSharp.Runtime.Networks;

/// <summary>How a transformer is compiled.</summary>
public sealed record TransformerOptions
{
    /// <summary>
    /// How the transformer is split into graphs. Default: <see cref="CompileMode.Blocks"/>, which needs the least memory.
    /// </summary>
    public CompileMode Mode { get; init; } = CompileMode.Blocks;

    /// <summary>
    /// Where <see cref="CompileMode.Whole"/> keeps the compiled network with its packed weights, to be mapped at the next start:
    /// twice the weights' size in F32. Default: null, nowhere; the packed weights are then memory of the process.
    /// </summary>
    public string? CacheFolder { get; init; }

    /// <summary>
    /// How many bytes the keys and values of all prompts in use may take (<see cref="TextKeys"/>); the rest is computed again in
    /// every step. Default: 1 GiB. A prompt of 100 rows takes 37 MB in the 1.3B shape, one of 512 rows 839 MB in the 14B shape.
    /// </summary>
    public long KeyBytes { get; init; } = 1L << 30;

    /// <summary>
    /// How many bytes the scores of an attention may take where the provider has no fused operator for it, which holds none: it is then
    /// computed for some queries at a time. For <see cref="CompileMode.Blocks"/>. Default: 256 MiB.
    /// </summary>
    public long ScoreBytes { get; init; } = 256L << 20;

    /// <summary>
    /// The most tokens that a block computes at a time, which limits the memory of its activations; keys and values of all tokens
    /// are still held. For <see cref="CompileMode.Blocks"/> on the processor. Default: null, all at once. Range: 1 and up.
    /// </summary>
    public int? TokensAtOnce { get; init; }

    /// <summary>
    /// Whether blocks are compiled for the shapes that they run on, for each once, up to
    /// <see cref="GraphCacheOptions.RecompileLimit"/>: a batch of clips of one size, with prompts of any length. For
    /// <see cref="CompileMode.Blocks"/> without <see cref="TokensAtOnce"/>. Default: null, only for providers that build engines
    /// for fixed shapes (TensorRT); false: one graph for all shapes.
    /// </summary>
    public bool? StaticShapes { get; init; }

    /// <summary>
    /// Whether a block whose weights are widened as a whole (BF16, fp8, GGUF's types) is widened while the block before it runs,
    /// which takes memory for two blocks in F32; otherwise between the runs, in memory for one. For
    /// <see cref="CompileMode.Blocks"/> on the processor. Default: yes.
    /// </summary>
    public bool WidensAhead { get; init; } = true;

    /// <summary>
    /// Whether the linear layers of the blocks multiply 8-bit integers: faster on a processor, at a small loss; embeddings, norms,
    /// modulation, attention and head stay as they are. CPU only. Default: <see cref="Quantization.None"/>.
    /// </summary>
    public Quantization Quantization { get; init; } = Quantization.None;

    /// <summary>
    /// Which of these layers do, and how; the others compute in floating point. Default: null, those that the checkpoint has notes of,
    /// or all where it has none.
    /// </summary>
    public LayerFormats? Layers { get; init; }

    /// <summary>
    /// Other choices of these layers, whose 8-bit forms are prepared, too, so that a pass may try them: <see cref="PassOptions.Layers"/>.
    /// </summary>
    internal IReadOnlyList<LayerFormats> Trials { get; init; } = [];

    /// <summary>
    /// Where the 8-bit form of the weights is kept, to be mapped at the next start: a quarter of their size in F32. Default: null,
    /// nowhere; it is then memory of the process.
    /// </summary>
    public string? WeightsFolder { get; init; }
}
