using System.Collections.Concurrent;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Costs;

/// <summary>
/// What runs of a model's networks hold in addition to weights: one model for plans, strategies, tiles and batches.
/// </summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="graphs">The networks.</param>
/// <param name="transformer">The transformer's dimensions.</param>
internal sealed class ActivationMemory(NetworkGraphs graphs, TransformerConfig transformer)
{
    // What attention takes for each of the library's threads: measured 165 KB.
    private const long ThreadBytes = 192 << 10;

    private static readonly long KernelBytes = ThreadBytes * Environment.ProcessorCount;

    private readonly ConcurrentDictionary<(Shape Latents, int Rows, int Groups, int? TokensAtOnce), long> _passes = new();

    /// <summary>A prompt through the text encoder.</summary>
    public long OfText(int tokens) => (long)graphs.EncodeText(tokens).PeakBytes + KernelBytes;

    /// <summary>Images through CLIP.</summary>
    public long OfVisionEncoder(int images) => (long)graphs.EncodeImages(images).PeakBytes + KernelBytes;

    /// <summary>A forward pass of the transformer.</summary>
    /// <param name="latents">A clip's latents, <c>[1, channels, frames, height, width]</c>.</param>
    /// <param name="rows">Rows of the pass.</param>
    /// <param name="groups">Timesteps of a row.</param>
    /// <param name="tokensAtOnce">The most tokens that a block takes; null for all.</param>
    public long OfPass(Shape latents, int rows, int groups, int? tokensAtOnce) =>
        _passes.GetOrAdd((latents, rows, groups, tokensAtOnce), static (pass, self) => self.CountPass(pass), this);

    private long CountPass((Shape Latents, int Rows, int Groups, int? TokensAtOnce) pass)
    {
        var text = transformer.TextLength; // the longest prompt: what is attended to is padded to as much
        var patch = transformer.PatchSize;
        var tokens = pass.Latents[2] / patch.Frames * (pass.Latents[3] / patch.Height) * (pass.Latents[4] / patch.Width);
        var positions = tokens * transformer.HeadDim * sizeof(float); // the rope tables
        var activations =
            pass.TokensAtOnce is { } most && most < tokens
                ? graphs.PieceBytes(pass.Latents, pass.Rows, pass.Groups, most, text)
                : (long)graphs.Forward(pass.Latents, pass.Rows, pass.Groups, text).PeakBytes + graphs.PaddedTextBytes(pass.Rows);
        return activations + positions + KernelBytes;
    }
}
