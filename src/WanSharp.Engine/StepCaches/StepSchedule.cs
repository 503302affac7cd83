namespace WanSharp.Engine.StepCaches;

/// <summary>
/// The policies whose decisions are known before the first step: they depend on the network and the steps' noise levels, not on the clip.
/// Each says for every step whether it is skipped.
/// </summary>
/// <remarks>
/// The prompt's branch decides, and the negative prompt's follows. Where the passes change (<see cref="StepCourse"/>), what was added up is
/// forgotten, and the step is computed.
/// </remarks>
internal static class StepSchedule
{
    private const int CallsPerStep = 2; // the published code counts the calls of both branches

    /// <summary>
    /// TeaCache: skips while the polynomial of the relative changes of the time embedding, added up, stays below the threshold.
    /// </summary>
    /// <remarks>Source: ali-vilab/TeaCache:TeaCache4Wan2.1/teacache_generate.py, <c>teacache_forward</c>.</remarks>
    /// <param name="course">The steps.</param>
    /// <param name="changes">For each step the relative change of the embedding since the step before; the first is not read.</param>
    /// <param name="coefficients">The polynomial's, highest power first.</param>
    /// <param name="threshold">When to compute.</param>
    /// <param name="firstComputed">How many of the first steps are computed.</param>
    /// <param name="lastComputed">How many of the last ones are.</param>
    public static bool[] Tea(
        StepCourse course,
        IReadOnlyList<double> changes,
        IReadOnlyList<double> coefficients,
        double threshold,
        int firstComputed,
        int lastComputed
    )
    {
        var skips = new bool[course.Count];
        var sum = 0.0;
        for (var step = 0; step < skips.Length; step++)
        {
            if (course.Changes[step] || step < firstComputed || step >= skips.Length - lastComputed)
            {
                sum = 0;
                continue;
            }

            sum += coefficients.Aggregate(0.0, (value, coefficient) => (value * changes[step]) + coefficient);
            skips[step] = sum < threshold; // not a number computes
            sum = skips[step] ? sum : 0;
        }

        return skips;
    }

    /// <summary>
    /// MagCache: skips while the error that the ratios of magnitudes predict, added up, stays below the threshold.
    /// </summary>
    /// <remarks>Source: Zehong-Ma/MagCache:MagCache4Wan2.1 and MagCache4Wan2.2, magcache_generate.py, <c>magcache_forward</c>.</remarks>
    /// <param name="course">The steps.</param>
    /// <param name="ratios">For each step the magnitude of the network's output as a share of the step before's.</param>
    /// <param name="threshold">When to compute.</param>
    /// <param name="mostSkips">The most steps that are skipped in a row.</param>
    /// <param name="retention">The share of each expert's first steps that are computed.</param>
    /// <param name="lowNoiseOnly">Whether all steps of the high-noise expert are computed.</param>
    public static bool[] Mag(
        StepCourse course,
        IReadOnlyList<double> ratios,
        double threshold,
        int mostSkips,
        double retention,
        bool lowNoiseOnly = false
    )
    {
        var skips = new bool[course.Count];
        var (ratio, error, inARow) = (1.0, 0.0, 0);
        for (var step = 0; step < skips.Length; step++)
        {
            if (course.Changes[step])
            {
                (ratio, error, inARow) = (1, 0, 0);
            }

            if (course.Changes[step] || IsRetained(course, step, retention, lowNoiseOnly))
            {
                continue;
            }

            ratio *= ratios[step];
            error += Math.Abs(1 - ratio);
            inARow++;
            skips[step] = error < threshold && inARow <= mostSkips;
            if (!skips[step])
            {
                (ratio, error, inARow) = (1, 0, 0);
            }
        }

        return skips;
    }

    /// <summary>Spectrum: computes every w-th step, and w grows.</summary>
    /// <remarks>Source: leejet/stable-diffusion.cpp:src/runtime/spectrum.hpp, <c>should_predict</c> and <c>update</c>.</remarks>
    /// <param name="course">The steps.</param>
    /// <param name="window">w, rounded down.</param>
    /// <param name="growth">What w gains with each computed step.</param>
    /// <param name="firstComputed">How many of the first steps are computed.</param>
    /// <param name="end">The share of the steps after which all are computed.</param>
    public static bool[] Spectrum(StepCourse course, double window, double growth, int firstComputed, double end)
    {
        var skips = new bool[course.Count];
        var stop = (int)((float)end * course.Count);
        var (width, inARow, known) = (window, 0, 0);
        for (var step = 0; step < skips.Length; step++)
        {
            known = course.Changes[step] ? 0 : known;
            inARow = course.Changes[step] ? 0 : inARow;
            var mayPredict = step >= firstComputed && (stop <= 0 || step < stop) && known >= ChebyshevForecast.LeastSteps;
            skips[step] = mayPredict && (inARow + 1) % Math.Max(1, (int)Math.Floor(width)) != 0;
            if (skips[step])
            {
                inARow++;
                continue;
            }

            width += step >= firstComputed ? growth : 0;
            inARow = 0;
            known++;
        }

        return skips;
    }

    /// <summary>TaylorSeer: computes every n-th step after the first ones, and the last one.</summary>
    /// <remarks>Source: Shenyi-Z/TaylorSeer: <c>cal_type</c> of its pipelines (Liu et al., arXiv 2503.06923).</remarks>
    /// <param name="course">The steps.</param>
    /// <param name="interval">n.</param>
    /// <param name="order">The order of the differences; as many steps and one more must be known.</param>
    /// <param name="firstComputed">How many of the first steps are computed.</param>
    public static bool[] Taylor(StepCourse course, int interval, int order, int firstComputed)
    {
        var skips = new bool[course.Count];
        var (since, known) = (0, 0);
        for (var step = 0; step < skips.Length; step++)
        {
            known = course.Changes[step] ? 0 : known;
            skips[step] = step >= firstComputed && step < skips.Length - 1 && known > order && since < interval - 1;
            (since, known) = skips[step] ? (since + 1, known) : (0, known + 1);
        }

        return skips;
    }

    /// <summary>Values as many as steps, each the nearest of a list.</summary>
    /// <remarks>Source: Zehong-Ma/MagCache, <c>nearest_interp</c>; halves are rounded to even numbers.</remarks>
    public static double[] Resample(IReadOnlyList<double> values, int count)
    {
        if (count == 1)
        {
            return [values[^1]];
        }

        var scale = (values.Count - 1) / (double)(count - 1);
        return [.. Enumerable.Range(0, count).Select(i => values[(int)Math.Round(i * scale, MidpointRounding.ToEven)])];
    }

    private static bool IsRetained(StepCourse course, int step, double retention, bool lowNoiseOnly)
    {
        var (call, calls, split) = (CallsPerStep * step, CallsPerStep * course.Count, CallsPerStep * course.HighNoiseSteps);
        if (split == 0)
        {
            return call < (int)(calls * retention);
        }

        return lowNoiseOnly
            ? call < (int)(split + ((calls - split) * retention))
            : call < (int)(split * retention) || (call >= split && call <= ((calls - split) * retention) + split);
    }
}
