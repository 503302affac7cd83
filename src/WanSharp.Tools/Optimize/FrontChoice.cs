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

    /// <summary>The way that makes a clip within a time and loses least.</summary>
    /// <param name="host">Keeps the fronts.</param>
    /// <param name="sight">The model, and what computes it.</param>
    /// <param name="settings">What the engine is opened with.</param>
    /// <param name="request">The clip, which has none of the settings that are chosen.</param>
    /// <param name="time">The time, from the start of the program.</param>
    /// <exception cref="InvalidRequestException">No front was measured for such clips, or none of its ways is so fast: the message says
    /// the least time.</exception>
    public static SavedWay Find(WanHost host, EngineSight sight, EngineSettings settings, GenerationRequest request, TimeSpan time)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(sight);
        ArgumentNullException.ThrowIfNull(request);
        var own = EngineHost
            .CostsOf(host, sight.Model, settings, Precision.Full)
            .Plan(request, VideoGenerator.ExecutionOf(sight.Runtime, sight.Session, Precision.Full));
        using var store = host.OpenTunings();
        var front =
            SavedFront.Find(store, SavedFront.KeyOf(sight.Model, own, sight.Runtime.Version, settings))
            ?? throw new InvalidRequestException(
                "within",
                Invariant(
                    $"What {own.Settings.Width}x{own.Settings.Height} clips of {own.Settings.Frames} frames cost was not measured yet"
                ) + " for this model and these options on this machine: run wan optimize with the same ones first."
            );
        return front.Within(time)
            ?? throw new InvalidRequestException(
                "within",
                Invariant($"A clip takes {front.Fastest.TotalSeconds:0.0} s at least, from the start of the program, ")
                    + Invariant($"and loses {front.Fastest.Loss:P1} of its SSIM then: allow more time, or make a smaller or shorter clip.")
            );
    }
}
