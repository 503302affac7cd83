using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;

namespace WanSharp.Engine.Scheduling;

/// <summary>One clip on its way through the stages: its plan, what its caller wants, and what it has cost so far.</summary>
/// <param name="Plan">What is made.</param>
/// <param name="Options">How.</param>
/// <param name="Clock">What it costs.</param>
/// <param name="Order">Clips that came earlier have lower ones.</param>
/// <param name="Cancelled">The caller's order to stop, or the generator's end.</param>
internal sealed record ClipRun(GenerationPlan Plan, GenerationRunOptions Options, ClipClock Clock, long Order, CancellationToken Cancelled)
{
    /// <summary>What it takes of the memory; nothing where nothing was said about memory.</summary>
    public ClipBytes Bytes { get; init; }

    /// <summary>What its steps are taken with; null until they are loaded.</summary>
    public DenoiserSet? Denoisers { get; private init; }

    /// <summary>Waiting as long as this counts as much as one level of priority.</summary>
    public static readonly TimeSpan Rise = TimeSpan.FromSeconds(30);

    /// <summary>Whose steps it began with; null for its own.</summary>
    public ReusedSteps? Reused => Options.Resume is { } resume ? resume.Reused : Options.Start?.Reused;

    /// <summary>The clip's priority after waiting, so that nothing starves.</summary>
    /// <param name="waitsSince">When it began to wait.</param>
    /// <param name="now">The time at which clips are compared.</param>
    public long PriorityAfter(long waitsSince, long now) =>
        Options.Priority + (Clock.Time.GetElapsedTime(waitsSince, now).Ticks / Rise.Ticks);

    /// <summary>The clip with what its steps are taken with; if that is compiled otherwise than planned, its bits are another's.</summary>
    public ClipRun With(DenoiserSet.Use denoisers) =>
        this with
        {
            Denoisers = denoisers.Set,
            Plan = denoisers.IsAsWanted ? Plan : ClipIdentity.Compiled(Plan, denoisers.Mode),
        };

    public void Report(GenerationStage stage, int done, int total) => Options.Progress?.Report(new GenerationProgress(stage, done, total));
}
