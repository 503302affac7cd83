using System.Collections.Concurrent;
using WanSharp.Engine.Planning;

namespace WanSharp.Engine.Costs;

/// <summary>How long the clips of many plans take on a machine. What is equal in all that is counted is predicted once.</summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="costs">Predicts.</param>
/// <param name="machine">The machine.</param>
public sealed class ClipEstimates(CostModel costs, Calibration machine)
{
    private readonly ConcurrentDictionary<string, TimeSpan> _known = new();

    /// <summary>The time of a clip.</summary>
    public TimeSpan Of(GenerationPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return _known.GetOrAdd(KeyOf(plan), _ => TimeSpan.FromSeconds(costs.Predict(plan, machine).Seconds));
    }

    /// <summary>
    /// What plans have in common that cost the same: all of them, but which words they have, their seed, and what is in their pictures.
    /// </summary>
    internal string KeyOf(GenerationPlan plan)
    {
        string[] prompts = [plan.Settings.Prompt, plan.Settings.NegativePrompt];
        var settings = plan.Settings with
        {
            Prompt = "",
            NegativePrompt = "",
            Seed = 0,
            Images = [.. plan.Settings.Images.Select(image => image with { Sha256 = "" })],
        };
        return string.Join(
            '\n',
            settings.ToJson(),
            string.Join(' ', prompts.Take(plan.Prompts).Select(costs.CountTokens)),
            string.Join(' ', plan.ComputedBranches),
            plan.HighNoiseSteps,
            plan.VaeTiles,
            plan.UpscaleTiles,
            plan.Strategy
        );
    }
}
