using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>
/// A network that decodes and encodes frames, as the graphs that run on the CPU, to count what they cost. Each is written when it is
/// first asked for.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class VaeGraphs
{
    private readonly Lazy<(OnnxGraph First, OnnxGraph Next)> _decoder;
    private readonly Lazy<(OnnxGraph First, OnnxGraph Next)> _encoder;

    public VaeGraphs(VaeConfig config)
    {
        var constants = new GraphOptions { Weights = WeightStorage.Initializers };
        Config = config;
        _decoder = new(() => (WanVae.DecodeFirst(config, constants), WanVae.DecodeNext(config, constants)));
        _encoder = new(() => (WanVae.EncodeFirst(config, constants), WanVae.EncodeNext(config, constants)));
    }

    /// <summary>The network's dimensions.</summary>
    public VaeConfig Config { get; }

    /// <summary>The decoder's weights.</summary>
    public IEnumerable<WeightSlot> DecoderWeights => _decoder.Value.Next.Weights;

    /// <summary>The encoder's weights.</summary>
    public IEnumerable<WeightSlot> EncoderWeights => _encoder.Value.Next.Weights;

    /// <summary>A clip through the decoder.</summary>
    /// <param name="latents"><c>[1, channels, frames, height, width]</c>.</param>
    /// <param name="tiles">What frames are cut into; null for none.</param>
    public GraphWork Decode(Shape latents, VaeTiling? tiles = null)
    {
        var (height, width) = TileOf(latents, tiles);
        return (tiles?.Count(latents[3], latents[4]) ?? 1) * Stream(_decoder.Value, latents[2], height, width);
    }

    /// <summary>A clip through the encoder.</summary>
    /// <param name="latents"><c>[1, channels, frames, height, width]</c> of what comes out.</param>
    /// <param name="tiles">What frames are cut into; null for none.</param>
    public GraphWork Encode(Shape latents, VaeTiling? tiles = null)
    {
        var (height, width) = TileOf(latents, tiles);
        return (tiles?.Count(latents[3], latents[4]) ?? 1)
            * Stream(_encoder.Value, latents[2], height * Config.SpatialStride, width * Config.SpatialStride);
    }

    /// <summary>Bytes of what one step of the decoder leaves to the next.</summary>
    public long DecoderCaches(Shape latents) => Caches(_decoder.Value.Next, latents[3], latents[4]);

    /// <summary>Bytes of what one step of the encoder leaves to the next.</summary>
    public long EncoderCaches(Shape latents) =>
        Caches(_encoder.Value.Next, latents[3] * Config.SpatialStride, latents[4] * Config.SpatialStride);

    /// <summary>The positions of a tile, on average: neighbours share some.</summary>
    private static (long Height, long Width) TileOf(Shape latents, VaeTiling? tiles)
    {
        return tiles is null
            ? (latents[3], latents[4])
            : (Side(latents[3], tiles.Count(latents[3], 1)), Side(latents[4], tiles.Count(1, latents[4])));

        long Side(long length, long count) => (length + ((count - 1) * tiles.Overlap) + count - 1) / count;
    }

    private static GraphWork Stream((OnnxGraph First, OnnxGraph Next) network, long steps, long height, long width)
    {
        var lengths = Size(height, width);
        // Weights are constants: read with the others' operands, and not fetched again for every run.
        return (network.First.CountWork(lengths) + ((steps - 1) * network.Next.CountWork(lengths))) with { WeightBytes = 0 };
    }

    private static long Caches(OnnxGraph step, long height, long width) =>
        (long)
            step
                .Outputs.Where(output => output.Name.EndsWith(WanVae.NextSuffix, StringComparison.Ordinal))
                .Sum(output => output.CountBytes(Size(height, width)));

    private static Dictionary<string, long> Size(long height, long width) =>
        new()
        {
            ["batch"] = 1,
            ["height"] = height,
            ["width"] = width,
        };
}
