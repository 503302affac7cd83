namespace WanSharp.Engine.StepCaches;

/// <summary>
/// Skips nothing, and records what MagCache goes by: the magnitude of the network's output in each step as a share of the step before's.
/// </summary>
/// <remarks>
/// What is reused here is the network's output, so its magnitude is recorded: over the channels of each position, the mean of all
/// positions. Source of the formula: Zehong-Ma/MagCache, <c>magcache_calibration</c>, on the output of the blocks.
/// </remarks>
/// <param name="course">The clip's steps.</param>
/// <param name="channels">The channels of the latents.</param>
internal sealed class MagnitudeRecorder(StepCourse course, int channels) : StepCache(course)
{
    private readonly double[] _ratios = [.. Enumerable.Repeat(1.0, course.Count)];
    private double[]? _last;

    /// <summary>The ratio of each step; 1 for the first, and after a change.</summary>
    public IReadOnlyList<double> Ratios => _ratios;

    public override void Keep(int step, ReadOnlySpan<float> latents, ReadOnlySpan<float> conditional, ReadOnlySpan<float> unconditional)
    {
        var positions = conditional.Length / channels; // [channels, positions]
        var magnitudes = new double[positions];
        for (var channel = 0; channel < channels; channel++)
        {
            var plane = conditional.Slice(channel * positions, positions);
            for (var i = 0; i < positions; i++)
            {
                magnitudes[i] += (double)plane[i] * plane[i];
            }
        }

        for (var i = 0; i < positions; i++)
        {
            magnitudes[i] = Math.Sqrt(magnitudes[i]);
        }

        if (_last is { } last)
        {
            _ratios[step] = magnitudes.Zip(last, (now, before) => now / before).Average();
        }

        _last = magnitudes;
    }

    public override StepCacheState Save() => throw new NotSupportedException("A recording is not resumed.");

    public override void Restore(StepCacheState state) => throw new NotSupportedException("A recording is not resumed.");

    protected override bool Decide(int step, ReadOnlySpan<float> latents) => false;

    protected override void EstimateBranch(int step, int branch, ReadOnlySpan<float> latents, Span<float> velocity) =>
        throw new NotSupportedException("A recording skips nothing.");

    protected override void Forget() => _last = null;
}
