using WanSharp.Tensors;

namespace WanSharp.Graphs.Networks;

/// <summary>LPIPS: how far two pictures are apart in an image classifier's features, weighed by what people see.</summary>
/// <remarks>
/// Source: richzhang/PerceptualSimilarity:lpips/lpips.py and lpips/pretrained_networks.py, version 0.1, with its weight names:
/// <c>net.slice1.0</c> to <c>net.slice5.N</c> and <c>lin0.model.1</c> to <c>lin4.model.1</c>.
/// </remarks>
public static class PerceptualDistance
{
    private const int Colors = 3;
    private const float Eps = 1e-10f;

    private static readonly float[] Shift = [-0.030f, -0.088f, -0.188f];
    private static readonly float[] Scale = [0.458f, 0.448f, 0.450f];

    /// <summary>The graph.</summary>
    /// <remarks>
    /// Inputs: <c>actual</c>, <c>expected</c> [batch, 3, height, width], −1 to 1. Output: <c>distance</c> [batch, 1, 1, 1].
    /// </remarks>
    /// <param name="config">Whose features are compared.</param>
    public static OnnxGraph Write(PerceptualConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var g = new GraphBuilder($"lpips-{config.Name}", new GraphOptions { Weights = WeightStorage.Initializers });
        var actual = Features(g, config, g.Input("actual", DType.F32, ["batch", Colors, "height", "width"]));
        var expected = Features(g, config, g.Input("expected", DType.F32, ["batch", Colors, "height", "width"]));
        var distance = actual.Zip(expected, (one, other) => (one, other)).Select((pair, i) => Layer(g, i, pair.one, pair.other));
        g.Output("distance", distance.Aggregate((sum, part) => sum + part));
        return g.Build();
    }

    /// <summary>The features of each part, of length 1 at each position.</summary>
    private static List<GraphValue> Features(GraphBuilder g, PerceptualConfig config, GraphValue picture)
    {
        var x = (picture - g.Constant(Shift, [1, Colors, 1, 1])) / g.Constant(Scale, [1, Colors, 1, 1]);
        var features = new List<GraphValue>();
        for (var part = 0; part < config.Parts.Count; part++)
        {
            x = config.Pooled[part] ? g.MaxPool2d(x, config.PoolLength, stride: 2) : x;
            foreach (var layer in config.Parts[part])
            {
                var name = $"net.slice{part + 1}.{layer.Place}";
                x = g.Relu(g.Conv2d(x, name, layer.Channels, layer.Kernel, layer.Stride, layer.Padding));
            }

            features.Add(x / (g.ReduceL2(x, axis: 1) + g.Scalar(Eps)));
        }

        return features;
    }

    /// <summary>The weighed squares of the differences, in the mean of all positions: [batch, 1, 1, 1].</summary>
    private static GraphValue Layer(GraphBuilder g, int part, GraphValue actual, GraphValue expected)
    {
        var difference = actual - expected;
        var weight = g.Weight($"lin{part}.model.1.weight", [1, actual.Shape[1].Known!.Value, 1, 1]);
        var weighed = g.Conv2d(difference * difference, weight, bias: null); // [batch, 1, height, width]
        return g.ReduceMean(g.ReduceMean(weighed, axis: 2), axis: 3);
    }
}
