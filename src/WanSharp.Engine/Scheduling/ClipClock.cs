using System.Diagnostics;

namespace WanSharp.Engine.Scheduling;

/// <summary>Adds up what one clip costs.</summary>
/// <remarks>Thread-safe: decoding and writing overlap.</remarks>
internal sealed class ClipClock(TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly long _started = clock.GetTimestamp();
    private readonly Dictionary<GenerationStage, StageTime> _stages = [];
    private readonly List<BatchSizeSample> _sizes = [];
    private int _passes;
    private int _reused;
    private int _companions;
    private int _skipped;
    private int _hits;
    private int _misses;

    public TimeProvider Time => clock;

    /// <summary>The clip's span, in which its stages and steps lie; none where nobody listens.</summary>
    public ActivityContext Trace { get; } = Activity.Current?.Context ?? default;

    /// <summary>Measures the time in a stage, until the result is disposed.</summary>
    public Span Enter(GenerationStage stage) =>
        new(this, stage, clock.GetTimestamp(), IsWork: false, EngineTelemetry.StartSpan("wansharp.stage", stage, Trace));

    /// <summary>Measures work for this clip alone, until the result is disposed.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="what">What of it, where a stage has work of several kinds.</param>
    public Span Work(GenerationStage stage, string? what = null) =>
        new(this, stage, clock.GetTimestamp(), IsWork: true, EngineTelemetry.StartSpan("wansharp.work", stage, Trace, what));

    /// <summary>Adds a step that was shared by a number of clips, this one included.</summary>
    /// <param name="duration">How long it took.</param>
    /// <param name="clips">How many clips shared it.</param>
    /// <param name="reused">Whether this one's blocks did not run, but the first.</param>
    public void AddStep(TimeSpan duration, int clips, bool reused = false)
    {
        lock (_gate)
        {
            _passes++;
            _reused += reused ? 1 : 0;
            _companions += clips;
            if (_sizes.Count == 0 || _sizes[^1].Clips != clips)
            {
                _sizes.Add(new BatchSizeSample(clock.GetElapsedTime(_started) - duration, clips));
            }

            Add(GenerationStage.Denoise, new StageTime(TimeSpan.Zero, duration, duration / clips));
        }
    }

    /// <summary>Adds a step that was estimated.</summary>
    public void AddSkip(TimeSpan duration)
    {
        lock (_gate)
        {
            _skipped++;
            Add(GenerationStage.Denoise, new StageTime(TimeSpan.Zero, duration, duration));
        }
    }

    /// <summary>Counts a feature that was wanted.</summary>
    public void CountFeature(bool found) => _ = found ? Interlocked.Increment(ref _hits) : Interlocked.Increment(ref _misses);

    public GenerationStatistics ToStatistics()
    {
        lock (_gate)
        {
            return new GenerationStatistics
            {
                Total = clock.GetElapsedTime(_started),
                Stages = _stages,
                Steps = _passes + _skipped,
                SkippedSteps = _reused + _skipped,
                MeanBatchSize = _passes == 0 ? 0 : (double)_companions / _passes,
                BatchSizes = [.. _sizes],
                FeatureHits = _hits,
                FeatureMisses = _misses,
            };
        }
    }

    private void Add(GenerationStage stage, StageTime time)
    {
        lock (_gate)
        {
            _stages.TryGetValue(stage, out var sum);
            _stages[stage] = new StageTime(sum.Elapsed + time.Elapsed, sum.Busy + time.Busy, sum.Share + time.Share);
        }
    }

    /// <summary>A stretch of time, which ends when it is disposed.</summary>
    public readonly record struct Span(ClipClock Clock, GenerationStage Stage, long Started, bool IsWork, Activity? Activity) : IDisposable
    {
        public void Dispose()
        {
            Activity?.Dispose();
            var time = Clock.Time.GetElapsedTime(Started);
            Clock.Add(Stage, IsWork ? new StageTime(TimeSpan.Zero, time, time) : new StageTime(time, TimeSpan.Zero, TimeSpan.Zero));
        }
    }
}
