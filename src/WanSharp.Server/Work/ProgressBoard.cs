using System.Collections.Concurrent;
using WanSharp.Engine;
using WanSharp.Jobs;

namespace WanSharp.Server.Work;

/// <summary>How far the jobs that run have come. Thread-safe.</summary>
internal sealed class ProgressBoard(TimeProvider clock)
{
    /// <summary>How much the latest attempt counts in the usual time of one.</summary>
    private const double Weight = 0.2;

    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<long, JobProgress> _running = new();
    private long _lastStarted;
    private long _usualTicks;

    /// <summary>A job's progress; null for one that does not run.</summary>
    public JobProgress? Find(long job) => _running.GetValueOrDefault(job);

    /// <summary>An attempt begins.</summary>
    public void Start(long job)
    {
        _running[job] = new JobProgress { Since = clock.GetTimestamp() };
        Volatile.Write(ref _lastStarted, job);
    }

    /// <summary>Notes a position: of a job that still runs.</summary>
    /// <returns>Whether its percentage or stage is another.</returns>
    public bool Move(long job, GenerationProgress position) =>
        Change(job, before => before with { Position = position }) is var (before, after)
        && (after.Percent != before.Percent || after.Position.Stage != before.Position.Stage);

    /// <summary>Keeps an estimate of a clip: of one that still runs.</summary>
    /// <returns>Whether it does.</returns>
    public bool Show(long job, PreviewFrames preview) => Change(job, before => before with { Preview = preview }) is not null;

    /// <summary>An attempt is over.</summary>
    public void End(long job)
    {
        if (_running.TryRemove(job, out var ended))
        {
            var (took, usual) = (clock.GetElapsedTime(ended.Since).Ticks, Volatile.Read(ref _usualTicks));
            Volatile.Write(ref _usualTicks, usual == 0 ? took : (long)(usual + (Weight * (took - usual))));
        }
    }

    /// <summary>How long a running job still takes, by how far it came; null where that says nothing yet.</summary>
    public TimeSpan? Left(long job) =>
        Find(job) is { Percent: > 5 and var percent, Since: var since }
            ? clock.GetElapsedTime(since) * ((100 - percent) / (double)percent)
            : null;

    /// <summary>When to ask for a video again: a quarter of the time that it still takes, as far as that is known.</summary>
    public TimeSpan PollAfter(Job job) =>
        job.State switch
        {
            JobState.Queued => Clamped(UntilStart(job) / 4),
            JobState.Running => TimeSpan.FromMilliseconds(
                Math.Clamp((Left(job.Id) ?? TimeSpan.FromSeconds(4)).TotalMilliseconds / 4, 200, 5000)
            ),
            _ => TimeSpan.Zero,
        };

    /// <summary>
    /// About when a job that waits is started: those that came before it, at the usual time of an attempt. One that goes first does not
    /// wait for them.
    /// </summary>
    private TimeSpan UntilStart(Job job)
    {
        var ahead = job.Place is not null || job.Priority > 0 ? 0 : Math.Max(0, job.Id - Volatile.Read(ref _lastStarted) - 1);
        return TimeSpan.FromTicks(Volatile.Read(ref _usualTicks)) * (ahead / (double)Math.Max(1, _running.Count));
    }

    private static TimeSpan Clamped(TimeSpan wait) =>
        wait < Shortest ? Shortest
        : wait > Longest ? Longest
        : wait;

    private (JobProgress Before, JobProgress After)? Change(long job, Func<JobProgress, JobProgress> change)
    {
        while (_running.TryGetValue(job, out var before))
        {
            var after = change(before);
            if (_running.TryUpdate(job, after, before))
            {
                return (before, after);
            }

            // again: a step and a preview that come at the same moment may not undo each other
        }

        return null;
    }
}
