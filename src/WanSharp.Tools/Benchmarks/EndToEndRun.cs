using System.Diagnostics;
using System.Globalization;
using WanSharp.Engine;
using WanSharp.Engine.Requests;
using WanSharp.Hosting;
using WanSharp.Media.Clips;
using WanSharp.Runtime;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>Makes the clips of <see cref="EndToEndBenchmark"/> and times them.</summary>
/// <param name="host">Where things are.</param>
/// <param name="files">The networks.</param>
/// <param name="threads">Threads that compute; null for one per physical core.</param>
/// <param name="progress">Receives progress messages.</param>
internal sealed class EndToEndRun(WanHost host, EndToEndFiles files, int? threads, IProgress<string>? progress)
{
    private const int WarmUpFrames = 5; // decoders have a graph for the first latent frame and one for later ones

    /// <summary>Times a clip in an engine that has warmed up with a short one.</summary>
    /// <param name="way">What the row is called.</param>
    /// <param name="precision">What the transformer's blocks multiply.</param>
    /// <param name="clip">The clip, of the steps that are measured.</param>
    /// <param name="steps">The steps that it would have; those that are missing are extrapolated.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    public async Task<EndToEndRow> MeasureAsync(
        string way,
        Precision precision,
        GenerationRequest clip,
        int steps,
        CancellationToken cancellationToken
    )
    {
        using var engine = EngineHost.Open(
            host,
            new EngineSettings
            {
                Model = files.Transformer,
                Parts = files.Parts,
                Precision = precision,
                Threads = threads,
            }
        );
        progress?.Report($"{way}: reading the weights, and a short clip to warm up");
        var brief = clip with { Prompt = "a warm-up", NegativePrompt = "another", Frames = WarmUpFrames, Steps = 1 };
        await MakeAsync(engine.Generator, brief, new StepTimes(null), cancellationToken).ConfigureAwait(false);
        var times = new StepTimes(step =>
            progress?.Report(string.Create(CultureInfo.InvariantCulture, $"{way}: step {step} of {clip.Steps}"))
        );
        var memory = MemorySampler.Start();
        Made made;
        await using (memory)
        {
            made = await MakeAsync(engine.Generator, clip, times, cancellationToken).ConfigureAwait(false);
        }

        return Row(way, engine.Generator.Plan(clip).Branches, steps, times, made, memory.PeakPrivateBytes);
    }

    private async Task<Made> MakeAsync(
        IVideoGenerator generator,
        GenerationRequest clip,
        StepTimes times,
        CancellationToken cancellationToken
    )
    {
        var ffmpeg = host.FindFfmpeg();
        using var folder = WorkFolder.CreateTemporary();
        var (started, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var plan = generator.Plan(clip);
        var target = OutputTarget.Parse(folder[ffmpeg is null ? "clip.png" : "clip.mp4"]);
        var writer = VideoWriter.Create(ffmpeg, target, plan.Format, plan.Settings.ToJson());
        await using var writing = writer.ConfigureAwait(false);
        var statistics = await generator
            .GenerateAsync(plan, writer, new GenerationRunOptions { Progress = times }, cancellationToken)
            .ConfigureAwait(false);
        await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        return new Made(statistics, Stopwatch.GetElapsedTime(started).TotalSeconds, (Environment.CpuUsage.TotalTime - used).TotalSeconds);
    }

    private static EndToEndRow Row(string way, int passes, int steps, StepTimes times, Made made, long? memory)
    {
        var stages = made.Statistics.Stages;
        var missing = steps - made.Statistics.Steps;
        var step = Timing.Of(times.Later.Count > 0 ? times.Later : [Seconds(GenerationStage.Denoise, stage => stage.Elapsed)]).Median;
        var used = times.LaterUsed.Count > 0 ? Timing.Of(times.LaterUsed).Median : 0;
        return new EndToEndRow(
            way,
            steps,
            made.Statistics.Steps,
            passes,
            Seconds(GenerationStage.Load, stage => stage.Busy),
            Seconds(GenerationStage.Encode, stage => stage.Elapsed),
            Seconds(GenerationStage.Denoise, stage => stage.Elapsed) + (missing * step),
            step,
            Seconds(GenerationStage.Decode, stage => stage.Elapsed),
            Seconds(GenerationStage.Write, stage => stage.Busy),
            made.Seconds + (missing * step),
            made.ProcessorSeconds + (missing * used),
            memory
        );

        double Seconds(GenerationStage stage, Func<StageTime, TimeSpan> part) =>
            stages.TryGetValue(stage, out var time) ? part(time).TotalSeconds : 0;
    }

    /// <summary>A clip that was made.</summary>
    private sealed record Made(GenerationStatistics Statistics, double Seconds, double ProcessorSeconds);

    /// <summary>Notes when steps begin.</summary>
    private sealed class StepTimes(Action<int>? begun) : IProgress<GenerationProgress>
    {
        private long _last;
        private TimeSpan _used;
        private int _begun;

        /// <summary>Seconds of the steps but the first and the last.</summary>
        public List<double> Later { get; } = [];

        /// <summary>Seconds of all processors in them.</summary>
        public List<double> LaterUsed { get; } = [];

        public void Report(GenerationProgress value)
        {
            if (value.Stage != GenerationStage.Denoise)
            {
                return;
            }

            if (++_begun > 2)
            {
                Later.Add(Stopwatch.GetElapsedTime(_last).TotalSeconds);
                LaterUsed.Add((Environment.CpuUsage.TotalTime - _used).TotalSeconds);
            }

            (_last, _used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            begun?.Invoke(value.Done + 1);
        }
    }
}
