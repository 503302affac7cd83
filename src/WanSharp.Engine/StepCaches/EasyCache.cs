using System.Numerics.Tensors;

namespace WanSharp.Engine.StepCaches;

/// <summary>
/// EasyCache: expects outputs to change as much, for each change of the latents, as at the last computed step, and skips while the
/// expected changes, added up, stay below the threshold. A skipped step's output is what it is given, plus the last difference of the two.
/// </summary>
/// <remarks>
/// The prompt's branch decides for both. Source: H-EmbodVis/EasyCache:EasyCache4Wan2.1/easycache_generate.py,
/// <c>easycache_forward</c> (arXiv 2507.02860).
/// </remarks>
/// <param name="course">The clip's steps.</param>
/// <param name="threshold">When to compute.</param>
/// <param name="warmUp">How many of the first steps are computed; the last one is, too.</param>
internal sealed class EasyCache(StepCourse course, double threshold, int warmUp) : StepCache(course)
{
    /// <summary>What it keeps next to each branch's output: the latents of the last step, and of the last computed one.</summary>
    public const int LatentsKept = 2;

    private readonly List<float[]> _outputs = []; // of each branch, of the last computed step
    private float[]? _seen; // the latents of the step before
    private float[]? _computed; // those of the last computed step
    private double? _slope; // k
    private double _sum;

    public override void Keep(int step, ReadOnlySpan<float> latents, ReadOnlySpan<float> conditional, ReadOnlySpan<float> unconditional)
    {
        if (_outputs.Count > 0 && _computed is not null)
        {
            _slope = MeanDistance(conditional, _outputs[0]) / MeanDistance(latents, _computed);
        }

        Copy(latents, ref _computed);
        Put(0, conditional);
        if (unconditional.Length > 0)
        {
            Put(1, unconditional);
        }
    }

    public override StepCacheState Save() =>
        new(
            [Skipped, _sum, _slope ?? double.NaN, _seen is null ? 0 : 1, _computed is null ? 0 : 1],
            [.. new[] { _seen, _computed }.OfType<float[]>().Concat(_outputs).Select(array => (float[])array.Clone())]
        );

    public override void Restore(StepCacheState state)
    {
        const int Numbers = 5;
        var latents = state.Numbers.Count == Numbers ? (int)(state.Numbers[3] + state.Numbers[4]) : int.MaxValue;
        if (state.Arrays.Count < latents)
        {
            throw new ArgumentException($"{state.Arrays.Count} arrays are not what EasyCache keeps.", nameof(state));
        }

        Forget();
        Queue<float[]> arrays = new(state.Arrays.Select(array => (float[])array.Clone()));
        (Skipped, _sum) = ((int)state.Numbers[0], state.Numbers[1]);
        _slope = double.IsNaN(state.Numbers[2]) ? null : state.Numbers[2];
        _seen = state.Numbers[3] > 0 ? arrays.Dequeue() : null;
        _computed = state.Numbers[4] > 0 ? arrays.Dequeue() : null;
        _outputs.AddRange(arrays);
    }

    protected override bool Decide(int step, ReadOnlySpan<float> latents)
    {
        var skips = false;
        if (step < warmUp || step == Course.Count - 1)
        {
            _sum = 0;
        }
        else if (_seen is not null && _outputs.Count > 0 && _slope is { } slope)
        {
            _sum += slope * (MeanDistance(latents, _seen) / MeanMagnitude(_outputs[0]));
            skips = _sum < threshold; // not a number computes
            _sum = skips ? _sum : 0;
        }

        Copy(latents, ref _seen);
        return skips;
    }

    protected override void EstimateBranch(int step, int branch, ReadOnlySpan<float> latents, Span<float> velocity)
    {
        TensorPrimitives.Subtract(_outputs[branch], _computed!, velocity);
        TensorPrimitives.Add(latents, velocity, velocity);
    }

    protected override void Forget()
    {
        (_seen, _computed, _slope, _sum) = (null, null, null, 0);
        _outputs.Clear();
    }

    private void Put(int branch, ReadOnlySpan<float> velocity)
    {
        if (_outputs.Count == branch)
        {
            _outputs.Add(new float[velocity.Length]);
        }

        velocity.CopyTo(_outputs[branch]);
    }

    private static void Copy(ReadOnlySpan<float> values, ref float[]? kept)
    {
        kept ??= new float[values.Length];
        values.CopyTo(kept);
    }

    private static double MeanDistance(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        const int Chunk = 4096;
        Span<float> differences = stackalloc float[Chunk];
        var sum = 0.0;
        for (var start = 0; start < left.Length; start += Chunk)
        {
            var length = Math.Min(Chunk, left.Length - start);
            TensorPrimitives.Subtract(left.Slice(start, length), right.Slice(start, length), differences[..length]);
            sum += TensorPrimitives.SumOfMagnitudes<float>(differences[..length]);
        }

        return sum / left.Length;
    }

    private static double MeanMagnitude(ReadOnlySpan<float> values)
    {
        const int Chunk = 4096;
        var sum = 0.0;
        for (var start = 0; start < values.Length; start += Chunk)
        {
            sum += TensorPrimitives.SumOfMagnitudes(values.Slice(start, Math.Min(Chunk, values.Length - start)));
        }

        return sum / values.Length;
    }
}
