using WanSharp.Engine.Memory;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Graphs.Networks;

namespace WanSharp.Engine.Scheduling;

/// <summary>One clip on its way through the stages: its plan, what its caller wants, and what it has cost so far.</summary>
/// <param name="Plan">What is made.</param>
/// <param name="Options">How.</param>
/// <param name="Clock">What it costs.</param>
/// <param name="Order">Clips that came earlier have lower ones.</param>
/// <param name="Cancelled">The caller's order to stop, or the generator's end.</param>
internal sealed record ClipRun(GenerationPlan Plan, GenerationRunOptions Options, ClipClock Clock, long Order, CancellationToken Cancelled)
{
    /// <summary>What it takes of the memory; nothing where no memory limit is set.</summary>
    public ClipBytes Bytes { get; init; }

    /// <summary>What its steps are taken with; null until they are loaded.</summary>
    public DenoiserSet? Denoisers { get; private init; }

    /// <summary>Whose steps it began with; null for its own.</summary>
    public ReusedSteps? Reused => Options.Resume is { } resume ? resume.Reused : Options.Start?.Reused;

    /// <summary>
    /// Bytes of the pictures that show it while it is denoised, where a tiny decoder makes them: all of its frames, until they are shown.
    /// </summary>
    public long PreviewBytes =>
        Options.Preview is not null && Plan.Decoder is { Config.Kind: VaeKind.Tiny } && Plan.Settings.DecodedSize is var size
            ? 3L * size.Width * size.Height * Plan.Settings.Frames
            : 0;

    /// <summary>Where the clip stands among those that wait.</summary>
    /// <param name="since">When it began to wait.</param>
    public WaitingRank RankSince(long since) => new(Options.Priority, Order, since);

    /// <summary>The clip with what its steps are taken with; if that is compiled otherwise than planned, its bits are another's.</summary>
    public ClipRun With(DenoiserSet.Lease denoisers) =>
        this with
        {
            Denoisers = denoisers.Set,
            Plan = denoisers.IsAsWanted ? Plan : ClipIdentity.Compiled(Plan, denoisers.Mode),
        };

    public void Report(GenerationStage stage, int done, int total, int skipped = 0) =>
        Options.Progress?.Report(new GenerationProgress(stage, done, total) { Skipped = skipped });
}
