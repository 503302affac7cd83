using WanSharp.Engine.Memory;
using WanSharp.Runtime.Networks;

namespace WanSharp.Engine.Strategies;

/// <summary>How a model runs within a memory budget, and why.</summary>
public sealed record Strategy
{
    /// <summary>How the transformer is split into graphs.</summary>
    public required CompileMode Compile { get; init; }

    /// <summary>Whether graphs are compiled separately for each shape.</summary>
    public bool StaticShapes { get; init; }

    /// <summary>
    /// The number of the transformer's blocks whose weights stay in memory; the others are streamed in each pass.
    /// </summary>
    public required int ResidentBlocks { get; init; }

    /// <summary>All of the transformer's blocks.</summary>
    public required int Blocks { get; init; }

    /// <summary>
    /// Whether each block is widened while the one before it runs (<see cref="TransformerOptions.WidensAhead"/>).
    /// </summary>
    public bool WidensAhead { get; init; } = true;

    /// <summary>The most tokens that a block takes at once; null for all.</summary>
    public int? TokensAtOnce { get; init; }

    /// <summary>Whether frames are decoded, and images encoded, in tiles.</summary>
    public bool IsTiled { get; init; }

    /// <summary>Whether the encoders of text and images stay loaded after they are used.</summary>
    public bool KeepsTextEncoder { get; init; } = true;

    /// <summary>Whether the text encoder's blocks are streamed, because it does not fit as a whole.</summary>
    public bool StreamsTextEncoder { get; init; }

    /// <summary>The predicted peak in bytes: the sum of <see cref="Parts"/>.</summary>
    public required long Bytes { get; init; }

    /// <summary>What is held at the peak, part by part.</summary>
    public IReadOnlyList<MemoryHolding> Parts { get; init; } = [];

    /// <summary>What denoising holds in addition to clips and activations: the program, and weights.</summary>
    internal long WeightBytes { get; init; }

    /// <summary>The private part of it: the program and widened weights, without mapped files.</summary>
    internal long PrivateBytes { get; init; }

    /// <summary>The reason for each choice, in order.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }

    /// <summary>The strategy in one line.</summary>
    public override string ToString() => string.Join(", ", Choices());

    private IEnumerable<string> Choices()
    {
        yield return Compile == CompileMode.Whole ? "whole network, packed weights"
        : ResidentBlocks == Blocks ? $"{Blocks} blocks, all resident"
        : $"{ResidentBlocks} of {Blocks} blocks resident, the others streamed";
        if (!WidensAhead)
        {
            yield return "widened one at a time";
        }

        if (StaticShapes)
        {
            yield return "fixed shapes";
        }

        if (TokensAtOnce is { } tokens)
        {
            yield return $"{tokens} tokens at once";
        }

        if (IsTiled)
        {
            yield return "VAE in tiles";
        }

        if (!KeepsTextEncoder)
        {
            yield return StreamsTextEncoder ? "text encoder streamed and unloaded after use" : "text encoder unloaded after use";
        }
    }
}
