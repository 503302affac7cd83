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

        var slot = new AdapterSlot(string.Join('.', _scopes), y.DType, Features("WithAdapter", x), Features("WithAdapter", y));
        _adapters.Add(slot);
        Dim rank = $"{slot.Name.Replace('.', '_')}_rank";
        var down = Input(slot.Down, slot.DType, [AdapterCount, slot.InFeatures, rank]);
        var up = Input(slot.Up, slot.DType, [AdapterCount, rank, slot.OutFeatures]);
        var scale = Input(slot.Scale, slot.DType, [ScaleCount, 1, rank]);

        Dim[] shape = [x.Shape[0], x.Shape[1], rank];
        CountProduct(x.Shape[0] * x.Shape[1], slot.InFeatures, rank);
        var inner = Node("MatMul", [Cast(x, slot.DType), down], slot.DType, shape); // [batch, tokens, rank]
        inner = Node("Mul", [inner, scale], slot.DType, shape);
        CountProduct(x.Shape[0] * x.Shape[1], rank, slot.OutFeatures);
        return y + Node("MatMul", [inner, up], slot.DType, y.Shape); // [batch, tokens, out]
    }
}
