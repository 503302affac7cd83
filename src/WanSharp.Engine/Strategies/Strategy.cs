using WanSharp.Engine.Memory;
using WanSharp.Runtime.Networks;

namespace WanSharp.Engine.Strategies;

/// <summary>How a model runs within a memory budget, and why so.</summary>
public sealed record Strategy
{
    /// <summary>What is one graph.</summary>
    public required CompileMode Compile { get; init; }

    /// <summary>Whether graphs are compiled for the shapes that they run on, each for itself.</summary>
    public bool StaticShapes { get; init; }

    /// <summary>The transformer's blocks whose weights stay in memory; the others come in for each pass.</summary>
    public required int ResidentBlocks { get; init; }

    /// <summary>All of the transformer's blocks.</summary>
    public required int Blocks { get; init; }

    /// <summary>Whether blocks are widened while the ones before them run (<see cref="TransformerOptions.WidensAhead"/>).</summary>
    public bool WidensAhead { get; init; } = true;

    /// <summary>The most tokens that a block takes at once; null for all.</summary>
    public int? TokensAtOnce { get; init; }

    /// <summary>Whether frames are decoded, and given images encoded, in tiles.</summary>
    public bool IsTiled { get; init; }

    /// <summary>Whether the text encoder stays after the prompts are encoded, and the encoders of images after the images are.</summary>
    public bool KeepsTextEncoder { get; init; } = true;

    /// <summary>Whether the text encoder's blocks are read one after another and let go behind, for it does not fit as a whole.</summary>
    public bool StreamsTextEncoder { get; init; }

    /// <summary>The most bytes held at once, by what the strategy is chosen from: the sum of <see cref="Parts"/>.</summary>
    public required long Bytes { get; init; }

    /// <summary>What is held when that is most, part by part.</summary>
    public IReadOnlyList<MemoryHolding> Parts { get; init; } = [];

    /// <summary>What denoising holds in addition to clips and activations: the program and weights.</summary>
    internal long WeightBytes { get; init; }

    /// <summary>The part of them that is the process's own: the program and widened weights, not pages of files.</summary>
    internal long PrivateBytes { get; init; }

    /// <summary>Why each choice was made, in the order of the choices.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }

    /// <summary>The strategy in a line.</summary>
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
