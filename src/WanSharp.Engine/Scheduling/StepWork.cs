using WanSharp.Engine.Denoising;
using WanSharp.Engine.Reuse;

namespace WanSharp.Engine.Scheduling;

/// <summary>A clip's next denoise step, and after it the one that follows, until the clip is denoised.</summary>
/// <param name="clip">The clip.</param>
/// <param name="state">Where it stands.</param>
/// <param name="snapshots">Keeps it for a later run of itself.</param>
/// <param name="recorder">Keeps it for clips of similar prompts; null where that is not wanted.</param>
/// <param name="preview">Shows it; null if nothing shows them.</param>
internal sealed class StepWork(
    ClipRun clip,
    DenoiseState state,
    SnapshotKeeper snapshots,
    StepRecorder? recorder = null,
    PreviewShow? preview = null
) : LaneWork(clip, GenerationStage.Denoise)
{
    public PreviewShow? Preview => preview;

    public DenoiseState State => state;

    public SnapshotKeeper Snapshots => snapshots;

    public StepRecorder? Recorder => recorder;

    /// <summary>What it has in common with clips that it may step with.</summary>
    public BatchKey Key =>
        Clip.Denoisers is { } denoisers
            ? Denoiser.KeyOf(state) with
            {
                Compile = denoisers.Options.Mode,
                Merged = Clip.Plan.Loras.MergeKey,
            }
            : Denoiser.KeyOf(state);

    /// <summary>The lane that took its first step: its prompt's keys and values are there. Null before.</summary>
    public int? Lane { get; set; }
}
