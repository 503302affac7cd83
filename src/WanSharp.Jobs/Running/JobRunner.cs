using System.Runtime.ExceptionServices;
using WanSharp.Jobs.Storage;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Running;

/// <summary>
/// Works through the jobs of a store until none is left (or waits for more, <see cref="JobRunnerOptions.WaitsForMore"/>), together
/// with whatever other processes work on the same folder. It can be stopped at any moment, by cancellation or by <c>kill -9</c>: the
/// next run continues where this one stopped.
/// </summary>
/// <param name="store">The jobs.</param>
/// <param name="backend">Makes the clips; stays the caller's.</param>
/// <param name="options">How to work.</param>
public sealed class JobRunner(JobStore store, IJobBackend backend, JobRunnerOptions options)
{
    /// <summary>How often positions are noted and cancellations looked for.</summary>
    private static readonly TimeSpan WatchEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>How often to look what other processes do, when there is nothing else to do.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>For how many kinds of jobs is compiled ahead.</summary>
    private const int MostAnnounced = 8;

    private readonly Dictionary<Task, RunningJob> _running = [];
    private readonly Lock _gate = new();

    /// <summary>Runs jobs until all are at their end.</summary>
    /// <param name="cancellationToken">Stops within a step; jobs that run go back into the queue, with what is saved of them.</param>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    /// <exception cref="BackendUnavailableException">No job can run now, whichever; all are kept.</exception>
    /// <exception cref="JobStoreException">The store cannot be read or written.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        options.Validate();
        using var worker = WorkerLock.Take(store.Folder);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Recovery.RunAsync(store, options.Events, cancellationToken).ConfigureAwait(false);
        await AnnounceAsync(cancellationToken).ConfigureAwait(false);
        var watching = WatchAsync(worker.Id, stop.Token);
        ExceptionDispatchInfo? failure = null;
        try
        {
            await WorkAsync(worker, watching, stop.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            failure = ExceptionDispatchInfo.Capture(exception);
        }

        // Whatever ended the work: everything that still runs is stopped and put back before the lock is freed.
        await stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_running.Keys.Append(watching)).ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        failure?.Throw();
    }

    /// <summary>Tells the backend what will come; what is in the result cache does not need it.</summary>
    private async Task AnnounceAsync(CancellationToken cancellationToken)
    {
        foreach (var job in store.Queue.Waiting(MostAnnounced))
        {
            if (job.ResultKey is not { } key || options.Results?.Contains(key, Path.GetExtension(job.Output).ToLowerInvariant()) != true)
            {
                try
                {
                    await backend.ExpectAsync(job.Request, cancellationToken).ConfigureAwait(false);
                }
                catch (Exception exception) when (exception is InvalidRequestException or IOException or UnauthorizedAccessException)
                {
                    // An image that is gone, say: the job itself tells.
                }
            }
        }
    }

    private async Task WorkAsync(WorkerLock worker, Task watching, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var changed = store.Changed.Next;
            Fill(worker, cancellationToken);
            if (_running.Count == 0 && !options.WaitsForMore && !store.Queue.HasWork())
            {
                return;
            }

            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var look = Task.Delay(LookEvery, options.Clock, over.Token);
            var ended = await Task.WhenAny([look, watching, changed, .. _running.Keys]).ConfigureAwait(false);
            await over.CancelAsync().ConfigureAwait(false);
            if (ended == look)
            {
                await Recovery.RunAsync(store, options.Events, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (_running.ContainsKey(ended))
            {
                Remove(ended);
            }

            await ended.ConfigureAwait(false); // throws what stops the run
        }
    }

    /// <summary>
    /// Starts as many jobs as may run at once. One that may have ended processes runs alone, so that it takes nothing with it: when it is
    /// due, what runs is awaited first.
    /// </summary>
    private void Fill(WorkerLock worker, CancellationToken cancellationToken)
    {
        while (store.Ready.TryDequeue(out var id))
        {
            // One whose attempt is ending is taken below when it has ended.
            if (!IsRunning(id) && store.Queue.Claim(worker.Id, id) is { } ready)
            {
                Start(worker, ready, cancellationToken);
            }
        }

        while (
            _running.Count < options.Concurrency
            && options.MayStart()
            && !_running.Values.Any(one => one.IsSuspect)
            && store.Queue.Claim(worker.Id, alone: _running.Count == 0, Running()) is { } job
        )
        {
            Start(worker, job, cancellationToken);
        }
    }

    private bool IsRunning(long id) => _running.Values.Any(one => one.Tracker.JobId == id);

    /// <summary>Jobs whose attempts have not ended, although their rows may be back in the queue: each has its files to itself.</summary>
    private IEnumerable<long> Running() => _running.Values.Select(one => one.Tracker.JobId);

    private void Start(WorkerLock worker, Job job, CancellationToken cancellationToken)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var isSuspect = store.Queue.IsSuspect(job.Id);
        var attempt = isSuspect ? Cautious(worker, job) : new JobAttempt(store, backend, options, worker.WorkFolder, job);
        var task = Task.Run(() => attempt.RunAsync(stop.Token), CancellationToken.None);
        lock (_gate)
        {
            _running.Add(task, new RunningJob(attempt.Tracker, stop, isSuspect));
        }
    }

    /// <summary>
    /// An attempt that saves and notes each step: a job that was only unlucky gets further each time, and that is known whenever
    /// the process ends.
    /// </summary>
    private JobAttempt Cautious(WorkerLock worker, Job job) =>
        new(
            store,
            backend,
            options with
            {
                SnapshotInterval = TimeSpan.Zero,
            },
            worker.WorkFolder,
            job,
            position => store.Queue.Reached(worker.Id, [KeyValuePair.Create(job.Id, position)])
        );

    private void Remove(Task ended)
    {
        lock (_gate)
        {
            _running.Remove(ended, out var job);
            job!.Stop.Dispose();
        }
    }

    /// <summary>Notes positions in the store, and stops jobs that somebody cancelled there.</summary>
    private async Task WatchAsync(string worker, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(WatchEvery, options.Clock);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            lock (_gate)
            {
                if (_running.Count == 0)
                {
                    continue; // a server that has nothing to do costs nothing
                }

                var positions = _running
                    .Values.Select(one => one.Tracker)
                    .ToDictionary(one => one.JobId, one => one.TryTakePosition(out var position) ? position : -1);
                foreach (var id in store.Queue.Reached(worker, [.. positions.Where(one => one.Value >= 0)]))
                {
                    _running.Values.FirstOrDefault(one => one.Tracker.JobId == id)?.Stop.Cancel();
                }
            }
        }
    }

    private sealed record RunningJob(JobTracker Tracker, CancellationTokenSource Stop, bool IsSuspect);
}
