using WanSharp.Engine.StepCaches;

namespace WanSharp.Engine.Planning;

/// <summary>Which steps of a clip are estimated instead of computed, and how.</summary>
public sealed record StepCachePlan
{
    private const int Branches = 2;
    private const int Copies = 2;

    /// <summary>The policy, with all of its numbers.</summary>
    public required StepCacheSetting Setting { get; init; }

    /// <summary>Why it was chosen; empty where it was asked for.</summary>
    public string Why { get; init; } = "";

    /// <summary>Whether <see cref="SkippedSteps"/> are those that will be skipped; otherwise the clip itself decides.</summary>
    public required bool IsKnownBefore { get; init; }

    /// <summary>The steps that are skipped, from 0; an expectation where <see cref="IsKnownBefore"/> is false.</summary>
    public required IReadOnlyList<int> SkippedSteps { get; init; }

    /// <summary>The steps.</summary>
    internal StepCourse Course { get; init; } = StepCourse.Of(0);

    /// <summary>How a schedule's outputs are estimated; null where the clip decides.</summary>
    internal IStepForecast? Forecast { get; init; }

    /// <summary>Whether a step is expected to be skipped.</summary>
    internal bool Skips(int step) => SkippedSteps.Contains(step);

    /// <summary>What a clip begins with.</summary>
    internal StepCache Create() =>
        Forecast is { } forecast ? new ScheduledCache(Course, [.. Enumerable.Range(0, Course.Count).Select(Skips)], forecast)
        : RunsInBlocks ? new FirstBlockCache(Course, Setting.Values[0], (int)Setting.Values[1], (int)Setting.Values[2])
        : new EasyCache(Course, Setting.Values[0], (int)Setting.Values[1]);

    /// <summary>Whether it leaves out blocks in the middle of a pass.</summary>
    internal bool RunsInBlocks => Setting.Policy == StepCachePolicy.FirstBlockName;

    /// <summary>Bytes that a clip keeps of its computed steps, with their copy while its state is saved.</summary>
    /// <param name="branches">Its branches.</param>
    /// <param name="latents">The length of its latents.</param>
    /// <param name="tokens">The length of a row's tokens: their number times the model's width.</param>
    internal long Bytes(int branches, long latents, long tokens)
    {
        branches = Math.Min(branches, Branches);
        return Copies
            * sizeof(float)
            * (
                Forecast is { } forecast ? forecast.Length * branches * latents
                : RunsInBlocks ? FirstBlockCache.ArraysKept * branches * tokens
                : (EasyCache.LatentsKept + branches) * latents
            );
    }

    /// <summary>That of the steps that are left: for estimates.</summary>
    internal StepCachePlan After(int step) =>
        this with
        {
            SkippedSteps = [.. SkippedSteps.Where(one => one >= step).Select(one => one - step)],
        };
}
