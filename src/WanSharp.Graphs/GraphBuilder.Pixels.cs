using WanSharp.Tensors;

namespace WanSharp.Graphs;

/// <content>Operations of networks that work on pixels.</content>
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

    /// <summary>
    /// Scales height and width, with linear interpolation between the nearest pixels whatever the scale, as PyTorch's <c>interpolate</c>
    /// does with <c>align_corners=False</c>.
    /// </summary>
    /// <param name="x">[batch, channels, height, width].</param>
    /// <param name="times">The factor, or what it is divided by <paramref name="over"/>.</param>
    /// <param name="over">What divides height and width.</param>
    public GraphValue ResizeLinear(GraphValue x, int times, int over = 1)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank != 4 || times < 1 || over < 1)
        {
            throw Error("ResizeLinear", $"{times} / {over} is no scale, or this is not [batch, channels, height, width].", x);
        }

        var scale = (float)times / over;
        return times == over
            ? x
            : Node(
                "Resize",
                [x, null, Constant([1f, 1f, scale, scale], [4])],
                x.DType,
                [x.Shape[0], x.Shape[1], x.Shape[2] * times / over, x.Shape[3] * times / over],
                OnnxFormat.Attribute("mode", "linear"),
                OnnxFormat.Attribute("coordinate_transformation_mode", "half_pixel")
            );
    }

    /// <summary>
    /// Transposed convolution that doubles height and width, with a kernel of 4 × 4: weights <c>name.weight</c> [in, out, 4, 4] and
    /// <c>name.bias</c> [out].
    /// </summary>
    /// <param name="x">[batch, channels, height, width].</param>
    /// <param name="name">The layer's name.</param>
    /// <param name="outChannels">The number of channels of the result.</param>
    /// <returns>[batch, <paramref name="outChannels"/>, 2 · height, 2 · width].</returns>
    public GraphValue DoublingConv2d(GraphValue x, string name, long outChannels)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var scope = Scope(name);
        if (x.Rank != 4 || x.Shape[1].Known is not { } channels)
        {
            throw Error("DoublingConv2d", "[batch, channels, height, width] with known channels is needed.", x);
        }

        var weight = Weight("weight", [channels, outChannels, 4, 4], ConvolutionType);
        var bias = Weight("bias", [outChannels], ConvolutionType);
        if (!RewritesConvolutions)
        {
            CountProduct(x.Shape[0] * x.Shape[2] * x.Shape[3], channels * 16, outChannels);
            return Node(
                "ConvTranspose",
                [Cast(x, weight.DType), weight, bias],
                weight.DType,
                [x.Shape[0], outChannels, x.Shape[2] * 2, x.Shape[3] * 2],
                OnnxFormat.Attribute("kernel_shape", [4, 4]),
                OnnxFormat.Attribute("strides", [2, 2]),
                OnnxFormat.Attribute("pads", [1, 1, 1, 1])
            );
        }

        // An even row of the result sees its source row and the one above, by the kernel's rows 1 and 3; an odd one its source row
        // and the one below, by rows 2 and 0. Columns alike: four convolutions of 2 × 2, which have kernels for the processor.
        var turned = Transpose(weight, [1, 0, 2, 3]); // [out, in, 4, 4]
        GraphValue[] picked = [Constant([0f, 0f, 0f, 1f, 0f, 1f, 0f, 0f], [2, 4]), Constant([0f, 0f, 1f, 0f, 1f, 0f, 0f, 0f], [2, 4])];
        var phases =
            from row in Enumerable.Range(0, 2)
            from column in Enumerable.Range(0, 2)
            let kernel = MatMul(MatMul(picked[row], turned), Transpose(picked[column], [1, 0])) // [out, in, 2, 2]
            select Conv2d(x, kernel, bias, before: [1 - row, 1 - column], after: [row, column]); // [batch, out, height, width]
        return DepthToSpace(Concat([.. phases], axis: 1), 2); // [batch, out, 2 · height, 2 · width]
    }

    /// <summary>
    /// Moves pixels: each takes what lies where its flow points, with linear interpolation; beyond the edge the nearest pixel counts.
    /// </summary>
    /// <param name="x">[batch, channels, height, width].</param>
    /// <param name="flow">[batch, (across, down), height, width], in pixels.</param>
    public GraphValue Warp(GraphValue x, GraphValue flow)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(flow);
        if (x.Rank != 4 || flow.Rank != 4 || flow.Shape[1] != 2 || flow.Shape[2] != x.Shape[2] || flow.Shape[3] != x.Shape[3])
        {
            throw Error("Warp", "[batch, channels, height, width] and two numbers for each of its pixels are needed.", x, flow);
        }

        var (height, width) = (x.Shape[2], x.Shape[3]);
        var steps = Concat([HalfLength(width), HalfLength(height)], axis: 0); // [2]: pixels from the middle to the edge
        var moved = Transpose(flow, [0, 2, 3, 1]) / steps; // [batch, height, width, 2]
        var grid = moved + Concat([Places(width, [1, width, 1]), Places(height, [height, 1, 1])], axis: 2);
        return Node(
            "GridSample",
            [Cast(x, DType.F32), grid],
            DType.F32,
            x.Shape,
            OnnxFormat.Attribute("mode", "bilinear"),
            OnnxFormat.Attribute("padding_mode", "border"),
            OnnxFormat.Attribute("align_corners", 1)
        );

        GraphValue HalfLength(Dim length) => (Cast(Length(length), DType.F32) - Scalar(1)) * 0.5f; // [1]

        // −1 to 1 along one dimension: [height, width, 1]
        GraphValue Places(Dim length, Dim[] shape) =>
            Expand(Reshape((Cast(Range(length), DType.F32) / HalfLength(length)) - Scalar(1), shape), [height, width, 1]);
    }
}
