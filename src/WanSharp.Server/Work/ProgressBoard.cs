using System.Collections.Concurrent;
using WanSharp.Engine;
using WanSharp.Jobs;

namespace WanSharp.Server.Work;

/// <summary>How far the jobs that run have come. Thread-safe.</summary>
internal sealed class ProgressBoard(TimeProvider clock)
{
    private readonly ConcurrentDictionary<long, JobProgress> _running = new();

    /// <summary>A job's progress; null for one that does not run.</summary>
    public JobProgress? Find(long job) => _running.GetValueOrDefault(job);

    /// <summary>An attempt begins.</summary>
    public void Start(long job) => _running[job] = new JobProgress { Since = clock.GetTimestamp() };

    /// <summary>Notes a position.</summary>
    /// <returns>The progress now, and whether its percentage or stage is another.</returns>
    public (JobProgress Now, bool IsNews) Move(long job, GenerationProgress position)
    {
        var before = _running.GetValueOrDefault(job) ?? new JobProgress { Since = clock.GetTimestamp() };
        var now = before with { Position = position };
        _running[job] = now;
        return (now, now.Percent != before.Percent || now.Position.Stage != before.Position.Stage);
    }

    /// <summary>Keeps an estimate of a clip.</summary>
    public void Show(long job, PreviewFrames preview)
    {
        if (_running.TryGetValue(job, out var before))
        {
            _running.TryUpdate(job, before with { Preview = preview }, before);
        }
    }

    /// <summary>An attempt is over.</summary>
    public void End(long job) => _running.TryRemove(job, out _);

    /// <summary>How long a running job still takes, by how far it came; null where that says nothing yet.</summary>
    public TimeSpan? Left(long job) =>
        Find(job) is { Percent: > 5 and var percent, Since: var since }
            ? clock.GetElapsedTime(since) * ((100 - percent) / (double)percent)
            : null;

    /// <summary>When to ask for a video again.</summary>
    public TimeSpan PollAfter(Job job) =>
        job.State switch
        {
            JobState.Queued => TimeSpan.FromSeconds(1),
            JobState.Running => TimeSpan.FromMilliseconds(
                Math.Clamp((Left(job.Id) ?? TimeSpan.FromSeconds(4)).TotalMilliseconds / 4, 200, 5000)
            ),
            _ => TimeSpan.Zero,
        };
}
