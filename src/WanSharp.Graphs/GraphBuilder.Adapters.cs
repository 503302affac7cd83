using WanSharp.Tensors;

namespace WanSharp.Graphs;

/// <content>Low-rank changes of linear layers (LoRA), whose factors are inputs of the graph.</content>
public sealed partial class GraphBuilder
{
    // One for the whole batch, or one for each sample: named apart, for strengths may differ where factors do not.
    private const string AdapterCount = "adapters";
    private const string ScaleCount = "adapter_rows";

    private readonly List<AdapterSlot> _adapters = [];

    /// <summary>
    /// What a linear layer gave, with the low-rank change that the graph's inputs hold for it; the same value where
    /// <see cref="GraphOptions.Adapters"/> asks for none. The open scopes are the layer's name.
    /// </summary>
    /// <param name="y">The layer's result, [batch, tokens, out].</param>
    /// <param name="x">What it was given, [batch, tokens, in].</param>
    public GraphValue WithAdapter(GraphValue y, GraphValue x)
    {
        ArgumentNullException.ThrowIfNull(y);
        ArgumentNullException.ThrowIfNull(x);
        if (!Options.Adapters)
        {
            return y;
        }

        if (x.Rank != 3 || y.Rank != 3)
        {
            throw Error("WithAdapter", "samples are told by the outermost of three dimensions.", y, x);
        }

        return y + Change(x, Features("WithAdapter", y), y.DType, bias: null);
    }

    /// <summary>
    /// The low-rank change of the layer that the open scopes name, and its bias: [batch, tokens, out]. The bias is a further row of the
    /// second factor, by a column of ones: a matrix product adds it on the way, where an addition would go through memory twice.
    /// </summary>
    /// <param name="x">What the layer is given, [batch, tokens, in].</param>
    /// <param name="outFeatures">The innermost length of the result.</param>
    /// <param name="dtype">The element type of the result.</param>
    /// <param name="bias">[out], or none.</param>
    private GraphValue Change(GraphValue x, long outFeatures, DType dtype, GraphValue? bias)
    {
        var slot = new AdapterSlot(string.Join('.', _scopes), dtype, Features("WithAdapter", x), outFeatures);
        _adapters.Add(slot);
        Dim rank = $"{slot.Name.Replace('.', '_')}_rank";
        var down = Input(slot.Down, slot.DType, [AdapterCount, slot.InFeatures, rank]);
        var up = Input(slot.Up, slot.DType, [AdapterCount, rank, slot.OutFeatures]);
        var scale = Input(slot.Scale, slot.DType, [ScaleCount, 1, rank]);

        Dim[] shape = [x.Shape[0], x.Shape[1], rank];
        CountProduct(x.Shape[0] * x.Shape[1], slot.InFeatures, rank);
        var inner = Node("MatMul", [Cast(x, slot.DType), down], slot.DType, shape); // [batch, tokens, rank]
        inner = Node("Mul", [inner, scale], slot.DType, shape);
        if (bias is not null)
        {
            inner = Concat([inner, Expand(Scalar(1, slot.DType), [x.Shape[0], x.Shape[1], 1])], axis: 2); // [batch, tokens, rank + 1]
            up = Concat([up, Expand(Reshape(bias, [1, 1, outFeatures]), [AdapterCount, 1, outFeatures])], axis: 1);
        }

        CountProduct(x.Shape[0] * x.Shape[1], inner.Shape[2], slot.OutFeatures);
        return Node("MatMul", [inner, up], slot.DType, [x.Shape[0], x.Shape[1], outFeatures]); // [batch, tokens, out]
    }
}
