using WanSharp.Engine.Denoising;

namespace WanSharp.Engine.Scheduling;

/// <summary>A clip's next denoise step, and after it the one that follows, until the clip is denoised.</summary>
internal sealed class StepWork(ClipRun clip, DenoiseState state, SnapshotKeeper snapshots) : LaneWork(clip, GenerationStage.Denoise)
{
    public DenoiseState State => state;

    public SnapshotKeeper Snapshots => snapshots;

    public override object BatchKey => Denoiser.KeyOf(state);
}
