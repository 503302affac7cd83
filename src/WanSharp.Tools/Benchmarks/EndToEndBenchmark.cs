using System.Diagnostics;
using System.Globalization;
using WanSharp.Engine.Noise;
using WanSharp.Engine.Previews;
using WanSharp.Engine.Requests;
using WanSharp.Hosting;
using WanSharp.Models;
using WanSharp.Runtime;
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
        var run = new EndToEndRun(host, files, options.Threads, progress);
        var fewRow = await run.MeasureAsync("int8, tiny decoder", Precision.EightBit, few, options.FewSteps, cancellationToken)
            .ConfigureAwait(false);
        var fullRow = await run.MeasureAsync("fp32, VAE", Precision.Full, full, options.FullSteps, cancellationToken).ConfigureAwait(false);
        return new EndToEndReport(
            $"{options.Shape}{(options.Layers is { } layers ? $" of {layers} layers" : "")} {size}",
            files.TextParameters,
            fullRow,
            fewRow,
            PreviewSeconds(shape, latents)
        );
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
}
