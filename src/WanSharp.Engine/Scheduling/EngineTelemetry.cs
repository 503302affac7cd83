using System.Diagnostics;
using System.Diagnostics.Metrics;
using WanSharp.Runtime;

namespace WanSharp.Engine.Scheduling;

/// <summary>
/// All metrics and traces of the engine, under OpenTelemetry's conventions for names and units (docs/metrics.md lists them), and the
/// sums that <see cref="EngineStatistics"/> shows.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class EngineTelemetry : IDisposable
{
    /// <summary>The name of the meter and of the activity source.</summary>
    public const string Name = "WanSharp.Engine";

    /// <summary>The work of encoding prompts.</summary>
    public const string Text = "text";

    /// <summary>The work of encoding given images.</summary>
    public const string Images = "images";

    private const string Stage = "stage";

    private static readonly ActivitySource Activities = new(Name);

    private readonly Meter _meter = new(Name);
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _wait;
    private readonly Counter<double> _busy;
    private readonly Counter<double> _idle;
    private readonly Histogram<int> _batch;
    private readonly Counter<long> _stepCounter;
    private readonly Counter<long> _features;
    private readonly UpDownCounter<int> _clips;
    private readonly Lock _gate = new();
    private readonly Dictionary<GenerationStage, TimeSpan> _busySum = [];
    private TimeSpan _idleSum;
    private long _steps;
    private long _skipped;
    private int _batchSize;
    private long _hits;
    private long _misses;
    private int _active;

    public EngineTelemetry()
    {
        _duration = _meter.CreateHistogram<double>("wansharp.clip.stage.duration", "s", "Time that a clip spent in a stage.");
        _wait = _meter.CreateHistogram<double>("wansharp.clip.stage.wait", "s", "The part of it in which the clip waited.");
        _busy = _meter.CreateCounter<double>("wansharp.lane.busy", "s", "Time that lanes computed.");
        _idle = _meter.CreateCounter<double>("wansharp.lane.idle", "s", "Time that lanes had nothing to compute.");
        _batch = _meter.CreateHistogram<int>("wansharp.denoise.batch_size", "{clip}", "Clips that shared a denoise step.");
        _stepCounter = _meter.CreateCounter<long>("wansharp.denoise.steps", "{step}", "Denoise steps of clips, computed and estimated.");
        _features = _meter.CreateCounter<long>("wansharp.feature.requests", "{request}", "Features that clips wanted.");
        _clips = _meter.CreateUpDownCounter<int>("wansharp.clips.active", "{clip}", "Clips under way.");
    }

    /// <summary>Begins the span of a stage, or of work in it, of a clip; null where nobody listens.</summary>
    /// <param name="name">What kind of span it is.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="clip">The clip's own span.</param>
    /// <param name="what">What of the stage: <see cref="Text"/> or <see cref="Images"/>; null for all of it.</param>
    public static Activity? StartSpan(string name, GenerationStage stage, ActivityContext clip, string? what = null)
    {
        var span = Activities.StartActivity(name, ActivityKind.Internal, clip);
        span?.SetTag(Stage, NameOf(stage));
        if (what is not null)
        {
            span?.SetTag("what", what);
        }

        return span;
    }

    /// <summary>Begins the span of a step of one clip or several; null where nobody listens.</summary>
    /// <param name="clip">The span of the first of them.</param>
    public static Activity? StartStep(ActivityContext clip) => Activities.StartActivity("wansharp.step", ActivityKind.Internal, clip);

    /// <summary>Follows a clip until the result is disposed.</summary>
    public IDisposable BeginClip()
    {
        _clips.Add(1);
        Interlocked.Increment(ref _active);
        return new ClipScope(this, Activities.StartActivity("wansharp.generate"));
    }

    /// <summary>A lane computed.</summary>
    public void AddBusy(GenerationStage stage, TimeSpan time)
    {
        _busy.Add(time.TotalSeconds, new KeyValuePair<string, object?>(Stage, NameOf(stage)));
        lock (_gate)
        {
            _busySum[stage] = _busySum.GetValueOrDefault(stage) + time;
        }
    }

    /// <summary>A lane waited for work.</summary>
    public void AddIdle(TimeSpan time)
    {
        _idle.Add(time.TotalSeconds);
        lock (_gate)
        {
            _idleSum += time;
        }
    }

    /// <summary>Clips took a step together.</summary>
    public void AddStep(int clips)
    {
        _batch.Record(clips);
        Interlocked.Add(ref _steps, clips);
        Volatile.Write(ref _batchSize, clips);
    }

    /// <summary>A clip's step was estimated, without a pass.</summary>
    public void AddSkip()
    {
        Interlocked.Increment(ref _steps);
        AddReused(true);
    }

    /// <summary>A clip took a step.</summary>
    /// <param name="skipped">Whether its network, or all of it but the first block, did not run.</param>
    public void AddReused(bool skipped)
    {
        _stepCounter.Add(1, new KeyValuePair<string, object?>("skipped", skipped));
        if (skipped)
        {
            Interlocked.Increment(ref _skipped);
        }
    }

    /// <summary>A clip is done: what it cost is known.</summary>
    public void AddClip(GenerationStatistics clip)
    {
        foreach (var (stage, time) in clip.Stages)
        {
            var tag = new KeyValuePair<string, object?>(Stage, NameOf(stage));
            _duration.Record(time.Elapsed.TotalSeconds, tag);
            _wait.Record(time.Waited.TotalSeconds, tag);
        }

        _features.Add(clip.FeatureHits, new KeyValuePair<string, object?>("hit", true));
        _features.Add(clip.FeatureMisses, new KeyValuePair<string, object?>("hit", false));
        Interlocked.Add(ref _hits, clip.FeatureHits);
        Interlocked.Add(ref _misses, clip.FeatureMisses);
    }

    public EngineStatistics ToStatistics(IReadOnlyList<BatchFinding> batches, IReadOnlyList<GraphStatistics> graphs, MemoryUse memory)
    {
        lock (_gate)
        {
            return new EngineStatistics
            {
                Clips = Volatile.Read(ref _active),
                Busy = new Dictionary<GenerationStage, TimeSpan>(_busySum),
                Idle = _idleSum,
                Steps = Interlocked.Read(ref _steps),
                SkippedSteps = Interlocked.Read(ref _skipped),
                BatchSize = Volatile.Read(ref _batchSize),
                FeatureHits = Interlocked.Read(ref _hits),
                FeatureMisses = Interlocked.Read(ref _misses),
                Batches = batches,
                Graphs = graphs,
                Memory = memory,
            };
        }
    }

    public void Dispose() => _meter.Dispose();

    private static string NameOf(GenerationStage stage) =>
        stage switch
        {
            GenerationStage.Load => "load",
            GenerationStage.Encode => "encode",
            GenerationStage.Denoise => "denoise",
            GenerationStage.Decode => "decode",
            GenerationStage.Enhance => "enhance",
            _ => "write",
        };

    private sealed class ClipScope(EngineTelemetry telemetry, Activity? activity) : IDisposable
    {
        public void Dispose()
        {
            activity?.Dispose();
            telemetry._clips.Add(-1);
            Interlocked.Decrement(ref telemetry._active);
        }
    }
}
