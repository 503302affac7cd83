using WanSharp.Engine;
using WanSharp.Jobs.Storage;

namespace WanSharp.Jobs.Running;

/// <summary>How far an attempt has come: for events, for the record of its stages, and for the store.</summary>
/// <param name="job">The job.</param>
/// <param name="options">Whom to notify, and the clock.</param>
/// <param name="note">Notes each position at once, where a later moment may be too late; null where the runner's watch does.</param>
internal sealed class JobTracker(Job job, JobRunnerOptions options, Action<long>? note = null) : IProgress<GenerationProgress>
{
    private readonly Lock _gate = new();
    private readonly List<StageSpan> _spans = [];
    private readonly long _started = options.Clock.GetTimestamp();
    private GenerationStage? _stage;
    private long _position;
    private long _positionTaken;

    public long JobId => job.Id;

    public void Report(GenerationProgress value)
    {
        lock (_gate)
        {
            if (_stage != value.Stage)
            {
                EndStage();
                _stage = value.Stage;
                _spans.Add(new StageSpan(NameOf(value.Stage), Elapsed, Elapsed));
            }

            if (value.Done > 0 && value.Done == value.Total)
            {
                EndStage(); // what follows is waiting for the next one
                _stage = null;
            }
        }

        var position = JobQueue.PositionOf(value.Stage, value.Done);
        Volatile.Write(ref _position, position);
        note?.Invoke(position);
        options.Events?.Report(new JobEvent(JobEventKind.Progressed, job, value));
    }

    /// <summary>The position, if it changed since it was last taken.</summary>
    public bool TryTakePosition(out long position)
    {
        position = Volatile.Read(ref _position);
        return Interlocked.Exchange(ref _positionTaken, position) != position;
    }

    /// <summary>The stages until now.</summary>
    public IReadOnlyList<StageSpan> Spans()
    {
        lock (_gate)
        {
            EndStage();
            return [.. _spans];
        }
    }

    private double Elapsed => Math.Round(options.Clock.GetElapsedTime(_started).TotalSeconds, 4);

    private void EndStage()
    {
        if (_stage is not null)
        {
            _spans[^1] = _spans[^1] with { To = Elapsed };
        }
    }

    private static string NameOf(GenerationStage stage) => stage.ToString().ToLowerInvariant();
}
