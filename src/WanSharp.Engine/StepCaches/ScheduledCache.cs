using System.Numerics.Tensors;

namespace WanSharp.Engine.StepCaches;

/// <summary>Skips the steps that a schedule says, and estimates them from the outputs of those that were computed last.</summary>
/// <param name="course">The clip's steps.</param>
/// <param name="skips">For each step, whether it is to be skipped.</param>
/// <param name="forecast">How outputs are estimated.</param>
internal sealed class ScheduledCache(StepCourse course, IReadOnlyList<bool> skips, IStepForecast forecast) : StepCache(course)
{
    private readonly List<(int Step, float[][] Branches)> _outputs = []; // oldest first

    public override void Keep(int step, ReadOnlySpan<float> latents, ReadOnlySpan<float> conditional, ReadOnlySpan<float> unconditional)
    {
        var count = unconditional.Length > 0 ? 2 : 1;
        float[][]? branches = null;
        if (_outputs.Count == forecast.Length)
        {
            branches = _outputs[0].Branches.Length == count ? _outputs[0].Branches : null; // its memory serves again
            _outputs.RemoveAt(0);
        }

        var length = latents.Length;
        branches ??= [.. Enumerable.Range(0, count).Select(_ => new float[length])];
        conditional.CopyTo(branches[0]);
        if (count > 1)
        {
            unconditional.CopyTo(branches[1]);
        }

        _outputs.Add((step, branches));
    }

    public override StepCacheState Save() =>
        new(
            [Skipped, .. _outputs.Select(output => (double)output.Step)],
            [.. _outputs.SelectMany(output => output.Branches).Select(branch => (float[])branch.Clone())]
        );

    public override void Restore(StepCacheState state)
    {
        var count = state.Numbers.Count - 1;
        if (count < 0 || count > forecast.Length || (count == 0 ? state.Arrays.Count > 0 : state.Arrays.Count % count != 0))
        {
            throw new ArgumentException(
                $"{state.Arrays.Count} outputs of {count} steps are not what this step cache keeps.",
                nameof(state)
            );
        }

        Skipped = (int)state.Numbers[0];
        _outputs.Clear();
        var branches = count == 0 ? 0 : state.Arrays.Count / count;
        for (var i = 0; i < count; i++)
        {
            var arrays = state.Arrays.Skip(i * branches).Take(branches);
            _outputs.Add(((int)state.Numbers[1 + i], [.. arrays.Select(array => (float[])array.Clone())]));
        }
    }

    // A clip that begins in the middle, with another one's latents, may know too little yet.
    protected override bool Decide(int step, ReadOnlySpan<float> latents) => skips[step] && _outputs.Count >= forecast.Least;

    protected override void EstimateBranch(int step, int branch, ReadOnlySpan<float> latents, Span<float> velocity)
    {
        var weights = forecast.Weights([.. _outputs.Select(output => output.Step)], step);
        TensorPrimitives.Multiply(_outputs[^1].Branches[branch], (float)weights[^1], velocity);
        for (var i = 0; i < weights.Length - 1; i++)
        {
            TensorPrimitives.MultiplyAdd(_outputs[i].Branches[branch], (float)weights[i], velocity, velocity);
        }
    }

    protected override void Forget() => _outputs.Clear();
}
