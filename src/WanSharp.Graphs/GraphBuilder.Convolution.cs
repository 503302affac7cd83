using WanSharp.Graphs.Onnx;
using WanSharp.Tensors;

namespace WanSharp.Graphs;

/// <content>Convolutions.</content>
public sealed partial class GraphBuilder
{
    private readonly List<GraphValue> _convolved = [];

    /// <summary>
    /// The element type of convolutions: <see cref="Compute"/>, but F32 for BF16, which Conv of opset 17 does not
    /// know.
    /// </summary>
    public DType ConvolutionType => Compute == DType.BF16 ? DType.F32 : Compute;

    /// <summary>
    /// Whether convolutions are rewritten to multiply less; their weights are constants then, and what is made of them is made
    /// once.
    /// </summary>
    internal bool RewritesConvolutions =>
        Fused && Options is { RewriteConvolutions: true, Weights: WeightStorage.Initializers } && ConvolutionType == DType.F32;

    /// <summary>Convolution of images, with weights <c>name.weight</c> [out, in, kernel, kernel] and <c>name.bias</c> [out].</summary>
    /// <param name="x">[batch, channels, height, width].</param>
    /// <param name="name">The layer's name.</param>
    /// <param name="outChannels">The number of channels of the result.</param>
    /// <param name="kernel">The kernel's height and width.</param>
    /// <param name="stride">The step between outputs, in height and width.</param>
    /// <param name="padding">Zeros around the image, the same on all sides; others are added by <see cref="Pad"/>.</param>
    public GraphValue Conv2d(GraphValue x, string name, long outChannels, long kernel, long stride = 1, long padding = 0) =>
        Convolution(x, name, outChannels, [kernel, kernel], [stride, stride], [padding, padding]);

    /// <summary>
    /// Doubles height and width by repetition, then convolves with a kernel of 3 × 3, with weights <c>name.weight</c>
    /// [out, in, 3, 3] and <c>name.bias</c> [out]; zeros surround the doubled image.
    /// </summary>
    /// <param name="x">[batch, channels, height, width].</param>
    /// <param name="name">The layer's name.</param>
    /// <param name="outChannels">The number of channels of the result.</param>
    /// <returns>[batch, <paramref name="outChannels"/>, 2 · height, 2 · width].</returns>
    public GraphValue UpsampledConv2d(GraphValue x, string name, long outChannels)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (!RewritesConvolutions)
        {
            return Conv2d(UpsampleNearest(x, [1, 1, 2, 2]), name, outChannels, kernel: 3, padding: 1);
        }

        using var scope = Scope(name);
        if (x.Rank != 4 || x.Shape[1].Known is not { } channels)
        {
            throw Error("UpsampledConv2d", "[batch, channels, height, width] with known channels is needed.", x);
        }

        var weight = Weight("weight", [outChannels, channels, 3, 3], ConvolutionType);
        return UpsampledConv2d(x, weight, Weight("bias", [outChannels], ConvolutionType));
    }

    /// <summary>Doubles height and width by repetition, then convolves with a kernel of 3 × 3 at hand.</summary>
    /// <param name="x">[batch, channels, height, width].</param>
    /// <param name="weight">[out, channels, 3, 3].</param>
    /// <param name="bias">[out], or none.</param>
    /// <returns>[batch, out, 2 · height, 2 · width].</returns>
    internal GraphValue UpsampledConv2d(GraphValue x, GraphValue weight, GraphValue? bias)
    {
        if (!RewritesConvolutions)
        {
            return Conv2d(UpsampleNearest(x, [1, 1, 2, 2]), weight, bias, padding: 1);
        }

        // A row of the doubled image sees its own source row and that above (even rows) or below (odd rows), one of them
        // twice: kernels of 2 × 2 whose entries are sums, 16 products for four results instead of 36.
        GraphValue[] sums = [Constant([1f, 0f, 0f, 0f, 1f, 1f], [2, 3]), Constant([1f, 1f, 0f, 0f, 0f, 1f], [2, 3])];
        var phases =
            from row in Enumerable.Range(0, 2)
            from column in Enumerable.Range(0, 2)
            let kernel = MatMul(MatMul(sums[row], weight), Transpose(sums[column], [1, 0])) // [out, channels, 2, 2]
            select Conv2d(x, kernel, bias, before: [1 - row, 1 - column], after: [row, column]); // [batch, out, height, width]
        return DepthToSpace(Concat([.. phases], axis: 1), 2); // [batch, out, 2 · height, 2 · width]
    }

    /// <summary>Convolution of images with weights at hand, such as one frame of a kernel for videos.</summary>
    /// <param name="x">[batch, channels, height, width].</param>
    /// <param name="weight">[out, channels, kernel height, kernel width].</param>
    /// <param name="bias">[out], or none.</param>
    /// <param name="stride">The step between outputs, in height and width.</param>
    /// <param name="padding">Zeros around the image, the same on all sides.</param>
    public GraphValue Conv2d(GraphValue x, GraphValue weight, GraphValue? bias, long stride = 1, long padding = 0) =>
        Convolution(x, weight, bias, [stride, stride], [padding, padding], [padding, padding]);

    /// <summary>Convolution of images in groups of channels, with zeros before and after each dimension.</summary>
    /// <param name="x">[batch, groups · channels, height, width].</param>
    /// <param name="weight">[out, channels, kernel height, kernel width]: equal parts of the outputs see a group each.</param>
    /// <param name="bias">[out], or none.</param>
    /// <param name="before">Zeros above and to the left.</param>
    /// <param name="after">Zeros below and to the right.</param>
    /// <param name="groups">The number of groups.</param>
    internal GraphValue Conv2d(GraphValue x, GraphValue weight, GraphValue? bias, long[] before, long[] after, long groups = 1) =>
        Convolution(x, weight, bias, [1, 1], before, after, groups);

    /// <summary>The largest value of each square of neighbours that lies inside the image.</summary>
    /// <param name="x">[batch, channels, height, width].</param>
    /// <param name="length">The square's side.</param>
    /// <param name="stride">The step between squares, in height and width.</param>
    public GraphValue MaxPool2d(GraphValue x, long length, long stride)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank != 4)
        {
            throw Error("MaxPool", "[batch, channels, height, width] is needed.", x);
        }

        var space = x.Shape.Skip(2).Select(size => (size - length).FloorDivide(stride) + 1);
        return Node(
            "MaxPool",
            [x],
            x.DType,
            [x.Shape[0], x.Shape[1], .. space],
            OnnxFormat.Attribute("kernel_shape", [length, length]),
            OnnxFormat.Attribute("strides", [stride, stride])
        );
    }

    private GraphValue Convolution(GraphValue x, string name, long outChannels, long[] kernel, long[] stride, long[] padding)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var scope = Scope(name);
        if (x.Rank != kernel.Length + 2 || x.Shape[1].Known is not { } channels)
        {
            throw Error(
                "Conv",
                $"a kernel of [{string.Join(", ", kernel)}] needs [batch, channels, …] with {kernel.Length} "
                    + "more dimensions and known channels.",
                x
            );
        }

        var weight = Weight("weight", [outChannels, channels, .. kernel], ConvolutionType);
        return Convolution(x, weight, Weight("bias", [outChannels], ConvolutionType), stride, padding, padding);
    }

    private GraphValue Convolution(
        GraphValue x,
        GraphValue weight,
        GraphValue? bias,
        long[] stride,
        long[] before,
        long[] after,
        long groups = 1
    )
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(weight);
        if (x.Rank != stride.Length + 2 || weight.Rank != x.Rank || groups * weight.Shape[1] != x.Shape[1])
        {
            throw Error("Conv", "the weight is not [out, channels, …kernel] of the input's rank and channels.", x, weight);
        }

        long[] kernel =
        [
            .. weight.Shape.Skip(2).Select(size => size.Known ?? throw Error("Conv", "the kernel's size must be known.", x, weight)),
        ];
        var space = kernel.Select((size, i) => (x.Shape[i + 2] + before[i] + after[i] - size).FloorDivide(stride[i]) + 1).ToArray();
        if (space.Any(length => length.Known < 1))
        {
            throw Error("Conv", $"a kernel of [{string.Join(", ", kernel)}] does not fit.", x);
        }

        var positions = space.Aggregate(x.Shape[0], (count, length) => count * length);
        ReadOnlySpan<GraphValue?> operands = bias is null ? [Cast(x, weight.DType), weight] : [Cast(x, weight.DType), weight, bias];
        CountProduct(positions, weight.Shape.Skip(1).Aggregate((count, length) => count * length), weight.Shape[0]);
        var result = Node(
            "Conv",
            operands,
            weight.DType,
            [x.Shape[0], weight.Shape[0], .. space],
            OnnxFormat.Attribute("kernel_shape", kernel),
            OnnxFormat.Attribute("strides", stride),
            OnnxFormat.Attribute("pads", [.. before, .. after]),
            OnnxFormat.Attribute("group", groups)
        );
        _convolved.Add(result);
        return result;
    }

    /// <summary>
    /// Writes down the shapes of what convolutions make. ONNX's own inference knows no length behind them that is not known beforehand:
    /// without it ONNX Runtime cannot add to a convolution's result in its kernel, nor give its memory to another of its size, and looks
    /// through all free memory for each node (docs/adr/0032-shapes-of-convolutions.md).
    /// </summary>
    private void DescribeConvolutions(GraphProto graph) =>
        graph.ValueInfo.Add(
            _convolved
                .Except(_outputs)
                .Where(result => result.Shape.Any(length => length.Known is null))
                .Select(result => OnnxFormat.Describe(result))
        );
}
