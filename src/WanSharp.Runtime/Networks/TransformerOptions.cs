namespace WanSharp.Runtime.Networks;

/// <summary>How a transformer is compiled.</summary>
public sealed record TransformerOptions
{
    /// <summary>What is one graph. Default: <see cref="CompileMode.Blocks"/>, which needs the least memory.</summary>
    public CompileMode Mode { get; init; } = CompileMode.Blocks;

    /// <summary>
    /// Where <see cref="CompileMode.Whole"/> keeps the compiled network with its packed weights, to be mapped at the next
    /// start: twice the weights' size in F32. Default: null, nowhere; the packed weights are then memory of the process.
    /// </summary>
    public string? CacheFolder { get; init; }

    /// <summary>
    /// How many bytes the keys and values of all prompts in use may take (<see cref="TextKeys"/>); those beyond are
    /// computed again in every step. Default: 1 GiB. A prompt of 100 rows takes 37 MB in the 1.3B shape, one of 512 rows
    /// 839 MB in the 14B shape.
    /// </summary>
    public long KeyBytes { get; init; } = 1L << 30;

    /// <summary>
    /// The most tokens on which a block computes at a time, which bounds the memory of its activations; keys and values of
    /// all tokens are still held. For <see cref="CompileMode.Blocks"/> on the processor. Default: null, all at once. Range: 1 and up.
    /// </summary>
    public int? TokensAtOnce { get; init; }
}
