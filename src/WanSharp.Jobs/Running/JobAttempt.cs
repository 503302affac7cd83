using WanSharp.Jobs.Results;
using WanSharp.Jobs.Storage;
using WanSharp.Media.Clips;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Running;

/// <summary>
/// One attempt at one job: its clip from an equal job, from the result cache or from the backend, then to its place, then into
/// the store.
/// </summary>
internal sealed class JobAttempt(
    JobStore store,
    IJobBackend backend,
    JobRunnerOptions options,
    string workFolder,
    Job job,
    Action<long>? note = null
)
{
    private const int NoSpaceLeft = 28; // ENOSPC, which .NET hands on in HResult
    private const int DiskFullOnWindows = unchecked((int)0x80070070);

    private readonly string _work = Path.Combine(workFolder, $"{job.Id}{Path.GetExtension(job.Output)}");
    private readonly string _place = store.Folder.Artifact(job.Output);

    public JobTracker Tracker { get; } = new(job, options, note);

    /// <summary>Runs the attempt and notes its end, whatever it is.</summary>
    /// <exception cref="BackendUnavailableException">No job can run now; this one waits in the queue.</exception>
    /// <exception cref="JobStoreException">The store cannot be written; the job is taken up when it can.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Tell(JobEventKind.Started);
        try
        {
            if (!await TakeClipThatIsThereAsync(cancellationToken).ConfigureAwait(false))
            {
                await PublishAsync(await MakeAsync(cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            }

            Tell(JobEventKind.Succeeded);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Not only OperationCanceledException: Ctrl-C in a terminal also ends ffmpeg, whose end may be noticed first.
            store.Queue.Return(job.Id);
            Tell(store.Find(job.Id)?.State == JobState.Cancelled ? JobEventKind.Cancelled : JobEventKind.Returned);
        }
        catch (JobStoreException)
        {
            throw;
        }
        catch (Exception exception) when (Unavailable(exception) is { } reason)
        {
            store.Queue.Return(job.Id);
            Tell(JobEventKind.Returned);
            throw reason;
        }
        catch (Exception exception)
        {
            var state = store.Queue.Fail(job.Id, exception.Message, exception is InvalidRequestException ? 1 : options.Attempts);
            if (state != JobState.Queued)
            {
                Quietly(() => store.Folder.DeleteSnapshot(job.Id));
            }

            Tell(
                state switch
                {
                    JobState.Failed => JobEventKind.Failed,
                    JobState.Cancelled => JobEventKind.Cancelled,
                    _ => JobEventKind.Retrying,
                }
            );
        }
        finally
        {
            Quietly(() => File.Delete(_work));
            store.Queue.PurgeIfRemoved(job.Id);
        }
    }

    private async Task<JobOutcome> MakeAsync(CancellationToken cancellationToken)
    {
        if (await CopyTwinAsync(cancellationToken).ConfigureAwait(false) is { } twin)
        {
            return twin;
        }

        if (options.Results is not { } results || job.ResultKey is not { } key)
        {
            return await ComputeAsync(cancellationToken).ConfigureAwait(false);
        }

        var format = Path.GetExtension(job.Output).ToLowerInvariant();
        using var turn = await results.LockAsync(key, format, cancellationToken).ConfigureAwait(false);
        if (await results.TryGetAsync(key, format, _work, cancellationToken).ConfigureAwait(false) is { } cached)
        {
            return FromCache(cached);
        }

        var outcome = await ComputeAsync(cancellationToken).ConfigureAwait(false);
        if (outcome.IsOfItsKey)
        {
            await results.AddAsync(key, format, _work, outcome, cancellationToken).ConfigureAwait(false);
        }

        return outcome;
    }

    private async Task<JobOutcome> ComputeAsync(CancellationToken cancellationToken)
    {
        var outcome = await backend
            .RunAsync(
                new JobRun
                {
                    Job = job,
                    ArtifactPath = _work,
                    SnapshotPath = store.Folder.Snapshot(job.Id),
                    SnapshotInterval = options.SnapshotInterval,
                    Preview = options.Preview is { } show ? (frames, token) => show(job, frames, token) : null,
                    Progress = Tracker,
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        return outcome with { FromCache = false, Spans = Tracker.Spans() };
    }

    /// <summary>The clip of an equal job of this folder, as long as its file is what it was.</summary>
    private async Task<JobOutcome?> CopyTwinAsync(CancellationToken cancellationToken)
    {
        if (
            store.Queue.FindTwin(job) is not var (output, sha256, outcome)
            || (outcome.Reused is not null && !options.AcceptsReused)
            || !File.Exists(store.Folder.Artifact(output))
        )
        {
            return null;
        }

        File.Copy(store.Folder.Artifact(output), _work, overwrite: true);
        return await Digests.OfFileAsync(_work, cancellationToken).ConfigureAwait(false) == sha256 ? FromCache(outcome) : Discard();
    }

    private JobOutcome? Discard()
    {
        File.Delete(_work);
        return null;
    }

    private static JobOutcome FromCache(JobOutcome made) =>
        made with
        {
            FromCache = true,
            Spans = [],
            BatchSizes = [],
            ResumedAtStep = null,
            StartedOver = null,
        };

    /// <summary>
    /// Four steps, each on the disk before the next; what is left of them by a sudden end is told apart by <see cref="Recovery"/>
    /// and <see cref="JournalIndex"/>.
    /// </summary>
    private async Task PublishAsync(JobOutcome outcome)
    {
        DurableFiles.Flush(_work); // a name must not outlive a power cut that its content does not
        store.Queue.Seal(
            job.Id,
            await Digests.OfFileAsync(_work, CancellationToken.None).ConfigureAwait(false),
            FileFacts.Of(_work).Length,
            outcome
        );
        DurableFiles.Rename(_work, _place, overwrite: job.Overwrites);
        store.Queue.Succeed(job.Id);
        Quietly(() => store.Folder.DeleteSnapshot(job.Id));
    }

    /// <summary>
    /// Looks at what is in the clip's place before anything is computed. A clip that is whole and says the job's settings is the
    /// job's, whatever became of the
    /// database that knew it; the remains of one are put aside; any other file is somebody's, and is replaced only where that was
    /// asked for.
    /// </summary>
    private async Task<bool> TakeClipThatIsThereAsync(CancellationToken cancellationToken)
    {
        if (!Path.Exists(_place) || job.Overwrites)
        {
            return false;
        }

        if (File.Exists(_place) && (FileFacts.Of(_place).Length == 0 || !ClipStructure.IsWhole(_place)))
        {
            ClipReview.PutAside(store.Folder, _place);
            return false;
        }

        if (
            !await MatchingClips
                .AreOfAsync(_place, job.Settings, options.ReadSettings, options.AcceptsReused, cancellationToken)
                .ConfigureAwait(false)
        )
        {
            throw new InvalidRequestException(
                "output",
                $"{_place} already exists and was not created by this job: run `wan jobs retry`, then "
                    + "move the file, or resume with --overwrite."
            );
        }

        store.Queue.Seal(
            job.Id,
            await Digests.OfFileAsync(_place, cancellationToken).ConfigureAwait(false),
            FileFacts.Of(_place).Length,
            new JobOutcome { WasThere = true }
        );
        store.Queue.Succeed(job.Id);
        Quietly(() => store.Folder.DeleteSnapshot(job.Id));
        return true;
    }

    /// <summary>The reason why no job can run now; null when it is this job's own failure.</summary>
    private BackendUnavailableException? Unavailable(Exception exception)
    {
        if (exception is BackendUnavailableException or InvalidRequestException or FailedElsewhereException)
        {
            return exception as BackendUnavailableException;
        }

        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (
                cause.HResult is NoSpaceLeft or DiskFullOnWindows
                || cause.Message.Contains("No space left on device", StringComparison.Ordinal)
            )
            {
                return new BackendUnavailableException($"The disk of {store.Folder.Path} is full: free space, then resume.", exception);
            }
        }

        return WriteProbe() is { } reason
            ? new BackendUnavailableException($"{store.Folder.Path} cannot be written: {reason} Make it writable, then resume.", exception)
            : null;
    }

    private string? WriteProbe()
    {
        var probe = Path.Combine(workFolder, "probe");
        try
        {
            File.WriteAllBytes(probe, new byte[64 * 1024]);
            File.Delete(probe);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception.Message;
        }
    }

    private void Tell(JobEventKind kind)
    {
        if (kind == JobEventKind.Started)
        {
            options.Events?.Report(new JobEvent(kind, job));
        }
        else if (options.Events is { } events)
        {
            var now = store.Find(job.Id);
            events.Report(new JobEvent(now is null or { IsRemoved: true } ? JobEventKind.Removed : kind, now ?? job));
        }
    }

    private static void Quietly(Action delete)
    {
        try
        {
            delete();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A leftover of this process's folder goes with the folder; a snapshot of a finished job is never read.
        }
    }
}
