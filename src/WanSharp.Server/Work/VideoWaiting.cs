using WanSharp.Jobs;
using WanSharp.Jobs.Storage;
using WanSharp.Server.Events;
using WanSharp.Server.Http;

namespace WanSharp.Server.Work;

/// <summary>Waits for what becomes of videos. Thread-safe.</summary>
internal sealed class VideoWaiting(JobStore store, EventHub hub)
{
    /// <summary>Waits for a job's end, or that of the server.</summary>
    /// <param name="job">The job.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The job as it is then.</returns>
    public async Task<Job> EndAsync(Job job, CancellationToken cancellationToken)
    {
        var now = job;
        try
        {
            while (now.State is JobState.Queued or JobState.Running && !hub.IsClosed)
            {
                using var changes = hub.Subscribe(after: null);
                now = store.Find(job.Id) ?? throw ApiException.NotFound("The video was deleted meanwhile.");
                while (
                    now.State is JobState.Queued or JobState.Running
                    && await changes.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false)
                )
                {
                    if (changes.Reader.TryRead(out var one) && one.MayEnd(VideoId.OfFile(job.Output)))
                    {
                        break;
                    }
                }

                now = store.Find(job.Id) ?? throw ApiException.NotFound("The video was deleted meanwhile.");
            }
        }
        catch (OperationCanceledException)
        {
            // as far as it is
        }

        return now;
    }
}
