namespace WanSharp.Jobs.Recipes;

/// <summary>
/// The noise levels that ComfyUI gives Wan's steps. Source: Comfy-Org/ComfyUI:comfy/samplers.py (<c>SCHEDULER_HANDLERS</c>,
/// <c>KSampler.calculate_sigmas</c>) and comfy/model_sampling.py (<c>ModelSamplingDiscreteFlow</c>).
/// </summary>
internal static class ComfySchedule
{
    /// <summary>The shift of Wan's steps where nothing says otherwise.</summary>
    /// <remarks>comfy/supported_models.py, <c>WAN21_T2V.sampling_settings</c>.</remarks>
    public const double WanShift = 8;

    private const int Times = 1000;
    private const int KarrasRho = 7;
    private const double QuadraticThreshold = 0.025;

    // ComfyUI's own list of times has a thousand entries: what is nearer than one of them is the same.
    private const double Same = 1.0 / Times;

    private static readonly string[] DiscardPenultimate = ["dpm_2", "dpm_2_ancestral", "uni_pc", "uni_pc_bh2"];

    /// <summary>Whether a KSampler leaves out the last noise level before 0 of one step more.</summary>
    public static bool Discards(string sampler) => DiscardPenultimate.Contains(sampler, StringComparer.Ordinal);

    /// <summary>Whether a schedule spaces the steps evenly before the shift, as ours does.</summary>
    public static bool IsEven(string schedule) =>
        schedule.ToUpperInvariant() is "SIMPLE" or "NORMAL" or "SGM_UNIFORM" or "DEFAULT" or "AUTOMATIC" or "";

    /// <summary>The noise levels of steps, without the 0 at the end; null for a schedule that is not known.</summary>
    /// <param name="schedule">Its name.</param>
    /// <param name="steps">How many steps.</param>
    /// <param name="shift">The shift.</param>
    /// <param name="discards">Whether the last level of one step more is left out.</param>
    public static double[]? Levels(string schedule, int steps, double shift, bool discards)
    {
        var count = discards ? steps + 1 : steps;
        var last = Shifted(Same, shift);
        var levels = schedule switch
        {
            "simple" => Of(i => Shifted((Times - (int)((double)i * Times / count)) / (double)Times, shift)),
            "normal" => Of(i => Shifted(Between(1, last, i, count - 1), shift)),
            "sgm_uniform" => Of(i => Shifted(Between(1, last, i, count), shift)),
            "exponential" => Of(i => Math.Exp(Between(0, Math.Log(last), i, count - 1))),
            "karras" => Of(i => Math.Pow(Between(1, Math.Pow(last, 1.0 / KarrasRho), i, count - 1), KarrasRho)),
            "kl_optimal" when count > 1 => Of(i => Math.Tan(Between(Math.Atan(1), Math.Atan(last), i, count - 1))),
            "linear_quadratic" => Of(i => LinearQuadratic(i, count)),
            _ => null,
        };
        return discards ? levels?[..^1] : levels;

        double[] Of(Func<int, double> level) => [.. Enumerable.Range(0, count).Select(level)];
    }

    /// <summary>The noise levels of steps that are spaced evenly before the shift, as ours are.</summary>
    public static double[] Usual(int steps, double shift) =>
        [.. Enumerable.Range(0, steps).Select(i => Shifted(1 - ((double)i / steps), shift))];

    /// <summary>Whether noise levels are those of the same number of steps and a shift alone.</summary>
    public static bool IsUsual(IReadOnlyList<double> levels, int steps, double shift) =>
        levels.Count == steps
        && levels.Select((level, i) => Math.Abs(Unshifted(level, shift) - (1 - ((double)i / steps)))).All(away => away <= Same);

    private static double Between(double first, double last, int i, int gaps) => gaps == 0 ? first : first + ((last - first) * i / gaps);

    private static double Shifted(double time, double shift) => shift * time / (1 + ((shift - 1) * time));

    private static double Unshifted(double level, double shift) => level / (shift - ((shift - 1) * level));

    private static double LinearQuadratic(int i, int steps)
    {
        var linear = steps / 2;
        if (i < linear || steps == 1)
        {
            return steps == 1 ? 1 : 1 - (i * QuadraticThreshold / linear);
        }

        var left = steps - linear;
        var difference = linear - (QuadraticThreshold * steps);
        var quadratic = difference / (linear * (double)left * left);
        var slope = (QuadraticThreshold / linear) - (2 * difference / ((double)left * left));
        return 1 - ((quadratic * i * i) + (slope * i) + (quadratic * linear * linear));
    }
}
