namespace WanSharp.Graphs.Networks;

/// <summary>
/// The levels of Wan 2.2's VAE. It takes patches of 2 × 2 pixels as channels, and around each level leads a shortcut
/// that averages (encoder) or repeats (decoder) without weights.
/// </summary>
/// <remarks>Source: Wan-Video/Wan2.2:wan/modules/vae2_2.py, with its weight names. All else is as in <see cref="WanVae"/>.</remarks>
internal static class Wan22Vae
{
    /// <summary>
    /// Frames [batch, 3, height, width] to the two halves of the moments, [batch, 2 · latent channels, height / stride, width /
    /// stride].
    /// </summary>
    public static GraphValue[] Encoder(GraphBuilder graph, VaeLayers layers, VaeConfig config, GraphValue[] frames)
    {
        var patches = frames.Select(frame => Patches(graph, frame, config.PatchSize)).ToArray(); // [batch, 12, height / 2, width / 2] each
        var x = layers.CausalConv("encoder.conv1", patches, config.Dim);
        for (var level = 0; level < config.Levels; level++)
        {
            var channels = config.EncoderChannels(level);
            var name = $"encoder.downsamples.{level}";
            var (halvesSpace, halvesTime) = (level < config.Levels - 1, level < config.Levels - 1 && config.TemporalDownsample[level]);
            var y = x;
            for (var i = 0; i < config.ResidualBlocks; i++)
            {
                y = layers.ResidualBlock($"{name}.downsamples.{i}", y, channels);
            }

            var resample = $"{name}.downsamples.{config.ResidualBlocks}";
            y = halvesSpace ? layers.DownsampleSpace(resample, y) : y;
            y = halvesTime ? layers.DownsampleTime(resample, y) : y;
            x = VaeLayers.Add(y, Average(graph, x, channels, halvesTime ? 2 : 1, halvesSpace ? 2 : 1));
        }

        return layers.Head("encoder", layers.Middle("encoder", x), 2 * config.LatentChannels);
    }

    /// <summary>Frames of the coarsest level to frames [batch, 3, stride · height, stride · width].</summary>
    public static GraphValue[] Decoder(GraphBuilder graph, VaeLayers layers, VaeConfig config, GraphValue[] x)
    {
        for (var level = config.Levels - 1; level >= 0; level--)
        {
            var channels = config.DecoderChannels(level);
            var name = $"decoder.upsamples.{config.Levels - 1 - level}";
            var y = x;
            for (var i = 0; i < config.ResidualBlocks + 1; i++)
            {
                y = layers.ResidualBlock($"{name}.upsamples.{i}", y, channels);
            }

            if (level == 0)
            {
                x = y;
                break;
            }

            var resample = $"{name}.upsamples.{config.ResidualBlocks + 1}";
            var doublesTime = config.TemporalDownsample[level - 1];
            y = doublesTime ? layers.UpsampleTime(resample, y) : y;
            y = layers.UpsampleSpace(resample, y, channels);
            x = VaeLayers.Add(y, Repeat(graph, x, channels, doublesTime ? 2 : 1, space: 2, layers.IsFirst));
        }

        var patches = layers.Head("decoder", x, WanVae.Colors * config.PatchSize * config.PatchSize);
        return [.. patches.Select(patch => Pixels(graph, patch, config.PatchSize))];
    }

    /// <summary>[batch, c, height, width] → [batch, (c, column, row), height / size, width / size].</summary>
    private static GraphValue Patches(GraphBuilder graph, GraphValue frame, long size)
    {
        var shape = frame.Shape;
        var (height, width) = (shape[2] / size, shape[3] / size);
        // [batch, c, height / size, row, width / size, column]
        var split = graph.Reshape(frame, [shape[0], shape[1], height, size, width, size]);
        return graph.Reshape(graph.Transpose(split, [0, 1, 5, 3, 2, 4]), [shape[0], shape[1] * size * size, height, width]);
    }

    /// <summary>[batch, (c, column, row), height, width] → [batch, c, size · height, size · width].</summary>
    private static GraphValue Pixels(GraphBuilder graph, GraphValue patches, long size)
    {
        var shape = patches.Shape;
        var channels = shape[1] / (size * size);
        var split = graph.Reshape(patches, [shape[0], channels, size, size, shape[2], shape[3]]); // [batch, c, column, row, height, width]
        return graph.Reshape(graph.Transpose(split, [0, 1, 4, 3, 5, 2]), [shape[0], channels, shape[2] * size, shape[3] * size]);
    }

    /// <summary>
    /// Halves time and space as asked and changes the channels by averaging: channels, frames, rows and columns of a
    /// block, in this order, make one sequence, whose equal parts are averaged. Frames before the first are zeros.
    /// </summary>
    private static GraphValue[] Average(GraphBuilder graph, GraphValue[] frames, long channels, int time, int space)
    {
        var shape = frames[0].Shape;
        var (height, width) = (shape[2] / space, shape[3] / space);
        Dim[] folded = [shape[0], shape[1], 1, space * space, height, width];
        var blocks = frames.Select(frame =>
        {
            var split = graph.Reshape(frame, [shape[0], shape[1], height, space, width, space]);
            // [batch, c, 1, (row, column), height / space, width / space]
            return graph.Reshape(graph.Transpose(split, [0, 1, 3, 5, 2, 4]), folded);
        });
        var missing = (time - (frames.Length % time)) % time;
        GraphValue[] all = [.. Enumerable.Range(0, missing).Select(_ => graph.Expand(graph.Scalar(0), folded)), .. blocks];
        var group = shape[1] * time * space * space / channels;
        return
        [
            .. all.Chunk(time)
                .Select(part =>
                {
                    var sequence = graph.Reshape(graph.Concat(part, axis: 2), [shape[0], channels, group, height, width]);
                    return graph.Reshape(graph.ReduceMean(sequence, axis: 2), [shape[0], channels, height, width]);
                }),
        ];
    }

    /// <summary>
    /// The reverse of <see cref="Average"/>: every channel is repeated, and the sequence that results is laid out over
    /// channels, frames, rows and columns. Of the clip's first frame only the last repetition in time remains.
    /// </summary>
    private static GraphValue[] Repeat(GraphBuilder graph, GraphValue[] frames, long channels, int time, int space, bool isFirst)
    {
        var shape = frames[0].Shape;
        var (batch, height, width) = (shape[0], shape[2], shape[3]);
        var repeats = channels * time * space * space / shape[1];
        return
        [
            .. frames.SelectMany(frame =>
            {
                var column = graph.Reshape(frame, [batch, shape[1], 1, height, width]);
                var sequence = graph.Expand(column, [batch, shape[1], repeats, height, width]);
                var laidOut = graph.Reshape(sequence, [batch, channels, time, space, space, height, width]); // rows before columns
                return Enumerable
                    .Range(isFirst ? time - 1 : 0, isFirst ? 1 : time)
                    .Select(t =>
                    {
                        var block = graph.Reshape(graph.Slice(laidOut, axis: 2, t, 1), [batch, channels, space, space, height, width]);
                        return graph.Reshape(graph.Transpose(block, [0, 1, 4, 2, 5, 3]), [batch, channels, height * space, width * space]);
                    });
            }),
        ];
    }
}
