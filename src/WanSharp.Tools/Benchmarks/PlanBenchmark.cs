using System.Diagnostics;
using WanSharp.Engine.Costs;
using WanSharp.Engine.Noise;
using WanSharp.Graphs;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>
/// Measures how well <see cref="CostModel"/> predicts: one branch of a denoise step, and a clip's decoding, at several sizes.
/// </summary>
/// <param name="runtime">ONNX Runtime.</param>
public sealed class PlanBenchmark(OrtRuntime runtime)
{
    private const float Timestep = 500;
    private const int Runs = 2;

    /// <summary>
    /// Measures. Networks have run once before anything is timed; of two runs of each stage at each size the faster one counts.
    /// </summary>
    /// <param name="shape">The model whose dimensions the networks have; weights are random. One of
    /// <see cref="BenchmarkOptions.ShapeNames"/>.</param>
    /// <param name="sizes">Width, height and frames of each clip.</param>
    /// <param name="machine">The machine's speed, by which times are predicted.</param>
    /// <param name="cacheFolder">Where random weights are kept from run to run.</param>
    /// <param name="progress">Receives progress messages.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    /// <returns>Two for each size: the denoise step's, the decoding's.</returns>
    /// <exception cref="InvalidRequestException">There is no such shape, or no clip of such a size.</exception>
    public async Task<IReadOnlyList<PlanCheck>> RunAsync(
        string shape,
        IReadOnlyList<(int Width, int Height, int Frames)> sizes,
        Calibration machine,
        string cacheFolder,
        IProgress<string>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(sizes);
        ArgumentNullException.ThrowIfNull(machine);
        var named = NamedShape.Find(shape, layers: null);
        var latents = sizes.Select(size => Workload.LatentsOf(named, size.Width, size.Height, size.Frames)).ToList();
        var graphs = new NetworkGraphs(named.Transformer, named.TextEncoder, named.Vae);
        using var denoising = new WeightStore(Weights("dit", graphs.TransformerWeights));
        using var decoding = new WeightStore(Weights("vae", graphs.Vae.DecoderWeights));
        using var cache = new GraphCache(runtime);
        using var vae = new VaeRunner(runtime, named.Vae, decoding);
        using var transformer = await TransformerRunner
            .CreateAsync(cache, named.Transformer, denoising, new SessionSettings(), cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        using var text = Noise([1, named.Transformer.TextLength, named.Transformer.TextDim]);
        using var context = transformer.PrepareContext(text, cancellationToken: cancellationToken);

        progress?.Report("warming up");
        Forward(latents[0]);
        Decode(latents[0]);
        var checks = new List<PlanCheck>();
        foreach (var (size, shapeOfLatents) in sizes.Zip(latents))
        {
            progress?.Report($"{size.Width}x{size.Height}, {size.Frames} frames");
            checks.Add(
                Check(
                    PlanStage.Denoise,
                    size,
                    graphs.Forward(shapeOfLatents, batch: 1, groups: 1, named.Transformer.TextLength),
                    machine,
                    Least(() => Forward(shapeOfLatents))
                )
            );
            checks.Add(Check(PlanStage.Decode, size, graphs.Vae.Decode(shapeOfLatents), machine, Least(() => Decode(shapeOfLatents))));
        }

        return checks;

        ICheckpoint Weights(string name, IEnumerable<WeightSlot> slots) =>
            Checkpoint.Open(
                new RandomCheckpoints(Path.Combine(cacheFolder, "bench")).Find(
                    $"{name}-{shape}",
                    slots,
                    DType.F32,
                    progress,
                    cancellationToken
                )
            );

        double Forward(Shape shapeOfLatents) => TimeForward(transformer, context, shapeOfLatents, cancellationToken);

        double Decode(Shape shapeOfLatents) => TimeDecoding(vae, shapeOfLatents, cancellationToken);
    }

    private static PlanCheck Check(
        PlanStage stage,
        (int Width, int Height, int Frames) size,
        GraphWork work,
        Calibration machine,
        double measured
    ) =>
        new(
            stage,
            size.Width,
            size.Height,
            size.Frames,
            new StageWork(stage, work, new Dictionary<DType, double>()).SecondsOn(machine),
            measured
        );

    // The first run of a size takes its memory fresh from the system, and whatever else runs only ever adds time.
    private static double Least(Func<double> run) => Enumerable.Range(0, Runs).Min(_ => run());

    private static double TimeForward(TransformerRunner transformer, TextKeys context, Shape latents, CancellationToken cancellationToken)
    {
        using var noise = Noise(latents);
        using var velocity = Tensor.Zeros(DType.F32, latents);
        var started = Stopwatch.GetTimestamp();
        transformer.Forward(noise, [Timestep], [context], velocity, cancellationToken);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static double TimeDecoding(VaeRunner vae, Shape latents, CancellationToken cancellationToken)
    {
        using var noise = Noise(latents);
        var started = Stopwatch.GetTimestamp();
        foreach (var piece in vae.Decode(noise, cancellationToken))
        {
            piece.Dispose();
        }

        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static Tensor Noise(Shape shape)
    {
        var noise = Tensor.Zeros(DType.F32, shape);
        new NoiseGenerator(Seed: 1).Fill(noise.Write<float>());
        return noise;
    }
}
