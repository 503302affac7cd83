using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Testing;

/// <summary>Networks of few channels that make frames between frames.</summary>
public static class Interpolators
{
    /// <summary>RIFE 4.6.</summary>
    public static InterpolatorConfig Rife46 { get; } = Of(InterpolatorHead.None);

    /// <summary>RIFE of a version.</summary>
    /// <param name="head">What is made of each frame beforehand.</param>
    /// <param name="passes">Whether blocks pass features on.</param>
    public static InterpolatorConfig Of(InterpolatorHead head, bool passes = false)
    {
        var isHeaded = head != InterpolatorHead.None;
        return new InterpolatorConfig
        {
            Widths = passes ? [6, 6, 4, 4, 4] : [6, 6, 4, 4],
            Layers = 2,
            Head = head,
            HeadWidth = isHeaded ? 4 : 0,
            HeadFeatures = isHeaded ? 2 : 0,
            BlockOutputs = passes ? 8 : 6,
        };
    }

    /// <summary>A network's weights.</summary>
    public static RandomWeights Weights(InterpolatorConfig config) =>
        new(seed: 1, new InterpolatorGraphs(config, new GraphOptions()).Between);

    /// <summary>Writes a network.</summary>
    /// <param name="path">The file.</param>
    /// <param name="config">Its dimensions.</param>
    /// <returns>The path.</returns>
    public static string Write(string path, InterpolatorConfig config)
    {
        using var weights = Weights(config);
        SafetensorsWriter.Write(path, weights.Tensors, null);
        return path;
    }
}
