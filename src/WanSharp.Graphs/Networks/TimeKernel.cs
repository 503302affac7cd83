using WanSharp.Tensors;

namespace WanSharp.Graphs.Networks;

/// <summary>
/// A kernel over three consecutive frames. Frame t of a result takes tap 2 of frame t, tap 1 of the one before and tap 0 of
/// the one before that.
/// </summary>
/// <param name="graph">The graph that it is applied in.</param>
/// <param name="weight">[out, channels, 3, size, size].</param>
/// <param name="bias">[out].</param>
internal sealed class TimeKernel(GraphBuilder graph, GraphValue weight, GraphValue bias)
{
    /// <summary>How many frames a result sees.</summary>
    public const int Frames = MinimalFilter.Taps;

    private readonly long _outputs = weight.Shape[0].Known!.Value;
    private readonly long _channels = weight.Shape[1].Known!.Value;
    private readonly long _size = weight.Shape[^1].Known!.Value;
    private GraphValue[]? _taps;

    private long[] Padding => [(_size - 1) / 2, (_size - 1) / 2];

    /// <summary>The results at all frames but the first two, [batch, out, height, width] each.</summary>
    /// <param name="frames">Frames [batch, channels, height, width], of which those before the clip are null.</param>
    public GraphValue[] ApplyToAll(ReadOnlySpan<GraphValue?> frames)
    {
        var results = new List<GraphValue>();
        while (frames.Length - results.Count >= Frames)
        {
            var rest = frames[results.Count..];
            var filter = graph.RewritesConvolutions && !rest.Contains(null) ? MinimalFilter.For(rest.Length - Frames + 1) : null;
            results.AddRange(filter is null ? [Apply(rest[..Frames])] : Apply(filter, rest[..filter.Points]));
        }

        return [.. results];
    }

    /// <summary>The result of three consecutive frames, of which those before the clip are null: a sum of image convolutions.</summary>
    public GraphValue Apply(ReadOnlySpan<GraphValue?> frames)
    {
        _taps ??= [.. Enumerable.Range(0, Frames).Select(Tap)];
        GraphValue? sum = null;
        for (var tap = Frames - 1; tap >= 0; tap--)
        {
            if (frames[tap] is { } frame)
            {
                var term = graph.Conv2d(frame, _taps[tap], sum is null ? bias : null, padding: Padding[0]);
                sum = sum is null ? term : sum + term;
            }
        }

        return graph.Cast(sum!, DType.F32); // There is a sum: the last frame is the present one.
    }

    /// <summary>The part of the kernel that makes some of its output channels.</summary>
    public TimeKernel Outputs(long start, long count) =>
        new(graph, graph.Slice(weight, axis: 0, start, count), graph.Slice(bias, axis: 0, start, count));

    /// <summary>Several results from combinations of the frames: one image convolution for each, in as many groups.</summary>
    private GraphValue[] Apply(MinimalFilter filter, ReadOnlySpan<GraphValue?> frames)
    {
        var points = filter.Points;
        var clip = graph.Concat([.. frames!], axis: 1); // [batch, points · channels, height, width]
        var (batch, height, width) = (clip.Shape[0], clip.Shape[2], clip.Shape[3]);
        var rows = graph.Reshape(clip, [batch, points, _channels * height * width]);
        var combined = graph.MatMul(graph.Constant(filter.Inputs, [points, points]), rows); // [batch, points, channels · height · width]
        var images = graph.Reshape(combined, [batch, points * _channels, height, width]);
        var (kernels, biases) = Combine(filter);
        var products = graph.Conv2d(images, kernels, biases, Padding, Padding, groups: points); // [batch, points · out, height, width]
        var productRows = graph.Reshape(products, [batch, points, _outputs * height * width]);
        // [batch, results, out · height · width]
        var results = graph.MatMul(graph.Constant(filter.Outputs, [filter.Results, points]), productRows);
        // [batch, out, height, width] each
        return graph.Chunk(graph.Reshape(results, [batch, filter.Results * _outputs, height, width]), axis: 1, filter.Results);
    }

    /// <summary>
    /// The kernels [points · out, channels, size, size] and biases [points · out] of the products; constants, once the runtime
    /// has folded them.
    /// </summary>
    private (GraphValue Kernels, GraphValue Biases) Combine(MinimalFilter filter)
    {
        var points = filter.Points;
        var taps = graph.Reshape(graph.Transpose(weight, [2, 0, 1, 3, 4]), [Frames, _outputs * _channels * _size * _size]);
        var kernels = graph.MatMul(graph.Constant(filter.Kernel, [points, Frames]), taps); // [points, out · channels · size · size]
        float[] selection = [.. Enumerable.Range(0, points).Select(point => point == MinimalFilter.BiasPoint ? 1f : 0f)];
        var biases = graph.Constant(selection, [points, 1]) * bias; // [points, out]
        return (graph.Reshape(kernels, [points * _outputs, _channels, _size, _size]), graph.Reshape(biases, [points * _outputs]));
    }

    private GraphValue Tap(int tap)
    {
        var shape = weight.Shape;
        return graph.Reshape(graph.Slice(weight, axis: 2, tap, 1), [shape[0], shape[1], shape[3], shape[4]]); // [out, channels, size, size]
    }
}
