namespace WanSharp.Graphs.Networks;

/// <summary>Channels as squares of pixels, in the order of <c>torch.nn.functional.pixel_shuffle</c>: rows before columns.</summary>
internal static class PixelShuffle
{
    /// <summary>[batch, (c, row, column), height, width] → [batch, c, size · height, size · width].</summary>
    public static GraphValue Apply(GraphBuilder graph, GraphValue x, long size)
    {
        var shape = x.Shape;
        var channels = shape[1] / (size * size);
        var split = graph.Reshape(x, [shape[0], channels, size, size, shape[2], shape[3]]); // [batch, c, row, column, height, width]
        return graph.Reshape(graph.Transpose(split, [0, 1, 4, 2, 5, 3]), [shape[0], channels, shape[2] * size, shape[3] * size]);
    }

    /// <summary>[batch, c, height, width] → [batch, (c, row, column), height / size, width / size].</summary>
    public static GraphValue Undo(GraphBuilder graph, GraphValue x, long size)
    {
        var shape = x.Shape;
        var (height, width) = (shape[2] / size, shape[3] / size);
        var split = graph.Reshape(x, [shape[0], shape[1], height, size, width, size]); // [batch, c, height, row, width, column]
        return graph.Reshape(graph.Transpose(split, [0, 1, 3, 5, 2, 4]), [shape[0], shape[1] * size * size, height, width]);
    }
}
