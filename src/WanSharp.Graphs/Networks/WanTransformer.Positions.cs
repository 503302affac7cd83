using WanSharp.Tensors;

namespace WanSharp.Graphs.Networks;

/// <content>Where a token is, in time and on the grid: timesteps as waves, positions as angles.</content>
public static partial class WanTransformer
{
    /// <summary>The longest side of a grid of tokens that the tables inside <see cref="Whole"/> serve, as in the official code.</summary>
    private const int MaxPositions = 1024;

    private const double RopeTheta = 10000;

    /// <summary>Less than one turn, because a few videos repeat themselves in their last frames otherwise.</summary>
    private const double RiflexTurns = 0.9;

    /// <summary>How many frequencies tell a token's position in time.</summary>
    public static int TimeFrequencies(TransformerConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return (int)AxisDims(config)[0];
    }

    /// <summary>By how many radians each pair of a head's channels turns from a position to the next: by frames, rows, columns.</summary>
    public static IReadOnlyList<double> RopeFrequencies(TransformerConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return [.. AxisDims(config).SelectMany(Frequencies)];
    }

    /// <summary>Cosines, then sines, of each timestep times 10000^(−i/half), in double, rounded at the end.</summary>
    /// <param name="config">The transformer.</param>
    /// <param name="timesteps">Timesteps, 0 to 1000.</param>
    /// <returns>F32 [timesteps, freq_dim]; reshape it to [batch, groups, freq_dim]. The caller disposes it.</returns>
    public static Tensor TimestepEmbedding(TransformerConfig config, ReadOnlySpan<double> timesteps)
    {
        ArgumentNullException.ThrowIfNull(config);
        var half = config.FreqDim / 2;
        double[] frequencies = [.. Enumerable.Range(0, half).Select(i => Math.Pow(10000, -(double)i / half))];
        var embedding = Tensor.Zeros(DType.F32, [timesteps.Length, config.FreqDim]);
        var values = embedding.Write<float>();
        for (var row = 0; row < timesteps.Length; row++)
        {
            for (var i = 0; i < half; i++)
            {
                var (sin, cos) = Math.SinCos(timesteps[row] * frequencies[i]);
                values[(row * config.FreqDim) + i] = (float)cos;
                values[(row * config.FreqDim) + half + i] = (float)sin;
            }
        }

        return embedding;
    }

    /// <summary>The angles by which the tokens of a grid turn their queries and keys, as cosines and sines.</summary>
    /// <param name="config">The transformer.</param>
    /// <param name="frames">Latent frames.</param>
    /// <param name="height">Latent rows.</param>
    /// <param name="width">Latent columns.</param>
    /// <param name="slowed">
    /// The frequency in time, from 1, that is slowed down to nine tenths of a turn over all frames (RIFLEx, Zhao et al., arXiv
    /// 2502.15894, eq. 8; thu-ml/RIFLEx:riflex_utils.py, <c>get_1d_rotary_pos_embed_riflex</c>). Null for none.
    /// </param>
    /// <returns>F32 [tokens, head_dim / 2] each, frames outermost; the caller disposes them.</returns>
    /// <exception cref="GraphException">The latents do not divide into patches.</exception>
    public static (Tensor Cos, Tensor Sin) RopeTables(TransformerConfig config, int frames, int height, int width, int? slowed = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        var patch = config.PatchSize;
        if (frames % patch.Frames != 0 || height % patch.Height != 0 || width % patch.Width != 0)
        {
            throw new GraphException(
                $"Latents of [{frames}, {height}, {width}] do not divide into patches of [{patch.Frames}, {patch.Height}, {patch.Width}]."
            );
        }

        long[] lengths = [frames / patch.Frames, height / patch.Height, width / patch.Width];
        var half = config.HeadDim / 2;
        var cos = Tensor.Zeros(DType.F32, [lengths[0] * lengths[1] * lengths[2], half]);
        var sin = Tensor.Zeros(DType.F32, cos.Shape);
        var cosValues = cos.Write<float>();
        var sinValues = sin.Write<float>();
        double[][] frequencies = [.. AxisDims(config).Select(Frequencies)];
        if (slowed is { } frequency)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(frequency, 1, nameof(slowed));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(frequency, frequencies[0].Length, nameof(slowed));
            frequencies[0][frequency - 1] = RiflexTurns * 2 * Math.PI / lengths[0];
        }

        var next = 0;
        for (var token = 0L; token < cos.Shape[0]; token++)
        {
            long[] position = [token / (lengths[1] * lengths[2]), token / lengths[2] % lengths[1], token % lengths[2]];
            for (var axis = 0; axis < position.Length; axis++)
            {
                foreach (var turn in frequencies[axis])
                {
                    var (s, c) = Math.SinCos(position[axis] * turn);
                    (cosValues[next], sinValues[next]) = ((float)c, (float)s);
                    next++;
                }
            }
        }

        return (cos, sin);
    }

    /// <summary>The tables of <see cref="RopeTables"/> put together in the graph, for a grid that is known when it runs.</summary>
    private static (GraphValue Cos, GraphValue Sin) Rope(GraphBuilder g, TransformerConfig config, (Dim Frames, Dim Height, Dim Width) grid)
    {
        using var scope = g.Scope("rope");
        return (Table(Math.Cos), Table(Math.Sin));

        GraphValue Table(Func<double, double> wave)
        {
            var (f, h, w) = grid;
            long[] dims = AxisDims(config);
            var axes = new[]
            {
                g.Reshape(Positions(dims[0], f), [f, 1, 1, dims[0]]),
                g.Reshape(Positions(dims[1], h), [1, h, 1, dims[1]]),
                g.Reshape(Positions(dims[2], w), [1, 1, w, dims[2]]),
            };
            var angles = g.Concat([.. axes.Select(axis => g.Expand(axis, [f, h, w, axis.Shape[3]]))], axis: 3); // [f, h, w, head_dim / 2]
            return g.Reshape(angles, [f * h * w, config.HeadDim / 2]); // [tokens, head_dim / 2]

            GraphValue Positions(long dim, Dim length)
            {
                var values = Enumerable
                    .Range(0, MaxPositions)
                    .SelectMany(_ => Frequencies(dim), (p, frequency) => (float)wave(p * frequency));
                return g.Slice(g.Constant([.. values], [MaxPositions, dim]), axis: 0, start: 0, length);
            }
        }
    }

    /// <summary>How many pairs of a head turn with the frame, the row and the column.</summary>
    private static long[] AxisDims(TransformerConfig config)
    {
        long side = config.HeadDim / 6;
        return [(config.HeadDim / 2) - (2 * side), side, side];
    }

    private static double[] Frequencies(long dim) =>
        [.. Enumerable.Range(0, (int)dim).Select(i => 1 / Math.Pow(RopeTheta, 2.0 * i / (2 * dim)))];
}
