using WanSharp.Engine;
using WanSharp.Engine.Requests;
using WanSharp.Hosting;
using WanSharp.Runtime;
using WanSharp.Tensors;
using static System.FormattableString;

namespace WanSharp.Tools.Optimize;

/// <summary>Chooses the way of a measured front for a clip.</summary>
public static class FrontChoice
{
    /// <summary>The settings that levers change.</summary>
    internal static readonly (string Field, Func<ClipSettings, object?> Of)[] LeverFields =
    [
        ("steps", clip => clip.Steps),
        ("sampler", clip => clip.Sampler),
        ("sigmas", clip => clip.Sigmas),
        ("timesteps", clip => clip.Timesteps),
        ("step-cache", clip => clip.StepCache),
        ("guidance-interval", clip => clip.GuidanceInterval),
        ("guidance-steps", clip => clip.GuidanceSteps),
        ("preset", clip => clip.Preset),
        ("decoder", clip => clip.Decoder),
    ];

    /// <summary>A setting that a lever would change; null where all are open.</summary>
    public static string? FindLever(ClipSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return LeverFields.FirstOrDefault(lever => lever.Of(settings) is not null).Field;
    }

    /// <summary>Refuses a clip that has a setting which a way would choose.</summary>
    /// <param name="asked">The clip as it was asked for.</param>
    /// <param name="styled">The clip in its style.</param>
    /// <exception cref="InvalidRequestException">It has one.</exception>
    public static void RequireOpen(ClipSettings asked, ClipSettings styled)
    {
        if (FindLever(asked) is { } typed)
        {
            throw new InvalidRequestException("within", $"--within chooses --{typed} itself: leave one of them out.");
        }

        if (FindLever(styled) is { } lever)
        {
            throw new InvalidRequestException("within", $"The style sets {lever}, which --within chooses itself: leave one of them out.");
        }
    }

    /// <summary>What was measured for clips like one, and holds: ways whose files or presets changed are left out.</summary>
    /// <param name="host">Keeps the fronts.</param>
    /// <param name="sight">The model, and what computes it.</param>
    /// <param name="settings">What the engine is opened with.</param>
    /// <param name="request">The clip, which has none of the settings that are chosen.</param>
    /// <returns>The front, and a line on each way that is left out.</returns>
    /// <exception cref="InvalidRequestException">No front was measured for such clips.</exception>
    internal static (SavedFront Front, IReadOnlyList<string> LeftOut) Find(
        WanHost host,
        EngineSight sight,
        EngineSettings settings,
        GenerationRequest request
    )
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(sight);
        ArgumentNullException.ThrowIfNull(request);
        var usual = PrecisionSelection.Choose(sight.Runtime, sight.Session).Precision;
        var execution = VideoGenerator.ExecutionOf(sight.Runtime, sight.Session, usual);
        var costs = EngineHost.CostsOf(host, sight.Model, settings, usual);
        var own = costs.Plan(request, execution);
        using var store = host.OpenTunings();
        var front =
            SavedFront.Find(store, SavedFront.KeyOf(sight.Model, own, sight.Runtime.Version, settings))
            ?? throw new InvalidRequestException(
                "within",
                Invariant(
                    $"What {own.Settings.Width}x{own.Settings.Height} clips of {own.Settings.Frames} frames cost was not measured yet"
                ) + " for this model and these options on this machine: run wan optimize with the same ones first."
            );
        var stale = new Dictionary<SavedWay, string>();
        foreach (var way in front.Ways)
        {
            if (Change(way) is { } change)
            {
                stale.Add(way, LeftOut(way, change));
            }
        }

        return (front.Without(stale.Keys), [.. stale.Values]);

        string? Change(SavedWay way)
        {
            try
            {
                var plan = costs.Plan(way.In(request), execution);
                return way.Made == SavedFront.MadeBy(plan) ? null : "its files, or what its preset says, changed since it was measured";
            }
            catch (Exception e) when (e is InvalidRequestException or CheckpointException or IOException)
            {
                return e.Message; // its decoder is gone, or its LoRA
            }
        }
    }

    /// <summary>The way of a front that makes a clip within a time and loses least.</summary>
    /// <param name="front">What was measured and holds.</param>
    /// <param name="time">The time, from the start of the program.</param>
    /// <param name="leftOut">A line on each way that is left out.</param>
    /// <exception cref="InvalidRequestException">No way is so fast: the message says the least time.</exception>
    internal static SavedWay Choose(SavedFront front, TimeSpan time, IReadOnlyCollection<string> leftOut)
    {
        var without = leftOut.Count == 0 ? "" : $" ({string.Join("; ", leftOut)})";
        if (front.Ways.Count == 0)
        {
            throw new InvalidRequestException("within", $"No way that was measured holds any more{without}: run wan optimize again.");
        }

        return front.Within(time)
            ?? throw new InvalidRequestException(
                "within",
                Invariant($"A clip takes {front.Fastest.TotalSeconds:0.0} s at least, from the start of the program, ")
                    + Invariant($"and loses {front.Fastest.Loss:P1} of its SSIM then{without}: allow more time, or make a smaller or ")
                    + "shorter clip."
            );
    }

    /// <summary>Says that a way is left out.</summary>
    internal static string LeftOut(SavedWay way, string why) =>
        $"left out: {(way.Choices.Count == 0 ? "the model's own way" : string.Join(", ", way.Choices))}: {why.TrimEnd('.')}";
}
