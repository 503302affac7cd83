using WanSharp.Engine.Memory;

namespace WanSharp.Engine.Scheduling;

/// <summary>What a lane computes for one clip between two decisions: a prompt, a denoise step, a latent frame's pictures.</summary>
/// <param name="clip">Whose work it is.</param>
/// <param name="stage">Which stage's.</param>
internal abstract class LaneWork(ClipRun clip, GenerationStage stage)
{
    // What awaits it continues on another thread: a lane has other work to do.
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ClipRun Clip => clip;

    public GenerationStage Stage => stage;

    /// <summary>Ends when the work is done; fails as the work does.</summary>
    public Task Done => _done.Task;

    /// <summary>When it began to wait for a lane.</summary>
    public long WaitsSince { get; set; }

    /// <summary>Where it stands among the work that waits.</summary>
    public WaitingRank Rank => clip.RankSince(WaitsSince);

    /// <summary>Takes it out of the queue when its clip is cancelled.</summary>
    public CancellationTokenRegistration Cancelling { get; set; }

    public void Complete() => _done.TrySetResult();

    public void Fail(Exception exception) =>
        _ = exception is OperationCanceledException canceled
            ? _done.TrySetCanceled(canceled.CancellationToken)
            : _done.TrySetException(exception);
}
