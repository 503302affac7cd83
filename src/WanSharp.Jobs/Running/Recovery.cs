using WanSharp.Jobs.Storage;
using WanSharp.Storage;

namespace WanSharp.Jobs.Running;

/// <summary>
/// Takes up what a process that is gone has left. A job whose artifact was moved to its place has succeeded, though the process did
/// not come to say
/// so; any other waits again. What was half-written is removed.
/// </summary>
internal static class Recovery
{
    /// <param name="store">The jobs.</param>
    /// <param name="events">Receives what came to its end.</param>
    /// <param name="cancellationToken">Stops between two jobs.</param>
    public static async Task RunAsync(JobStore store, IProgress<JobEvent>? events, CancellationToken cancellationToken)
    {
        foreach (var worker in store.Queue.WorkersOfRunningJobs().Union(WorkerLock.Known(store.Folder).ToList()))
        {
            using var dead = WorkerLock.TryTakeOver(store.Folder, worker);
            if (dead is null)
            {
                continue;
            }

            var abandoned = store.Queue.Abandoned(worker);
            foreach (var (id, output, sha256) in abandoned)
            {
                var artifact = store.Folder.Artifact(output);
                if (
                    sha256 is not null
                    && File.Exists(artifact)
                    && await Digests.OfFileAsync(artifact, cancellationToken).ConfigureAwait(false) == sha256
                )
                {
                    store.Queue.Succeed(id);
                    store.Folder.DeleteSnapshot(id);
                }
                else
                {
                    store.Queue.Abandon(id, worker, alone: abandoned.Count == 1);
                }

                Tell(store.Find(id), events);
                store.Queue.PurgeIfRemoved(id);
            }
        }
    }

    private static void Tell(Job? job, IProgress<JobEvent>? events)
    {
        JobEventKind? kind = job switch
        {
            null => null,
            { IsRemoved: true } => JobEventKind.Removed,
            { State: JobState.Succeeded } => JobEventKind.Succeeded,
            { State: JobState.Failed } => JobEventKind.Failed,
            { State: JobState.Cancelled } => JobEventKind.Cancelled,
            _ => null, // it waits again, and is told of when it is started
        };
        if (kind is { } ended)
        {
            events?.Report(new JobEvent(ended, job!));
        }
    }
}
