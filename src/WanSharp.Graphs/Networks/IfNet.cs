using WanSharp.Tensors;

namespace WanSharp.Graphs.Networks;

/// <summary>
/// IFNet, the network of RIFE: blocks from coarse to fine estimate where each pixel of the frame between comes from in either frame, and
/// which of the two counts more; each sees the frames as they are when moved so far.
/// </summary>
/// <remarks>
/// Source: hzwer/Practical-RIFE, IFNet_HDv3.py of versions 4.5 to 4.26, as in
/// Fannovel16/ComfyUI-Frame-Interpolation:vfi_models/rife/rife_arch.py; with its weight names.
/// </remarks>
internal static class IfNet
{
    private const int Flow = 4; // across and down, of either frame
    private const float Slope = 0.2f;

    /// <summary>The frame at a time between two frames: [batch, 3, height, width] each, sides multiples of 64, 0 to 1.</summary>
    /// <param name="graph">Where it is written.</param>
    /// <param name="config">The network's dimensions.</param>
    /// <param name="first">The frame before.</param>
    /// <param name="second">The frame after.</param>
    /// <param name="time">[batch, 1, 1, 1]: 0 for the first, 1 for the second.</param>
    public static GraphValue Apply(GraphBuilder graph, InterpolatorConfig config, GraphValue first, GraphValue second, GraphValue time)
    {
        var times = graph.Expand(time, [first.Shape[0], 1, first.Shape[2], first.Shape[3]]);
        var (features, others) = (Encode(graph, config, first), Encode(graph, config, second));
        GraphValue? flow = null;
        GraphValue? mask = null;
        GraphValue[] passed = [];
        var (moved, back) = (first, second);
        foreach (var (block, scale) in config.Scales.Index())
        {
            GraphValue[] seen = [moved, back, .. Moved(features, flow, 0), .. Moved(others, flow, 2), times];
            GraphValue[] known = mask is null ? [] : [mask, .. passed];
            var x = graph.Concat([.. seen, .. known], axis: 1);
            var (change, estimate, made) = Block(graph, config, block, scale, x, flow);
            flow = flow is null ? change : flow + change;
            mask = mask is null || config.Head != InterpolatorHead.None ? estimate : mask + estimate;
            passed = made is null ? [] : [made];
            (moved, back) = (graph.Warp(first, Half(flow, 0)), graph.Warp(second, Half(flow, 2)));
        }

        var share = graph.Sigmoid(mask!);
        return (moved * share) + (back * (graph.Scalar(1) - share));

        GraphValue Half(GraphValue of, int start) => graph.Slice(of, axis: 1, start, 2);

        GraphValue[] Moved(GraphValue? of, GraphValue? by, int start) =>
            of is null ? []
            : by is null ? [of]
            : [graph.Warp(of, Half(by, start))];
    }

    /// <summary>One block's change of the flow, its mask, and the features that it passes on.</summary>
    private static (GraphValue Flow, GraphValue Mask, GraphValue? Passed) Block(
        GraphBuilder graph,
        InterpolatorConfig config,
        int block,
        int scale,
        GraphValue x,
        GraphValue? flow
    )
    {
        using var scope = graph.Scope($"block{block}");
        var width = config.Widths[block];
        x = graph.ResizeLinear(x, 1, scale);
        if (flow is not null)
        {
            x = graph.Concat([x, graph.ResizeLinear(flow, 1, scale) * (1f / scale)], axis: 1);
        }

        x = graph.LeakyRelu(graph.Conv2d(x, "conv0.0.0", width / 2, kernel: 3, stride: 2, padding: 1), Slope);
        x = graph.LeakyRelu(graph.Conv2d(x, "conv0.1.0", width, kernel: 3, stride: 2, padding: 1), Slope);
        for (var layer = 0; layer < config.Layers; layer++)
        {
            x = Residual(graph, x, $"convblock.{layer}", width);
        }

        var made = graph.DoublingConv2d(x, "lastconv.0", 4 * config.BlockOutputs); // at half the size that came
        made = graph.ResizeLinear(PixelShuffle.Apply(graph, graph.Cast(made, DType.F32), 2), scale); // [batch, outputs, height, width]
        var change = graph.Slice(made, axis: 1, 0, Flow) * scale;
        var mask = graph.Slice(made, axis: 1, Flow, 1);
        return (
            change,
            mask,
            config.PassedFeatures == 0 ? null : graph.Slice(made, axis: 1, InterpolatorConfig.FlowAndMask, config.PassedFeatures)
        );
    }

    /// <summary>A convolution that each channel takes in its own strength, and a shortcut.</summary>
    private static GraphValue Residual(GraphBuilder graph, GraphValue x, string name, int width)
    {
        var beta = graph.Weight($"{name}.beta", [1, width, 1, 1], graph.ConvolutionType);
        if (!graph.RewritesConvolutions)
        {
            return graph.LeakyRelu((graph.Conv2d(x, $"{name}.conv", width, kernel: 3, padding: 1) * beta) + x, Slope);
        }

        // Into the kernel, once: so the processor's convolution adds and activates, too.
        var weight = graph.Weight($"{name}.conv.weight", [width, width, 3, 3], graph.ConvolutionType);
        var bias = graph.Weight($"{name}.conv.bias", [width], graph.ConvolutionType);
        var scaled = graph.Conv2d(x, weight * graph.Reshape(beta, [width, 1, 1, 1]), bias * graph.Reshape(beta, [width]), padding: 1);
        return graph.LeakyRelu(scaled + x, Slope);
    }

    /// <summary>What is made of a frame beforehand, in its size; null for nothing.</summary>
    private static GraphValue? Encode(GraphBuilder graph, InterpolatorConfig config, GraphValue frame)
    {
        string[] names = config.Head switch
        {
            InterpolatorHead.TwoLayers => ["encode.0", "encode.1"],
            InterpolatorHead.Sequence => ["encode.0", "encode.2", "encode.4", "encode.6"],
            InterpolatorHead.Named => ["encode.cnn0", "encode.cnn1", "encode.cnn2", "encode.cnn3"],
            _ => [],
        };
        if (names.Length == 0)
        {
            return null;
        }

        var x = graph.Conv2d(frame, names[0], config.HeadWidth, kernel: 3, stride: 2, padding: 1); // [batch, width, height / 2, width / 2]
        foreach (var name in names[1..^1])
        {
            x = graph.Conv2d(graph.LeakyRelu(x, Slope), name, config.HeadWidth, kernel: 3, padding: 1);
        }

        x = names.Length > 2 ? graph.LeakyRelu(x, Slope) : x;
        return graph.Cast(graph.DoublingConv2d(x, names[^1], config.HeadFeatures), DType.F32);
    }
}
