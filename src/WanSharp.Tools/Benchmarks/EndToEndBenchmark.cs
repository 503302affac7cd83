using System.Diagnostics;
using System.Globalization;
using WanSharp.Engine;
using WanSharp.Engine.Noise;
using WanSharp.Engine.Previews;
using WanSharp.Engine.Requests;
using WanSharp.Graphs;
using WanSharp.Hosting;
using WanSharp.Media.Clips;
using WanSharp.Models;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>
/// Makes a clip of random weights from prompt to file in two ways: in F32 with all steps, guidance and the model's own VAE; and with 8-bit
/// integers, few steps, no guidance and a tiny decoder.
/// </summary>
/// <param name="host">Where things are; its cache keeps the random weights.</param>
public sealed class EndToEndBenchmark(WanHost host)
{
    private const string Prompt = "a red circle moving left on a black background";
    private const string Negative = "a blue star moving right on a white background";
    private const int WarmUpFrames = 5; // decoders have a graph for the first latent frame and one for later ones

    /// <summary>Measures. Each way warms up with a short clip, which prepares weights and compiles.</summary>
    /// <param name="options">The clip, and how many steps of the slow way are made.</param>
    /// <param name="progress">Receives progress messages.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    /// <exception cref="BenchmarkException">The disk has no room for the weights.</exception>
    /// <exception cref="InvalidRequestException">There is no such shape, or no clip of that size.</exception>
    public async Task<EndToEndReport> RunAsync(
        EndToEndOptions options,
        IProgress<string>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MeasuredSteps, 3, nameof(options));
        var shape = NamedShape.Find(options.Shape, options.Layers);
        var latents = Workload.LatentsOf(shape, options.Width, options.Height, options.Frames);
        string tokenizer;
        using (var shipped = host.OpenModel(ModelLocator.DefaultModel))
        {
            tokenizer = shipped.TokenizerPath;
        }

        var files = EndToEndFiles.Find(options, host.Options.CacheFolder, tokenizer, progress, cancellationToken);
        var request = new GenerationRequest
        {
            Prompt = Prompt,
            NegativePrompt = Negative,
            Seed = 1,
            Width = options.Width,
            Height = options.Height,
            Frames = options.Frames,
        };
        var few = request with { Steps = options.FewSteps, Sampler = "euler", Shift = 5, GuidanceScale = 1, Decoder = files.Decoder };
        var full = request with { Steps = Math.Min(options.MeasuredSteps, options.FullSteps), Sampler = "unipc", GuidanceScale = 5 };
        var size = string.Create(CultureInfo.InvariantCulture, $"{options.Width}x{options.Height}x{options.Frames}");
        var fewRow = await MeasureAsync("int8, tiny decoder", Quantization.EightBit, few, options.FewSteps).ConfigureAwait(false);
        var fullRow = await MeasureAsync("fp32, VAE", Quantization.None, full, options.FullSteps).ConfigureAwait(false);
        return new EndToEndReport(
            $"{options.Shape}{(options.Layers is { } layers ? $" of {layers} layers" : "")} {size}",
            files.TextParameters,
            fullRow,
            fewRow,
            PreviewSeconds(shape, latents)
        );

        async Task<EndToEndRow> MeasureAsync(string way, Quantization precision, GenerationRequest clip, int steps)
        {
            using var engine = EngineHost.Open(
                host,
                new EngineSettings
                {
                    Model = files.Transformer,
                    Parts = files.Parts,
                    Precision = precision,
                    Threads = options.Threads,
                }
            );
            progress?.Report($"{way}: reading the weights, and a short clip to warm up");
            var brief = clip with { Prompt = "a warm-up", NegativePrompt = "none", Frames = WarmUpFrames, Steps = 1 };
            await MakeAsync(engine.Generator, brief, new StepTimes(null)).ConfigureAwait(false);
            var times = new StepTimes(step =>
                progress?.Report(string.Create(CultureInfo.InvariantCulture, $"{way}: step {step} of {clip.Steps}"))
            );
            var memory = MemorySampler.Start();
            (GenerationStatistics Statistics, double Total) made;
            await using (memory)
            {
                made = await MakeAsync(engine.Generator, clip, times).ConfigureAwait(false);
            }

            return Row(way, engine.Generator.Plan(clip).Branches, steps, times, made.Statistics, made.Total, memory.PeakPrivateBytes);
        }

        async Task<(GenerationStatistics Statistics, double Total)> MakeAsync(
            IVideoGenerator generator,
            GenerationRequest clip,
            StepTimes times
        )
        {
            var ffmpeg = host.FindFfmpeg();
            var folder = Directory.CreateTempSubdirectory("wan-bench-");
            try
            {
                var started = Stopwatch.GetTimestamp();
                var plan = generator.Plan(clip);
                var target = OutputTarget.Parse(Path.Combine(folder.FullName, ffmpeg is null ? "clip.png" : "clip.mp4"));
                var writer = VideoWriter.Create(ffmpeg, target, plan.Format, plan.Settings.ToJson());
                await using var writing = writer.ConfigureAwait(false);
                var statistics = await generator
                    .GenerateAsync(plan, writer, new GenerationRunOptions { Progress = times }, cancellationToken)
                    .ConfigureAwait(false);
                await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
                return (statistics, Stopwatch.GetElapsedTime(started).TotalSeconds);
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        }
    }

    private static EndToEndRow Row(
        string way,
        int passes,
        int steps,
        StepTimes times,
        GenerationStatistics statistics,
        double total,
        long? memory
    )
    {
        var made = statistics.Steps;
        var step = Timing.Of(times.Later.Count > 0 ? times.Later : [Seconds(GenerationStage.Denoise, stage => stage.Elapsed)]).Median;
        var missing = (steps - made) * step;
        return new EndToEndRow(
            way,
            steps,
            made,
            passes,
            Seconds(GenerationStage.Load, stage => stage.Busy),
            Seconds(GenerationStage.Encode, stage => stage.Elapsed),
            Seconds(GenerationStage.Denoise, stage => stage.Elapsed) + missing,
            step,
            Seconds(GenerationStage.Decode, stage => stage.Elapsed),
            Seconds(GenerationStage.Write, stage => stage.Busy),
            total + missing,
            memory
        );

        double Seconds(GenerationStage stage, Func<StageTime, TimeSpan> part) =>
            statistics.Stages.TryGetValue(stage, out var time) ? part(time).TotalSeconds : 0;
    }

    /// <summary>A preview by the colours of latents, the median of some.</summary>
    private static double PreviewSeconds(NamedShape shape, Shape latents)
    {
        const int Runs = 21;
        if (LatentColors.Published(shape.Vae) is not { } colors)
        {
            return 0;
        }

        using var noise = Tensor.Zeros(DType.F32, latents);
        new NoiseGenerator(Seed: 1).Fill(noise.Write<float>());
        var seconds = new List<double>();
        for (var run = 0; run < Runs; run++)
        {
            var started = Stopwatch.GetTimestamp();
            _ = LatentPictures.Of(colors, noise);
            seconds.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        return Timing.Of(seconds).Median;
    }

    /// <summary>Notes when steps begin.</summary>
    private sealed class StepTimes(Action<int>? begun) : IProgress<GenerationProgress>
    {
        private long _last;
        private int _begun;

        /// <summary>Seconds of the steps but the first and the last.</summary>
        public List<double> Later { get; } = [];

        public void Report(GenerationProgress value)
        {
            if (value.Stage != GenerationStage.Denoise)
            {
                return;
            }

            if (++_begun > 2)
            {
                Later.Add(Stopwatch.GetElapsedTime(_last).TotalSeconds);
            }

            _last = Stopwatch.GetTimestamp();
            begun?.Invoke(value.Done + 1);
        }
    }
}
