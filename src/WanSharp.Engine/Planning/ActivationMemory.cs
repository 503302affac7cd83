using System.Collections.Concurrent;
using WanSharp.Engine.Decoding;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>
/// What runs of a model's networks hold in addition to weights: one model for plans, strategies, tiles and batches.
/// </summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="graphs">The networks.</param>
/// <param name="transformer">The transformer's dimensions.</param>
/// <param name="vae">The VAE's dimensions.</param>
internal sealed class ActivationMemory(NetworkGraphs graphs, TransformerConfig transformer, VaeConfig vae)
{
    // The library orders the VAE's nodes otherwise than they are written, and a kept block of up to 8/7 of a request serves it:
    // measured 0.96 to 1.14 of what is alive in the written order.
    private const double VaeOrder = 8 / 7.0;

    // What attention takes for each of the library's threads: measured 165 KB.
    private const long ThreadBytes = 192 << 10;

    private static readonly long KernelBytes = ThreadBytes * Environment.ProcessorCount;

    private readonly ConcurrentDictionary<(Shape Latents, int Rows, int Groups, int? TokensAtOnce), long> _passes = new();
    private readonly ConcurrentDictionary<(bool Encodes, long Height, long Width, bool IsOne), (long Step, long Caches)> _steps = new();

    /// <summary>A prompt through the text encoder.</summary>
    public long OfText(int tokens) => (long)graphs.EncodeText(tokens).PeakBytes + KernelBytes;

    /// <summary>Images through CLIP.</summary>
    public long OfClip(int images) => (long)graphs.EncodeImages(images).PeakBytes + KernelBytes;

    /// <summary>A forward pass of the transformer.</summary>
    /// <param name="latents">A clip's latents, <c>[1, channels, frames, height, width]</c>.</param>
    /// <param name="rows">Rows of the pass.</param>
    /// <param name="groups">Timesteps of a row.</param>
    /// <param name="tokensAtOnce">The most tokens that a block takes; null for all.</param>
    public long OfPass(Shape latents, int rows, int groups, int? tokensAtOnce) =>
        _passes.GetOrAdd((latents, rows, groups, tokensAtOnce), static (pass, self) => self.CountPass(pass), this);

    /// <summary>Decoding: the step that holds most, and what is held between two steps.</summary>
    /// <param name="latents"><c>[1, channels, frames, height, width]</c>.</param>
    /// <param name="tiles">The tiles; null for whole frames.</param>
    public (long Step, long Held) OfDecoding(Shape latents, VaeTiling? tiles)
    {
        var (height, width) = tiles?.LargestTile(latents[3], latents[4]) ?? (latents[3], latents[4]);
        var (step, caches) = StepOf(encodes: false, height, width, latents[2]);
        if (tiles is null || tiles.Count(latents[3], latents[4]) == 1)
        {
            return (step, caches);
        }

        var frames = 1 + ((int)(latents[2] - 1) * vae.TemporalStride);
        return (
            step,
            caches
                + TileMosaic.BytesOf(
                    (int)latents[4] * vae.SpatialStride,
                    (int)latents[3] * vae.SpatialStride,
                    frames,
                    tiles,
                    vae.SpatialStride
                )
        );
    }

    /// <summary>Encoding a clip by the VAE.</summary>
    /// <param name="latents"><c>[1, channels, frames, height, width]</c> of what comes out.</param>
    /// <param name="tiles">The tiles; null for whole frames.</param>
    public long OfEncoding(Shape latents, VaeTiling? tiles)
    {
        var (height, width) = tiles?.LargestTile(latents[3], latents[4]) ?? (latents[3], latents[4]);
        var (step, caches) = StepOf(encodes: true, height, width, latents[2]);
        var frames = latents[2] == 1 ? 1 : 1 + vae.TemporalStride; // of the pictures that go in
        var pictures = sizeof(float) * 3L * frames * height * width * vae.SpatialStride * vae.SpatialStride;
        return step + caches + pictures;
    }

    /// <summary>A step of the VAE on a whole frame or a tile, in either direction where both are run.</summary>
    /// <param name="height">Positions of the latents down.</param>
    /// <param name="width">Positions across.</param>
    /// <param name="encodes">Whether images are encoded, too.</param>
    public long OfFrame(long height, long width, bool encodes)
    {
        Shape latents = [1, vae.LatentChannels, 2, height, width];
        var (step, held) = OfDecoding(latents, tiles: null);
        return Math.Max(step + held, encodes ? OfEncoding(latents, tiles: null) : 0);
    }

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

    private (long Step, long Caches) StepOf(bool encodes, long height, long width, long latentFrames) =>
        _steps.GetOrAdd(
            (encodes, height, width, latentFrames == 1),
            static (step, self) =>
            {
                var (peak, caches) = self.Count(step.Encodes, step.Height, step.Width, step.IsOne ? 1 : 2);
                return ((long)(peak * VaeOrder), (long)(caches * VaeOrder));
            },
            this
        );

    /// <summary>A clip of one latent frame leaves caches and reads none.</summary>
    private (double Peak, double Caches) Count(bool encodes, long height, long width, int latentFrames)
    {
        Shape latents = [1, vae.LatentChannels, latentFrames, height, width];
        return encodes
            ? (graphs.Encode(latents).PeakBytes, latentFrames == 1 ? 0 : graphs.EncoderCaches(latents))
            : (graphs.Decode(latents).PeakBytes, latentFrames == 1 ? 0 : graphs.DecoderCaches(latents));
    }
}
