using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Memory;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>Turns clips into latents and latents into clips, step by step: memory does not grow with the clip.</summary>
/// <remarks>
/// Thread-safe: concurrent clips share the compiled graphs, and each has its own caches. Encoder and decoder are compiled when they
/// are first used. Frames are F32 [batch, 3, frames, height, width] in [-1, 1]; latents are F32 [batch, latent channels, latent
/// frames, height / stride, width / stride], standardized as <see cref="VaeConfig"/> says, with its
/// <see cref="VaeConfig.SpatialStride"/>.
/// </remarks>
public sealed class VaeRunner : IDisposable
{
    private const int Colors = 3;

    private readonly GraphCache _graphs;
    private readonly GraphCache? _ownGraphs;
    private readonly WeightStore _weights;
    private readonly SessionSettings _settings;
    private readonly StreamedNetwork _encoder;
    private readonly StreamedNetwork _decoder;

    /// <summary>Describes a VAE; nothing is read or compiled yet.</summary>
    /// <param name="runtime">The runtime that executes; it must outlive this object.</param>
    /// <param name="config">The architecture.</param>
    /// <param name="weights">The weights under their official names; they must outlive this object.</param>
    /// <param name="settings">How the graphs are compiled. Default: for the CPU.</param>
    /// <param name="graphs">Counts what is compiled, and must outlive this object. Default: its own.</param>
    /// <param name="giveBack">Called when a step ran out of memory: it frees some, and the step is tried once more. Default: the
    /// step fails.</param>
    public VaeRunner(
        OrtRuntime runtime,
        VaeConfig config,
        WeightStore weights,
        SessionSettings? settings = null,
        GraphCache? graphs = null,
        Action<MemoryLimitException>? giveBack = null
    )
    {
        ArgumentNullException.ThrowIfNull(runtime);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(weights);

        // A plan made after the first step would hold its memory in addition to what that step took.
        settings ??= new SessionSettings();
        (_weights, _settings) = (weights, settings with { MemoryPattern = false });
        _graphs = graphs ?? (_ownGraphs = new GraphCache(runtime));
        Config = config;

        _encoder = new StreamedNetwork(() => Graphs().EncodeFirst, () => Graphs().EncodeNext, CompileAsync, giveBack);
        _decoder = new StreamedNetwork(() => Graphs().DecodeFirst, () => Graphs().DecodeNext, CompileAsync, giveBack);

        // As constants the weights are packed once, and convolutions get the layout that suits the processor.
        VaeGraphs Graphs() => new(config, runtime.GraphOptionsFor(_settings) with { Weights = WeightStorage.Initializers });
    }

    /// <summary>The architecture.</summary>
    public VaeConfig Config { get; }

    /// <summary>Compiles the decoder unless it is compiled. <see cref="Decode"/> does so, too, but blocks its caller.</summary>
    /// <param name="cancellationToken">Cancels the compilation, or the wait for another caller's.</param>
    /// <exception cref="CheckpointException">The checkpoint lacks a weight, or has it in another shape.</exception>
    public Task CompileDecoderAsync(CancellationToken cancellationToken = default) => _decoder.CompileAsync(cancellationToken);

    /// <summary>Compiles the encoder unless it is compiled. Encoding does so, too, but blocks its caller.</summary>
    /// <inheritdoc cref="CompileDecoderAsync"/>
    public Task CompileEncoderAsync(CancellationToken cancellationToken = default) => _encoder.CompileAsync(cancellationToken);

    /// <summary>Decodes a clip; each step runs when its frames are requested.</summary>
    /// <param name="latents">[batch, latent channels, latent frames, height, width]. Read until the enumeration ends.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    /// <returns>The clip's frames in order, clamped to [-1, 1]: first [batch, 3, 1, stride · height, stride · width], then one
    /// piece of [batch, 3, 4, …] for every further latent frame, with the stride of frames. The caller owns and disposes them.</returns>
    /// <exception cref="ArgumentException">The latents have another type or shape.</exception>
    /// <exception cref="CheckpointException">While enumerating: the checkpoint lacks a weight, or has it in another
    /// shape.</exception>
    /// <exception cref="OperationCanceledException">While enumerating: the token was cancelled.</exception>
    public IEnumerable<Tensor> Decode(Tensor latents, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(latents);
        if (
            latents.DType != DType.F32
            || latents.Shape.Rank != 5
            || latents.Shape[1] != Config.LatentChannels
            || latents.Shape.ElementCount == 0
        )
        {
            throw new ArgumentException(
                $"Latents F32 [batch, {Config.LatentChannels}, latent frames, height, width] are "
                    + $"expected, not {latents.DType} {latents.Shape}.",
                nameof(latents)
            );
        }

        var steps = Enumerable.Range(0, checked((int)latents.Shape[2])).Select(i => (i, 1));
        return Finite(_decoder.Run("latents", Pieces(latents, steps), "frames", DecodedShape, cancellationToken));
    }

    /// <summary>
    /// Decodes a clip tile by tile, row by row of tiles, each through its whole time; each step happens when its tile is asked for.
    /// </summary>
    /// <param name="latents">[batch, latent channels, latent frames, height, width]. Read until the enumeration ends.</param>
    /// <param name="tiling">The tiles.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    internal IEnumerable<DecodedTile> DecodeTiles(Tensor latents, VaeTiling tiling, CancellationToken cancellationToken)
    {
        foreach (var (row, column) in new Tiles(tiling.Rows(latents.Shape[3]), tiling.Columns(latents.Shape[4])).All)
        {
            using var part = Tiles.Cut(latents, row, column);
            foreach (var (latentFrame, frames) in Decode(part, cancellationToken).Index())
            {
                yield return new DecodedTile(row, column, latentFrame, frames);
            }
        }
    }

    /// <summary>Encodes a clip; each step runs when its latent frame is requested.</summary>
    /// <param name="frames">The clip in pieces: first [batch, 3, 1, height, width], then [batch, 3, 4, height, width] each. A piece
    /// belongs to the caller, and is not needed any more once its latent frame is there.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    /// <returns>A latent frame [batch, latent channels, 1, height / stride, width / stride] for every piece. The caller owns and
    /// disposes them. A tiny autoencoder looks three frames further for each.</returns>
    /// <exception cref="ArgumentException">While enumerating: a piece has another type or shape.</exception>
    /// <exception cref="CheckpointException">While enumerating: the checkpoint lacks a weight, or has it in another
    /// shape.</exception>
    /// <exception cref="OperationCanceledException">While enumerating: the token was cancelled.</exception>
    public IEnumerable<Tensor> Encode(IEnumerable<Tensor> frames, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(frames);
        var pieces = Config.FirstFrames == 1 ? frames : FrameGroups.Of(frames, Config.TemporalStride);
        return Finite(_encoder.Run("frames", pieces, "latents", EncodedShape, cancellationToken));
    }

    /// <summary>Encodes a clip at once.</summary>
    /// <param name="clip">[batch, 3, frames, height, width], of 1, 5, 9, … frames.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    /// <returns>[batch, latent channels, latent frames, height / stride, width / stride], owned by the caller.</returns>
    /// <exception cref="ArgumentException">The clip has another type or shape.</exception>
    /// <exception cref="CheckpointException">The checkpoint lacks a weight, or has it in another shape.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Tensor Encode(Tensor clip, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(clip);
        var stride = Config.TemporalStride;
        if (clip.Shape.Rank != 5 || clip.Shape[2] < 1 || (clip.Shape[2] - 1) % stride != 0)
        {
            throw new ArgumentException(
                $"A clip [batch, 3, frames, height, width] of 1, {1 + stride}, {1 + (2 * stride)}, … frames is expected, not {clip.Shape}.",
                nameof(clip)
            );
        }

        var count = checked((int)(((clip.Shape[2] - 1) / stride) + 1));
        var steps = Enumerable.Range(0, count).Select(i => i == 0 ? (0, 1) : (1 + ((i - 1) * stride), stride));
        return EncodePieces(Pieces(clip, steps), count, cancellationToken);
    }

    /// <summary>Encodes a clip, whole frames at a time or tile by tile, each tile through its whole time.</summary>
    /// <param name="clip">The frames; its width and height are multiples of <see cref="VaeConfig.SpatialStride"/>.</param>
    /// <param name="tiling">The tiles; null for whole frames.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    /// <returns>[1, latent channels, latent frames, height / stride, width / stride], owned by the caller.</returns>
    /// <exception cref="ArgumentException">A piece has another type or shape.</exception>
    /// <exception cref="CheckpointException">The checkpoint lacks a weight, or has it in another shape.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Tensor Encode(IFrameSource clip, VaeTiling? tiling = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(clip);
        var stride = Config.SpatialStride;
        var (height, width) = (clip.Height / stride, clip.Width / stride);
        if (tiling is null || tiling.Count(height, width) == 1)
        {
            return EncodePieces(clip.Read(new FrameArea(0, 0, clip.Width, clip.Height)), clip.LatentFrames, cancellationToken);
        }

        var latents = Tensor.Zeros(DType.F32, [1, Config.LatentChannels, clip.LatentFrames, height, width]);
        try
        {
            foreach (var (row, column) in new Tiles(tiling.Rows(height), tiling.Columns(width)).All)
            {
                var area = new FrameArea(
                    (int)column.Start * stride,
                    (int)row.Start * stride,
                    (int)column.Length * stride,
                    (int)row.Length * stride
                );
                using var tile = EncodePieces(clip.Read(area), clip.LatentFrames, cancellationToken);
                Tiles.Blend(tile, latents, row, column);
            }

            return latents;
        }
        catch
        {
            latents.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Frees the encoder's compiled graphs with their packed weights; they are compiled again when they are needed. Nothing may be
    /// encoded meanwhile.
    /// </summary>
    /// <param name="cancellationToken">Cancels the wait for a compilation under way.</param>
    public Task ReleaseEncoderAsync(CancellationToken cancellationToken = default) => _encoder.ReleaseAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _encoder.Dispose();
        _decoder.Dispose();
        _ownGraphs?.Dispose();
    }

    private Tensor EncodePieces(IEnumerable<Tensor> pieces, int count, CancellationToken cancellationToken)
    {
        Tensor? latents = null;
        try
        {
            foreach (var (position, latent) in Encode(pieces, cancellationToken).Index())
            {
                using (latent)
                {
                    var dims = latent.Shape.Dims;
                    latents ??= Tensor.Zeros(DType.F32, [dims[0], dims[1], count, dims[3], dims[4]]);
                    CopyFrames(latent, 0, latents, position, 1);
                }
            }

            return latents!; // A clip has at least one frame.
        }
        catch
        {
            latents?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Ranges of frames of a clip [batch, channels, frames, height, width], one after another, each valid until the next.
    /// </summary>
    private static IEnumerable<Tensor> Pieces(Tensor clip, IEnumerable<(int Start, int Count)> ranges)
    {
        foreach (var (start, count) in ranges)
        {
            var shape = clip.Shape;
            using var piece = Tensor.Zeros(clip.DType, [shape[0], shape[1], count, shape[3], shape[4]]);
            CopyFrames(clip, start, piece, 0, count);
            yield return piece;
        }
    }

    /// <summary>Copies a range of frames from one [batch, channels, frames, height, width] to another.</summary>
    private static void CopyFrames(Tensor source, long sourceStart, Tensor target, long targetStart, long count)
    {
        var images = source.Shape[0] * source.Shape[1];
        var from = source.Reshape([images * source.Shape[2], source.Shape[3] * source.Shape[4]]); // [batch · channels · frames, positions]
        var to = target.Reshape([images * target.Shape[2], target.Shape[3] * target.Shape[4]]);
        for (long image = 0; image < images; image++)
        {
            from.Slice((image * source.Shape[2]) + sourceStart, count).ConvertTo(to.Slice((image * target.Shape[2]) + targetStart, count));
        }
    }

    private Shape DecodedShape(Tensor latent, bool isFirst)
    {
        var dims = latent.Shape.Dims;
        return [dims[0], Colors, isFirst ? 1 : Config.TemporalStride, dims[3] * Config.FrameStride, dims[4] * Config.FrameStride];
    }

    private Shape EncodedShape(Tensor frames, bool isFirst)
    {
        var (shape, stride, count) = (frames.Shape, Config.SpatialStride, isFirst ? Config.FirstFrames : Config.TemporalStride);
        var fits =
            frames.DType == DType.F32
            && shape is { Rank: 5, ElementCount: > 0 }
            && shape[1] == Colors
            && shape[2] == count
            && shape[3] % stride == 0
            && shape[4] % stride == 0;
        return fits
            ? [shape[0], Config.LatentChannels, 1, shape[3] / stride, shape[4] / stride]
            : throw new ArgumentException(
                $"{(isFirst ? "The first piece" : "A later piece")} of a clip is F32 [batch, {Colors}, {count}, height, width] "
                    + $"with height and width multiples of {stride}, not {frames.DType} {shape}.",
                nameof(frames)
            );
    }

    private IEnumerable<Tensor> Finite(IEnumerable<Tensor> outputs) =>
        outputs.Select(output => NetworkOutput.Finite(output, _weights, _settings.Compute));

    private Task<Session> CompileAsync(OnnxGraph graph, CancellationToken cancellationToken) =>
        _graphs.OpenAsync(graph, _weights, _settings, cancellationToken);
}
