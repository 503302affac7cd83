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
        _running[job] = New();
        Volatile.Write(ref _lastStarted, job);
    }

    /// <summary>Notes a position.</summary>
    /// <returns>The progress now, and whether its percentage or stage is another.</returns>
    public (JobProgress Now, bool IsNews) Move(long job, GenerationProgress position)
    {
        var isNews = false;
        var now = _running.AddOrUpdate(
            job,
            _ => New() with { Position = position },
            (_, before) =>
            {
                var after = before with { Position = position };
                isNews = after.Percent != before.Percent || after.Position.Stage != before.Position.Stage;
                return after;
            }
        );
        return (now, isNews);
    }

    /// <summary>Keeps an estimate of a clip: of one that still runs.</summary>
    public void Show(long job, PreviewFrames preview)
    {
        // again if a step came in between: neither may undo the other
        while (_running.TryGetValue(job, out var before) && !_running.TryUpdate(job, before with { Preview = preview }, before)) { }
    }

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

    private JobProgress New() => new() { Since = clock.GetTimestamp() };
}
