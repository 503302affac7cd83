namespace WanSharp.Graphs;

/// <content>Operations of networks that work on pixels: activations with a slope.</content>
public sealed partial class GraphBuilder
{
    /// <summary>x where it is positive, and <paramref name="slope"/> · x elsewhere.</summary>
    public GraphValue LeakyRelu(GraphValue x, float slope)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Node("LeakyRelu", [x], x.DType, x.Shape, OnnxFormat.Attribute("alpha", slope));
    }

    /// <summary>x where it is positive, and its channel's slope · x elsewhere.</summary>
    /// <param name="x">[batch, channels, height, width].</param>
    /// <param name="slopes">[channels].</param>
    public GraphValue Prelu(GraphValue x, GraphValue slopes)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(slopes);
        if (x.Rank != 4 || slopes.Rank != 1 || slopes.Shape[0] != x.Shape[1] || slopes.DType != x.DType)
        {
            throw Error("PRelu", "[batch, channels, height, width] and a slope for each channel are needed.", x, slopes);
        }

        return Node("PRelu", [x, Reshape(slopes, [x.Shape[1], 1, 1])], x.DType, x.Shape);
    }
}
