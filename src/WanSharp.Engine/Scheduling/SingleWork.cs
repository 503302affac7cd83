namespace WanSharp.Engine.Scheduling;

/// <summary>Work that is computed for its clip alone.</summary>
/// <param name="clip">The clip.</param>
/// <param name="stage">The stage.</param>
/// <param name="compute">Computes it.</param>
/// <param name="what">What of the stage, for traces; null for all of it.</param>
internal sealed class SingleWork(ClipRun clip, GenerationStage stage, Action compute, string? what = null) : LaneWork(clip, stage)
{
    public void Run()
    {
        try
        {
            Clip.Cancelled.ThrowIfCancellationRequested();
            using (Clip.Clock.Work(Stage, what))
            {
                compute();
            }

            Complete();
        }
        catch (Exception e) // whatever it is, it is this clip's; its caller gets it
        {
            Fail(e);
        }
    }
}
