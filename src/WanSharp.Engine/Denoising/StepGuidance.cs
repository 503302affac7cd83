using WanSharp.Engine.Guidance;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;

namespace WanSharp.Engine.Denoising;

/// <summary>How a clip follows its prompt in each of its steps.</summary>
internal sealed record StepGuidance
{
    /// <summary>The scale of each step; at 1 the step needs no second branch.</summary>
    public required IReadOnlyList<float> Scales { get; init; }

    /// <summary>How many of the first steps take no velocity at all (CFG-Zero*), and so need no pass.</summary>
    public int ZeroSteps { get; init; }

    /// <summary>Whether the negative prompt's velocity is brought to its best length first (CFG-Zero*).</summary>
    public bool IsZeroStar { get; init; }

    /// <summary>Adaptive projected guidance; null for none.</summary>
    public ProjectedGuidance? Projected { get; init; }

    /// <summary>The blocks that the negative prompt's pass leaves out, and when; null for none.</summary>
    public SkippedBlocks? Skipped { get; init; }

    /// <summary>Guidance in the attention to the prompts; null for none.</summary>
    public AttentionGuidance? Attention { get; init; }

    /// <summary>The guidance that settings name.</summary>
    /// <param name="settings">The clip's settings.</param>
    /// <param name="timesteps">The timestep of each step.</param>
    public static StepGuidance Of(GenerationSettings settings, ReadOnlySpan<float> timesteps)
    {
        var scales = By(GuidanceScales.Of(settings), timesteps, settings.Boundary).Scales;
        var interval = settings.GuidanceInterval ?? StepInterval.All;
        return new StepGuidance
        {
            Scales =
            [
                .. scales.Select(
                    (scale, step) =>
                        !interval.Contains(step, settings.Steps) ? 1
                        : settings.GuidanceSteps is { } list ? (float)list[step]
                        : scale
                ),
            ],
            ZeroSteps = settings.CfgZero ?? 0,
            IsZeroStar = settings.CfgZero is not null,
            Projected = settings.Apg,
            Skipped = settings.Slg,
            Attention = settings.Nag,
        };
    }

    /// <summary>Plain guidance by scales.</summary>
    /// <param name="scales">Those of the experts.</param>
    /// <param name="timesteps">The timestep of each step.</param>
    /// <param name="boundary">Where the high-noise expert hands over; null where there is one transformer.</param>
    public static StepGuidance By(GuidanceScales scales, ReadOnlySpan<float> timesteps, double? boundary)
    {
        var each = new float[timesteps.Length];
        for (var step = 0; step < each.Length; step++)
        {
            each[step] = scales.At(boundary is { } share && ExpertBoundary.IsHighNoise(timesteps[step], share));
        }

        return new StepGuidance { Scales = each };
    }

    /// <summary>How many branches a step has: none, the prompt's, or the negative prompt's, too.</summary>
    public int BranchesAt(int step) =>
        step < ZeroSteps ? 0
        : Scales[step] == 1 ? 1
        : 2;

    /// <summary>The blocks that a step's second branch leaves out; none, mostly.</summary>
    public IReadOnlyList<int> SkippedAt(int step) =>
        Skipped is { } skipped && skipped.Steps.Contains(step, Scales.Count) ? skipped.Blocks : [];
}
