using WanSharp.Tensors;

namespace WanSharp.Graphs.Networks;

/// <summary>
/// The layers that the Wan VAEs are made of, for one streamed step: a few frames of the clip go through, and what the
/// time convolutions must remember of them leaves the graph as caches and comes back with the next step.
/// </summary>
/// <remarks>
/// <para>Each frame of a step is a value [batch, channels, height, width], and a convolution over time is a sum
/// of image convolutions: frame t takes kernel tap 2 of itself, tap 1 of the frame before, tap 0 of the one before that.
/// So no zeros are multiplied in the first step, and the CPU provider takes its fast image convolution with constant
/// weights: on two AVX-512 cores 1.2 to 1.4 times as fast as a <c>Conv</c> over five dimensions (384 to 16 channels).
/// Where a step has several frames, <see cref="MinimalFilter"/> makes them together with fewer convolutions.</para>
/// <para>A cache holds the last two inputs of a convolution, as two values: <c>name.cache.0</c> two frames ago and
/// <c>name.cache.1</c> one frame ago, each F32 [batch, channels, height, width]; they leave as the same names with
/// <see cref="NextSuffix"/>. The first step of a clip takes none. Frames before the first are zeros, as the official
/// padding has them.</para>
/// </remarks>
internal sealed class VaeLayers(GraphBuilder graph, bool isFirst)
{
    /// <summary>What is added to the name of a cache that comes in to name the one that goes out.</summary>
    public const string NextSuffix = ".next";

    /// <summary>What the layers are written into.</summary>
    public GraphBuilder Graph => graph;

    /// <summary>Whether this is a clip's first step.</summary>
    public bool IsFirst => isFirst;

    /// <summary>A convolution with a kernel of 3 × 3 × 3 that sees no later frame.</summary>
    public GraphValue[] CausalConv(string name, GraphValue[] frames, long channels)
    {
        var kernel = Kernel(name, frames, channels, size: 3);
        return kernel.ApplyToAll(Remember(name, frames, count: TimeKernel.Frames - 1));
    }

    /// <summary>
    /// A convolution with a kernel of one frame and one pixel, in F32: such are a clip's latents and what residuals are added to, and
    /// they cost little.
    /// </summary>
    public GraphValue[] PointwiseConv(string name, GraphValue[] frames, long channels)
    {
        using var island = graph.Island();
        var weight = graph.Weight($"{name}.weight", [channels, Channels(frames), 1, 1, 1], graph.ConvolutionType);
        var image = graph.Reshape(weight, [channels, Channels(frames), 1, 1]);
        var bias = graph.Weight($"{name}.bias", [channels], graph.ConvolutionType);
        return [.. frames.Select(frame => graph.Cast(graph.Conv2d(frame, image, bias), DType.F32))];
    }

    /// <summary>x / max(‖x‖, 1e-12) · √channels · gamma over the channels, then SiLU.</summary>
    public GraphValue[] NormSilu(string name, GraphValue[] frames)
    {
        var gamma = Gamma(name, [Channels(frames), 1, 1, 1]);
        return [.. frames.Select(frame => graph.Silu(Normalize(frame, gamma)))];
    }

    /// <summary>
    /// Two normalized convolutions in addition to a shortcut, which is another convolution where the channels change.
    /// </summary>
    public GraphValue[] ResidualBlock(string name, GraphValue[] frames, long channels)
    {
        var y = CausalConv($"{name}.residual.2", NormSilu($"{name}.residual.0", frames), channels);
        y = CausalConv($"{name}.residual.6", NormSilu($"{name}.residual.3", y), channels);
        var shortcut = Channels(frames) == channels ? frames : PointwiseConv($"{name}.shortcut", frames, channels);
        return Add(y, shortcut);
    }

    /// <summary>Attention among the positions of each frame, with a single head, in F32: its scores sum up hundreds of products.</summary>
    public GraphValue[] AttentionBlock(string name, GraphValue[] frames)
    {
        using var island = graph.Island();
        var channels = Channels(frames);
        var gamma = Gamma($"{name}.norm", [channels, 1, 1]);
        return
        [
            .. frames.Select(frame =>
            {
                Dim[] sequence = [frame.Shape[0], 3 * channels, frame.Shape[2] * frame.Shape[3]];
                // [batch, 3 · channels, height, width]
                var qkv = graph.Conv2d(Normalize(frame, gamma), $"{name}.to_qkv", 3 * channels, kernel: 1);
                var tokens = graph.Transpose(graph.Reshape(qkv, sequence), [0, 2, 1]); // [batch, positions, 3 · channels]
                var parts = graph.Chunk(tokens, -1, 3); // [batch, positions, channels] each
                var mixed = graph.Attention(parts[0], parts[1], parts[2], heads: 1); // [batch, positions, channels]
                var image = graph.Reshape(graph.Transpose(mixed, [0, 2, 1]), [.. frame.Shape]); // [batch, channels, height, width]
                return frame + graph.Conv2d(image, $"{name}.proj", channels, kernel: 1);
            }),
        ];
    }

    /// <summary>What stands between a coder's levels and its latent end.</summary>
    /// <param name="coder">"encoder" or "decoder".</param>
    /// <param name="frames">Frames at the coarsest level.</param>
    public GraphValue[] Middle(string coder, GraphValue[] frames)
    {
        var channels = Channels(frames);
        var x = ResidualBlock($"{coder}.middle.0", frames, channels);
        return ResidualBlock($"{coder}.middle.2", AttentionBlock($"{coder}.middle.1", x), channels);
    }

    /// <summary>A coder's last layers, in F32: they give pixels, or a distribution's moments.</summary>
    /// <param name="coder">"encoder" or "decoder".</param>
    /// <param name="frames">What its other layers made.</param>
    /// <param name="channels">The channels of the result.</param>
    public GraphValue[] Head(string coder, GraphValue[] frames, long channels)
    {
        using var island = graph.Island();
        return CausalConv($"{coder}.head.2", NormSilu($"{coder}.head.0", frames), channels);
    }

    /// <summary>Halves height and width; the row below and the column to the right of the image count as zeros.</summary>
    public GraphValue[] DownsampleSpace(string name, GraphValue[] frames) =>
        [
            .. frames.Select(frame =>
            {
                var padded = graph.Pad(frame, [0, 0, 0, 0], [0, 0, 1, 1]); // [batch, channels, height + 1, width + 1]
                // [batch, channels, height / 2, width / 2]
                var halved = graph.Conv2d(padded, $"{name}.resample.1", Channels(frames), kernel: 3, stride: 2);
                return graph.Cast(halved, DType.F32);
            }),
        ];

    /// <summary>Doubles height and width.</summary>
    public GraphValue[] UpsampleSpace(string name, GraphValue[] frames, long channels) =>
        // [batch, channels, 2 · height, 2 · width]
        [.. frames.Select(frame => graph.Cast(graph.UpsampledConv2d(frame, $"{name}.resample.1", channels), DType.F32))];

    /// <summary>Halves the number of frames. The clip's first frame passes as it is.</summary>
    public GraphValue[] DownsampleTime(string name, GraphValue[] frames)
    {
        var history = Remember($"{name}.time_conv", frames, count: 1);
        if (isFirst)
        {
            return frames;
        }

        var kernel = Kernel($"{name}.time_conv", frames, Channels(frames), size: 1);
        return [.. Enumerable.Range(0, frames.Length / 2).Select(t => kernel.Apply(history.AsSpan(2 * t, TimeKernel.Frames)))];
    }

    /// <summary>Doubles the number of frames. The clip's first frame passes as it is, and is not remembered.</summary>
    public GraphValue[] UpsampleTime(string name, GraphValue[] frames)
    {
        var channels = Channels(frames);
        if (isFirst)
        {
            // The second step begins as if nothing had been before it.
            Remember($"{name}.time_conv", [], count: TimeKernel.Frames - 1, like: frames[0]);
            return frames;
        }

        // Of twice the channels, the first half is the earlier frame. Two kernels spare cutting the result.
        var both = Kernel($"{name}.time_conv", frames, 2 * channels, size: 1);
        var history = Remember($"{name}.time_conv", frames, count: TimeKernel.Frames - 1);
        var (earlier, later) = (both.Outputs(0, channels).ApplyToAll(history), both.Outputs(channels, channels).ApplyToAll(history));
        return [.. earlier.Zip(later, (a, b) => new[] { a, b }).SelectMany(pair => pair)];
    }

    /// <summary>The sums, frame by frame.</summary>
    public static GraphValue[] Add(GraphValue[] left, GraphValue[] right) => [.. left.Zip(right, (a, b) => a + b)];

    private static long Channels(GraphValue[] frames) => frames[0].Shape[1].Known!.Value;

    private GraphValue Gamma(string name, ReadOnlySpan<long> shape) =>
        graph.Reshape(graph.Weight($"{name}.gamma", shape), [shape[0], 1, 1]) * MathF.Sqrt(shape[0]);

    private GraphValue Normalize(GraphValue frame, GraphValue scaledGamma)
    {
        const float SmallestNorm = 1e-12f; // eps of torch.nn.functional.normalize: a lower bound, not a summand
        var length = graph.Maximum(graph.ReduceL2(frame, axis: 1), graph.Scalar(SmallestNorm)); // [batch, 1, height, width]
        return frame / length * scaledGamma;
    }

    /// <summary>
    /// The frames after those that the last step left, null for each before the clip's first; leaves the last
    /// <paramref name="count"/> to the next step.
    /// </summary>
    public GraphValue?[] Remember(string name, GraphValue[] frames, int count, GraphValue? like = null)
    {
        like ??= frames[0];
        var past = Enumerable.Range(0, count).Select(i => isFirst ? null : graph.Input($"{name}.cache.{i}", DType.F32, [.. like.Shape]));
        GraphValue?[] all = [.. past, .. frames];
        for (var i = 0; i < count; i++)
        {
            var kept = all[all.Length - count + i] ?? graph.Expand(graph.Scalar(0), [.. like.Shape]);
            graph.Output($"{name}.cache.{i}{NextSuffix}", kept);
        }

        return all;
    }

    private TimeKernel Kernel(string name, GraphValue[] frames, long channels, long size)
    {
        var weight = graph.Weight($"{name}.weight", [channels, Channels(frames), TimeKernel.Frames, size, size], graph.ConvolutionType);
        return new TimeKernel(graph, weight, graph.Weight($"{name}.bias", [channels], graph.ConvolutionType));
    }
}
