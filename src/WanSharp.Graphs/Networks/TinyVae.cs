using WanSharp.Tensors;

namespace WanSharp.Graphs.Networks;

/// <summary>
/// TAEHV, the tiny autoencoder: convolutions of single frames, and blocks that also see what the frame before brought to the same
/// place. It makes the transformer's latents of frames in [0, 1] and the reverse, in a fraction of the time of Wan's own VAEs.
/// </summary>
/// <remarks>
/// <para>The decoder makes <see cref="VaeConfig.TemporalStride"/> frames of every latent frame. Of the clip's first ones only the last is
/// shown, as in Wan's own VAEs, and what only leads to the others is left out. The encoder makes a latent frame of as many
/// frames; a clip is filled up by repeating its last one.</para>
/// <para>What a block sees of the frame before is its cache: <c>name.cache.0</c>, see <see cref="VaeLayers"/>.</para>
/// <para>Source: madebyollin/taehv:taehv.py, with its weight names: places in the two sequences of layers, where activations and
/// enlargements count.</para>
/// </remarks>
internal static class TinyVae
{
    private const string Decoding = "decoder";
    private const string Encoding = "encoder";
    private const float Bound = 3; // of the latents, softly

    /// <summary>A latent frame [batch, channels, height, width] to 1 or 4 frames [batch, 3, stride · height, stride · width].</summary>
    public static GraphValue[] Decoder(GraphBuilder graph, VaeLayers layers, VaeConfig config, GraphValue z)
    {
        var place = 1; // behind the bound
        var bounded = graph.Tanh(z / graph.Scalar(Bound)) * Bound;
        GraphValue[] x = [graph.Relu(Convolve(graph, bounded, $"{Decoding}.{place++}", config.DecoderChannels(^1)))];
        place++; // its activation
        for (var level = config.Levels - 1; ; level--)
        {
            x = Remembering(graph, layers, Decoding, x, config.ResidualBlocks, ref place);
            place++; // the enlargement, which is done with the convolution
            var times = config.TemporalDownsample[level - 1] ? 2 : 1;
            var skipped = layers.IsFirst && level == 1 ? (x.Length * times) - 1 : 0; // the finest level has no block
            var names = ($"{Decoding}.{place++}.conv", $"{Decoding}.{place++}");
            var finer = Enlarge(graph, x, names, times, config.DecoderChannels(level - 1), skipped);
            if (level == 1)
            {
                var last = $"{Decoding}.{place + 1}"; // behind an activation
                return [.. finer.Select(frame => Pixels(graph, config, frame, last))]; // a frame after the other, so that one is alive
            }

            x = [.. finer];
        }
    }

    private static GraphValue Pixels(GraphBuilder graph, VaeConfig config, GraphValue frame, string name)
    {
        var pixels = Convolve(graph, graph.Relu(frame), name, WanVae.Colors * config.PatchSize * config.PatchSize);
        return config.PatchSize == 1 ? pixels : PixelShuffle.Apply(graph, pixels, config.PatchSize);
    }

    /// <summary>4 frames [batch, 3, height, width] in [-1, 1] to a latent frame [batch, channels, height/stride, width/stride].</summary>
    public static GraphValue Encoder(GraphBuilder graph, VaeLayers layers, VaeConfig config, GraphValue[] frames)
    {
        var place = 2; // behind a convolution and an activation
        var x = frames;
        for (var level = 0; level < config.Levels - 1; level++)
        {
            var (pool, shrink) = (place++, place++);
            var times = config.TemporalDownsample[level] ? 2 : 1;
            var isFirst = level == 0;
            // what becomes one frame after the other, so that few large ones are alive
            x = [.. x.Chunk(times).Select(group => Shrink(isFirst ? [.. group.Select(Enter)] : group, times, pool, shrink))];
            x = Remembering(graph, layers, Encoding, x, config.ResidualBlocks, ref place);
        }

        return Convolve(graph, x[0], $"{Encoding}.{place}", config.LatentChannels);

        GraphValue Enter(GraphValue frame)
        {
            var pixels = (frame + graph.Scalar(1)) * 0.5f;
            pixels = config.PatchSize == 1 ? pixels : PixelShuffle.Undo(graph, pixels, config.PatchSize);
            return graph.Relu(Convolve(graph, pixels, $"{Encoding}.0", config.Dim)); // [batch, dim, height, width]
        }

        GraphValue Shrink(GraphValue[] group, int times, int pool, int shrink)
        {
            var one = Pool(graph, group, $"{Encoding}.{pool}.conv", times, config.Dim)[0];
            var weight = graph.Weight($"{Encoding}.{shrink}.weight", [config.Dim, config.Dim, 3, 3], graph.ConvolutionType);
            // [batch, dim, height / 2, width / 2]
            return graph.Cast(graph.Conv2d(one, weight, bias: null, stride: 2, padding: 1), DType.F32);
        }
    }

    /// <summary>Blocks in a row, each of three convolutions of a frame together with the one before it, and a shortcut.</summary>
    private static GraphValue[] Remembering(GraphBuilder graph, VaeLayers layers, string coder, GraphValue[] x, int blocks, ref int place)
    {
        for (var block = 0; block < blocks; block++)
        {
            x = Block($"{coder}.{place++}", x);
        }

        return x;

        GraphValue[] Block(string name, GraphValue[] frames)
        {
            var channels = frames[0].Shape[1].Known!.Value;
            var both = WithPast(graph, $"{name}.conv.0", frames, layers.Remember(name, frames, count: 1));
            return
            [
                .. frames.Select(
                    (frame, t) =>
                    {
                        var y = graph.Relu(Convolve(graph, graph.Relu(both[t]), $"{name}.conv.2", channels));
                        return graph.Relu(Convolve(graph, y, $"{name}.conv.4", channels) + frame);
                    }
                ),
            ];
        }
    }

    /// <summary>
    /// Convolves each frame together with the one before it. The kernel is a filter of two taps in time, P for the present and Q for the
    /// past: frames b and c after a take three products instead of four, Q (a − b) + (P + Q) b and P (c − b) + (P + Q) b.
    /// </summary>
    /// <param name="graph">Where it is written.</param>
    /// <param name="name">The layer's name; its weight is [channels, 2 · channels, 3, 3], the present first.</param>
    /// <param name="frames">[batch, channels, height, width] each.</param>
    /// <param name="past">The frame before each; null for none.</param>
    private static List<GraphValue> WithPast(GraphBuilder graph, string name, GraphValue[] frames, GraphValue?[] past)
    {
        var channels = frames[0].Shape[1].Known!.Value;
        var kernel = graph.Weight($"{name}.weight", [channels, 2 * channels, 3, 3], graph.ConvolutionType);
        var bias = graph.Weight($"{name}.bias", [channels], graph.ConvolutionType);
        var taps = graph.Chunk(kernel, axis: 1, 2); // 2 of [channels, channels, 3, 3]
        var made = new List<GraphValue>();
        while (made.Count < frames.Length)
        {
            var t = made.Count;
            if (past[t] is not { } before)
            {
                made.Add(Apply(frames[t], taps[0], bias));
            }
            else if (graph.RewritesConvolutions && t + 1 < frames.Length)
            {
                var shared = Apply(frames[t], taps[0] + taps[1], bias);
                made.Add(Apply(before - frames[t], taps[1], null) + shared);
                made.Add(Apply(frames[t + 1] - frames[t], taps[0], null) + shared);
            }
            else
            {
                made.Add(Apply(graph.Concat([frames[t], before], axis: 1), kernel, bias));
            }
        }

        return made;

        GraphValue Apply(GraphValue x, GraphValue weight, GraphValue? offset) =>
            graph.Cast(graph.Conv2d(x, weight, offset, padding: 1), DType.F32);
    }

    /// <summary>
    /// Doubles height and width, makes <paramref name="times"/> frames of each by a matrix, and convolves: a matrix for each position
    /// does the same before the enlargement and after it, so that one kernel does the work of both. The first frames are left out.
    /// </summary>
    private static IEnumerable<GraphValue> Enlarge(
        GraphBuilder graph,
        GraphValue[] x,
        (string Grow, string Convolve) layers,
        int times,
        long outChannels,
        int skipped
    )
    {
        var channels = x[0].Shape[1].Known!.Value;
        var matrix = graph.Weight($"{layers.Grow}.weight", [channels * times, channels, 1, 1], graph.ConvolutionType);
        var kernel = graph.Weight($"{layers.Convolve}.weight", [outChannels, channels, 3, 3], graph.ConvolutionType);
        // [out, 9, channels] of the kernel
        var taps = graph.Transpose(graph.Reshape(kernel, [outChannels, channels, 9]), [0, 2, 1]);
        GraphValue[] kernels =
        [
            .. graph
                .Chunk(graph.Reshape(matrix, [channels * times, channels]), axis: 0, times) // [channels, channels] each
                .Select(part => graph.Transpose(graph.MatMul(taps, part), [0, 2, 1])) // [out, channels, 9]
                .Select(part => graph.Reshape(part, [outChannels, channels, 3, 3])),
        ];
        var frames = x.SelectMany(frame => kernels, (frame, part) => (Frame: frame, Kernel: part)).Skip(skipped);
        return frames.Select(made => graph.Cast(graph.UpsampledConv2d(made.Frame, made.Kernel, bias: null), DType.F32));
    }

    /// <summary>Makes one frame of <paramref name="count"/> by a matrix.</summary>
    private static GraphValue[] Pool(GraphBuilder graph, GraphValue[] x, string name, int count, long channels)
    {
        var weight = graph.Weight($"{name}.weight", [channels, channels * count, 1, 1], graph.ConvolutionType);
        return
        [
            .. x.Chunk(count)
                .Select(part => count == 1 ? part[0] : graph.Concat(part, axis: 1))
                .Select(joined => graph.Cast(graph.Conv2d(joined, weight, bias: null), DType.F32)),
        ];
    }

    private static GraphValue Convolve(GraphBuilder graph, GraphValue x, string name, long outChannels) =>
        graph.Cast(graph.Conv2d(x, name, outChannels, kernel: 3, padding: 1), DType.F32);
}
