using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Testing;

/// <summary>Networks of few channels that enlarge frames.</summary>
public static class Upscalers
{
    /// <summary>RRDBNet that enlarges by 4, by 2 or not at all.</summary>
    public static UpscalerConfig Rrdb(int scale = 4) =>
        new()
        {
            Kind = UpscalerKind.Rrdb,
            Scale = scale,
            Features = 6,
            Blocks = 2,
            Growth = 3,
        };

    /// <summary>SRVGGNetCompact.</summary>
    public static UpscalerConfig Compact(int scale = 2) =>
        new()
        {
            Kind = UpscalerKind.Compact,
            Scale = scale,
            Features = 6,
            Blocks = 2,
        };

    /// <summary>A network's weights.</summary>
    public static RandomWeights Weights(UpscalerConfig config, ulong seed = 1) =>
        new(seed, new UpscalerGraphs(config, new GraphOptions()).Enlarge);

    /// <summary>Writes a network.</summary>
    /// <param name="path">The file.</param>
    /// <param name="config">Its dimensions.</param>
    /// <param name="rename">What its tensors are called in the file. Default: as in Real-ESRGAN.</param>
    /// <returns>The path.</returns>
    public static string Write(string path, UpscalerConfig config, Func<string, string>? rename = null)
    {
        using var weights = Weights(config);
        SafetensorsWriter.Write(path, weights.Tensors.ToDictionary(pair => rename?.Invoke(pair.Key) ?? pair.Key, pair => pair.Value), null);
        return path;
    }
}
