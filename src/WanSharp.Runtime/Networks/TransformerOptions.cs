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
}
