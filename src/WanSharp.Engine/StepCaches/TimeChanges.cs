using System.Numerics.Tensors;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using Tensor = WanSharp.Tensors.Tensor;

namespace WanSharp.Engine.StepCaches;

/// <summary>
/// How much the embedding of the timestep changes from step to step, which TeaCache goes by. It depends on the network and the timesteps
/// alone, so it is known before the first step.
/// </summary>
internal static class TimeChanges
{
    private const int Outputs = 6; // modulations of a block

    /// <summary>mean |mₛ − mₛ₋₁| / mean |mₛ₋₁| for each step; 0 for the first.</summary>
    /// <param name="weights">The transformer's weights.</param>
    /// <param name="config">Its dimensions.</param>
    /// <param name="timesteps">The steps' timesteps.</param>
    /// <param name="isProjected">Whether m is what modulates the blocks (<c>e0</c>), or what that is made of (<c>e</c>).</param>
    /// <exception cref="CheckpointException">The checkpoint lacks a weight.</exception>
    public static double[] Of(WeightStore weights, TransformerConfig config, ReadOnlySpan<float> timesteps, bool isProjected)
    {
        var count = timesteps.Length;
        var wide = new double[count];
        for (var step = 0; step < count; step++)
        {
            wide[step] = timesteps[step];
        }

        using var sinusoids = WanTransformer.TimestepEmbedding(config, wide);
        var hidden = Linear(weights, "time_embedding.0", sinusoids.Read<float>(), count, config.FreqDim, config.Dim);
        Silu(hidden);
        var signal = Linear(weights, "time_embedding.2", hidden, count, config.Dim, config.Dim); // e
        if (isProjected)
        {
            Silu(signal);
            signal = Linear(weights, "time_projection.1", signal, count, config.Dim, Outputs * config.Dim); // e0
        }

        var width = signal.Length / count;
        var changes = new double[count];
        for (var step = 1; step < count; step++)
        {
            var now = signal.AsSpan(step * width, width);
            var before = signal.AsSpan((step - 1) * width, width);
            var (distance, magnitude) = (0.0, 0.0);
            for (var i = 0; i < width; i++)
            {
                distance += Math.Abs(now[i] - before[i]);
                magnitude += Math.Abs(before[i]);
            }

            changes[step] = distance / magnitude;
        }

        return changes;
    }

    /// <summary>x·Wᵀ + b, [count, from] → [count, to]. A row of W at a time is widened: all of one may be 0.6 GB.</summary>
    private static float[] Linear(WeightStore weights, string name, ReadOnlySpan<float> x, int count, long from, long to)
    {
        var slot = new WeightSlot($"{name}.weight", DType.F32, [to, from]);
        using var bias = Tensor.Zeros(DType.F32, [to]);
        weights.CopyTo(new WeightSlot($"{name}.bias", DType.F32, [to]), "", bias);
        var isPlain = weights.StoredAs(slot) is [var stored] && stored.Shape == slot.Shape && weights.ScaleOf(slot.Name) is null;
        using var matrix = Tensor.Zeros(DType.F32, isPlain ? [1, from] : slot.Shape);
        if (!isPlain)
        {
            weights.CopyTo(slot, "", matrix);
        }

        var result = new float[count * to];
        var offsets = bias.Read<float>();
        var rows = isPlain ? weights.StoredAs(slot)[0] : matrix;
        for (var row = 0; row < to; row++)
        {
            var widened = rows.Slice(row, 1);
            if (isPlain)
            {
                widened.ConvertTo(matrix);
                widened = matrix;
            }

            var values = widened.Read<float>();
            for (var step = 0; step < count; step++)
            {
                result[(step * to) + row] = TensorPrimitives.Dot(values, x.Slice(step * (int)from, (int)from)) + offsets[row];
            }
        }

        return result;
    }

    private static void Silu(Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (float)(values[i] / (1 + Math.Exp(-values[i])));
        }
    }
}
