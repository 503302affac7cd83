using System.Collections.Concurrent;
using WanSharp.Engine.Decoding;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Costs;

/// <summary>What runs of a network that decodes and encodes frames hold in addition to weights.</summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="graphs">The network.</param>
internal sealed class VaeMemory(VaeWork graphs)
{
    // The library orders the nodes otherwise than they are written, and a kept block of up to 8/7 of a request serves it:
    // measured 0.96 to 1.14 of what is alive in the written order.
    private const double Order = 8 / 7.0;
    private const double TinyOrder = 1.12 * Order; // measured 1.25 of it, at most

    private readonly VaeConfig _config = graphs.Config;
    private readonly ConcurrentDictionary<(bool Encodes, long Height, long Width, bool IsOne), (long Step, long Caches)> _steps = new();

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

        var (frames, stride) = (1 + ((int)(latents[2] - 1) * _config.TemporalStride), _config.FrameStride);
        return (step, caches + TileMosaic.BytesOf((int)latents[4] * stride, (int)latents[3] * stride, frames, tiles, stride));
    }

    /// <summary>Encoding a clip.</summary>
    /// <param name="latents"><c>[1, channels, frames, height, width]</c> of what comes out.</param>
    /// <param name="tiles">The tiles; null for whole frames.</param>
    public long OfEncoding(Shape latents, VaeTiling? tiles)
    {
        var (height, width) = tiles?.LargestTile(latents[3], latents[4]) ?? (latents[3], latents[4]);
        var (step, caches) = StepOf(encodes: true, height, width, latents[2]);
        var frames = latents[2] == 1 ? _config.FirstFrames : _config.FirstFrames + _config.TemporalStride; // of the pictures that go in
        var pictures = sizeof(float) * 3L * frames * height * width * _config.SpatialStride * _config.SpatialStride;
        return step + caches + pictures;
    }

    /// <summary>A step of decoding a whole frame or a tile.</summary>
    /// <param name="height">Positions of the latents down.</param>
    /// <param name="width">Positions across.</param>
    public long OfDecodedFrame(long height, long width)
    {
        var (step, held) = OfDecoding(TwoFrames(height, width), tiles: null);
        return step + held;
    }

    /// <summary>A step of encoding a whole frame or a tile.</summary>
    /// <inheritdoc cref="OfDecodedFrame" path="/param"/>
    public long OfEncodedFrame(long height, long width) => OfEncoding(TwoFrames(height, width), tiles: null);

    private Shape TwoFrames(long height, long width) => [1, _config.LatentChannels, 2, height, width];

    private (long Step, long Caches) StepOf(bool encodes, long height, long width, long latentFrames) =>
        _steps.GetOrAdd(
            (encodes, height, width, latentFrames == 1),
            static (step, self) =>
            {
                var (peak, caches) = self.Count(step.Encodes, step.Height, step.Width, step.IsOne ? 1 : 2);
                var order = self._config.Kind == VaeKind.Tiny ? TinyOrder : Order;
                return ((long)(peak * order), (long)(caches * order));
            },
            this
        );

    /// <summary>A clip of one latent frame leaves caches and reads none.</summary>
    private (double Peak, double Caches) Count(bool encodes, long height, long width, int latentFrames)
    {
        Shape latents = [1, _config.LatentChannels, latentFrames, height, width];
        return encodes
            ? (graphs.Encode(latents).PeakBytes, latentFrames == 1 ? 0 : graphs.EncoderCaches(latents))
            : (graphs.Decode(latents).PeakBytes, latentFrames == 1 ? 0 : graphs.DecoderCaches(latents));
    }
}
