namespace WanSharp.Engine.Scheduling;

/// <summary>Work that is computed for its clip alone.</summary>
internal sealed class SingleWork(ClipRun clip, GenerationStage stage, Action compute) : LaneWork(clip, stage)
{
    public void Run()
    {
        try
        {
            Clip.Cancelled.ThrowIfCancellationRequested();
            using (Clip.Clock.Work(Stage))
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
