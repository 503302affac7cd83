using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Providers;
using WanSharp.Tensors;

namespace WanSharp.Engine.Costs;

/// <summary>
/// What decoding and encoding frames costs, counted on the graphs that run on the CPU.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class VaeWork
{
    private readonly VaeGraphs _graphs;

    /// <param name="config">The network's dimensions.</param>
    /// <param name="compute">What it computes in.</param>
    public VaeWork(VaeConfig config, DType compute = DType.F32)
    {
        Config = config;
        _graphs = new VaeGraphs(config, ProviderProfiles.Cpu.Graphs with { Weights = WeightStorage.Initializers, Compute = compute });
    }

    /// <summary>The network's dimensions.</summary>
    public VaeConfig Config { get; }

    /// <summary>The decoder's weights.</summary>
    public IEnumerable<WeightSlot> DecoderWeights => _graphs.DecoderWeights;

    /// <summary>The encoder's weights.</summary>
    public IEnumerable<WeightSlot> EncoderWeights => _graphs.EncoderWeights;

    /// <summary>A clip through the decoder.</summary>
    /// <param name="latents"><c>[1, channels, frames, height, width]</c>.</param>
    /// <param name="tiles">What frames are cut into; null for none.</param>
    public GraphWork Decode(Shape latents, VaeTiling? tiles = null)
    {
        var (height, width) = TileOf(latents, tiles);
        return (tiles?.Count(latents[3], latents[4]) ?? 1) * Stream(_graphs.DecodeFirst, _graphs.DecodeNext, latents[2], height, width);
    }

    /// <summary>A clip through the encoder.</summary>
    /// <param name="latents"><c>[1, channels, frames, height, width]</c> of what comes out.</param>
    /// <param name="tiles">What frames are cut into; null for none.</param>
    public GraphWork Encode(Shape latents, VaeTiling? tiles = null)
    {
        var (height, width) = TileOf(latents, tiles);
        var stride = Config.SpatialStride;
        return (tiles?.Count(latents[3], latents[4]) ?? 1)
            * Stream(_graphs.EncodeFirst, _graphs.EncodeNext, latents[2], height * stride, width * stride);
    }

    /// <summary>Bytes of what one step of the decoder leaves to the next.</summary>
    public long DecoderCaches(Shape latents) => Caches(_graphs.DecodeNext, latents[3], latents[4]);

    /// <summary>Bytes of what one step of the encoder leaves to the next.</summary>
    public long EncoderCaches(Shape latents) =>
        Caches(_graphs.EncodeNext, latents[3] * Config.SpatialStride, latents[4] * Config.SpatialStride);

    /// <summary>The positions of a tile, on average: neighbours share some.</summary>
    private static (long Height, long Width) TileOf(Shape latents, VaeTiling? tiles)
    {
        return tiles is null
            ? (latents[3], latents[4])
            : (Side(latents[3], tiles.Count(latents[3], 1)), Side(latents[4], tiles.Count(1, latents[4])));

        long Side(long length, long count) => (length + ((count - 1) * tiles.Overlap) + count - 1) / count;
    }

    private static GraphWork Stream(OnnxGraph first, OnnxGraph next, long steps, long height, long width)
    {
        var lengths = Size(height, width);
        // Weights are constants: read with the others' operands, and not fetched again for every run.
        return (first.CountWork(lengths) + ((steps - 1) * next.CountWork(lengths))) with { WeightBytes = 0 };
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
