using System.Diagnostics;
using System.Globalization;
using WanSharp.Engine;
using WanSharp.Engine.Costs;
using WanSharp.Engine.Scheduling;
using WanSharp.Hosting;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Tools.Benchmarks;
using WanSharp.Tools.Quality;

namespace WanSharp.Tools.Profile;

/// <summary>Makes clips and records where their time and bytes go.</summary>
/// <param name="host">Opens engines.</param>
/// <param name="options">What is profiled.</param>
public sealed class ModelProfiler(WanHost host, ProfileOptions options)
{
    private const int MostOperators = 24;

    private static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Profiles.</summary>
    /// <param name="progress">Receives what it does now.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    public async Task<ProfileReport> RunAsync(IProgress<string>? progress, CancellationToken cancellationToken)
    {
        // Nothing is remembered: a process that makes these clips encodes their prompt and images, once for all of them.
        var engine = options.Engine with
        {
            Options = options.Engine.Options with { BatchSize = options.Clips, FeatureBytes = 0 },
        };
        var machine = host.Calibrate(engine.Threads, again: false, cancellationToken);
        var measured = await MeasureAsync(engine, machine, progress, cancellationToken).ConfigureAwait(false);
        return options.Operators ? await WithOperatorsAsync(measured, engine, progress, cancellationToken).ConfigureAwait(false) : measured;
    }

    /// <summary>Makes the clips, with and without recording them.</summary>
    private async Task<ProfileReport> MeasureAsync(
        EngineSettings engine,
        Calibration machine,
        IProgress<string>? progress,
        CancellationToken cancellationToken
    )
    {
        using var opened = Open(engine);
        var plan = opened.Generator.Plan(options.Request);
        var cost = EngineHost.CostsOf(host, opened.Model, engine, opened.Precision).Predict(plan, machine); // before hours of clips
        progress?.Report("a first clip, which compiles");
        await MakeAsync(opened.Generator, cancellationToken).ConfigureAwait(false);
        var (plain, recorded) = (new List<double>(), new List<double>());
        Recording? last = null;
        for (var run = 0; run < options.Runs; run++)
        {
            progress?.Report(string.Create(CultureInfo.InvariantCulture, $"run {run + 1} of {options.Runs}"));
            plain.Add(await MakeAsync(opened.Generator, cancellationToken).ConfigureAwait(false));
            last = await RecordAsync(opened, cancellationToken).ConfigureAwait(false);
            recorded.Add(last.Seconds);
        }

        return new ProfileReport
        {
            Title = string.Create(
                CultureInfo.InvariantCulture,
                $"{opened.Model.Name}, {plan.Settings.Width}x{plan.Settings.Height}, {plan.Settings.Frames} frames, "
                    + $"{plan.Settings.Steps} steps; {MachineName.Read()}; onnxruntime {opened.Runtime.Version}"
            ),
            Clips = options.Clips,
            Seconds = last!.Seconds,
            Overhead = (Median(recorded) / Median(plain)) - 1,
            Spans = last.Spans,
            Flame = FlameTree.Of(last.Spans.Where(span => span.Lane.StartsWith("thread", StringComparison.Ordinal))),
            Memory = last.Memory,
            Stages = [.. cost.Stages.Select(stage => Measured(stage, last))],
            PeakOperations = machine.Products,
            Roofs = new Dictionary<string, double>
            {
                ["products in F32"] = machine.Products,
                ["products of 8-bit integers"] = machine.IntegerProducts,
                ["attention"] = machine.Attention,
                ["convolutions"] = machine.Convolutions,
            },
            PeakBytes = machine.MovedBytes,
            IdleSeconds = last.Idle,
            WaitSeconds = last.Waited,
        };
    }

    private EngineHost Open(EngineSettings engine) =>
        EngineHost.Open(host, engine, sight => host.OpenPresets(sight.Model).PrecisionFor([options.Request.Preset], sight.Model));

    private StageProfile Measured(StageCost cost, Recording recording)
    {
        var (seconds, clips) = cost.Stage switch
        {
            PlanStage.Text => (recording.WorkOf(EngineTelemetry.Text), 1), // clips of one prompt encode it once
            PlanStage.Image => (recording.WorkOf(EngineTelemetry.Images), 1),
            PlanStage.Denoise => (recording.Busy.GetValueOrDefault(GenerationStage.Denoise), options.Clips),
            PlanStage.Decode => (recording.Busy.GetValueOrDefault(GenerationStage.Decode), options.Clips),
            PlanStage.Enhance => (recording.Busy.GetValueOrDefault(GenerationStage.Enhance), options.Clips),
            _ => throw new InvalidOperationException($"The stage {cost.Stage} has no clock."),
        };
        var reads = cost.Stage == PlanStage.Denoise ? clips / recording.Together : clips;
        return new StageProfile(
            cost.Stage.ToString().ToLowerInvariant(),
            seconds,
            clips * cost.Operations,
            (clips * (cost.Bytes - cost.WeightBytes)) + (reads * cost.WeightBytes),
            clips * cost.Seconds
        )
        {
            PeakOperations = cost.OperationSeconds > 0 ? cost.Operations / cost.OperationSeconds : 0,
        };
    }

    private async Task<Recording> RecordAsync(EngineHost opened, CancellationToken cancellationToken)
    {
        var before = opened.Generator.Statistics;
        using var recorder = new SpanRecorder(host.Options.Clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sampling = SampleAsync(opened.Runtime, stop.Token);
        var seconds = await MakeAsync(opened.Generator, cancellationToken).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        var memory = await sampling.ConfigureAwait(false);
        var after = opened.Generator.Statistics;
        return new Recording(
            seconds,
            recorder.Spans,
            memory,
            after.Busy.ToDictionary(stage => stage.Key, stage => (stage.Value - before.Busy.GetValueOrDefault(stage.Key)).TotalSeconds),
            (after.Idle - before.Idle).TotalSeconds,
            Waited(after) - Waited(before),
            after.Steps - after.SkippedSteps - before.Steps + before.SkippedSteps
        );

        static double Waited(EngineStatistics statistics) =>
            statistics.Graphs.SelectMany(graph => graph.Blocks).Sum(block => block.Wait.TotalSeconds);
    }

    private static async Task<IReadOnlyList<MemorySample>> SampleAsync(OrtRuntime runtime, CancellationToken cancellationToken)
    {
        var (samples, started) = (new List<MemorySample>(), Stopwatch.GetTimestamp());
        do
        {
            samples.Add(new MemorySample(Stopwatch.GetElapsedTime(started).TotalSeconds, Environment.WorkingSet, runtime.Memory.InUse));
            await Task.Delay(SampleInterval, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        } while (!cancellationToken.IsCancellationRequested);

        return samples;
    }

    private async Task<ProfileReport> WithOperatorsAsync(
        ProfileReport measured,
        EngineSettings engine,
        IProgress<string>? progress,
        CancellationToken cancellationToken
    )
    {
        progress?.Report("operators");
        using var folder = WorkFolder.CreateTemporary();
        using (var opened = Open(engine with { ProfilePrefix = folder["profile"] }))
        {
            await MakeAsync(opened.Generator, cancellationToken).ConfigureAwait(false);
        }

        return measured with
        {
            Operators = OperatorProfile.Read(folder.Path, MostOperators),
            Layers = OperatorProfile.ReadLayers(folder.Path, MostOperators),
            Kinds = OperatorProfile.ReadKinds(folder.Path),
        };
    }

    private async Task<double> MakeAsync(IVideoGenerator generator, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, options.Clips).Select(OneAsync)).ConfigureAwait(false);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;

        async Task OneAsync(int clip)
        {
            var frames = new ClipRecorder();
            await using var end = frames.ConfigureAwait(false);
            var plan = generator.Plan(options.Request with { Seed = (options.Request.Seed ?? 0) + (ulong)clip });
            await generator.GenerateAsync(plan, frames, null, cancellationToken).ConfigureAwait(false);
        }
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private sealed record Recording(
        double Seconds,
        IReadOnlyList<ProfiledSpan> Spans,
        IReadOnlyList<MemorySample> Memory,
        IReadOnlyDictionary<GenerationStage, double> Busy,
        double Idle,
        double Waited,
        long Steps
    )
    {
        /// <summary>How many clips had a step at once, in the mean.</summary>
        public double Together => Math.Max(1, (double)Steps / Math.Max(1, Spans.Count(span => span.Name == "step")));

        /// <summary>How long lanes encoded prompts, or images.</summary>
        public double WorkOf(string what) => Spans.Where(span => span.Name == $"work encode {what}").Sum(span => span.Seconds);
    }
}
