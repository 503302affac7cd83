using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using WanSharp.Engine.StepCaches;
using WanSharp.Models;
using WanSharp.Runtime.Weights;

namespace WanSharp.Engine.Planning;

/// <summary>Keeps what <see cref="TimeChanges"/> computes: the clips of a batch have the same steps.</summary>
internal static class TimeSignals
{
    private const int Most = 64;

    private static readonly ConditionalWeakTable<WeightStore, ConcurrentDictionary<string, double[]>> Kept = [];

    public static double[] Of(WanModel model, WeightStore weights, ReadOnlySpan<float> timesteps, bool isProjected)
    {
        var kept = Kept.GetOrCreateValue(weights);
        var key = new System.Text.StringBuilder(isProjected ? "e0" : "e");
        foreach (var timestep in timesteps)
        {
            key.Append(CultureInfo.InvariantCulture, $" {timestep:R}");
        }

        if (kept.Count >= Most)
        {
            kept.Clear();
        }

        if (!kept.TryGetValue(key.ToString(), out var changes))
        {
            changes = TimeChanges.Of(weights, model.Transformer, timesteps, isProjected);
            kept[key.ToString()] = changes;
        }

        return changes;
    }
}
