using System.Diagnostics;
using System.Globalization;
using WanSharp.Engine.Denoising;
using WanSharp.Engine.Noise;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>Measures two experts of random weights in turn: a step, a step that changes the expert, and the memory of both.</summary>
/// <param name="runtime">ONNX Runtime.</param>
public sealed class ExpertBenchmark(OrtRuntime runtime)
{
    private const float Timestep = 500;

    /// <summary>Measures a branch of a denoise step.</summary>
    /// <param name="options">Shape, size, the weights' type, and how often each expert takes over.</param>
    /// <param name="progress">Receives progress messages.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    /// <exception cref="InvalidRequestException">There is no such shape, or no clip of that size.</exception>
    public async Task<ExpertReport> RunAsync(
        BenchmarkOptions options,
        IProgress<string>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        var shape = NamedShape.Find(options.Shape, options.Layers);
        var config = shape.Transformer;
        var latents = Workload.LatentsOf(shape, options.Width, options.Height, options.Frames);
        var slots = new TransformerGraphs(config, new GraphOptions()).Whole.Weights;
        using WeightStore lowWeights = Open("low", options, slots, progress, cancellationToken),
            highWeights = Open("high", options, slots, progress, cancellationToken);
        using var graphs = new GraphCache(runtime);
        var memory = MemorySampler.Start();
        await using var memoryEnd = memory.ConfigureAwait(false);
        using TransformerRunner low = await LoadAsync(lowWeights).ConfigureAwait(false),
            high = await LoadAsync(highWeights).ConfigureAwait(false);
        using Tensor noise = Noise(latents),
            text = Noise([1, config.TextLength, config.TextDim]),
            velocity = Tensor.Zeros(DType.F32, latents);
        using var context = new BranchContext(text, imageFeatures: null);
        var experts = new Experts(low, high);

        progress?.Report("warming up");
        Step(isHigh: true);
        Step(isHigh: false);
        var (steps, switches) = (new List<double>(), new List<double>());
        for (var round = 0; round < options.Runs; round++)
        {
            progress?.Report($"round {round + 1} of {options.Runs}");
            var isHigh = round % 2 == 0;
            switches.Add(Step(isHigh));
            steps.Add(Step(isHigh));
        }

        var size = string.Create(CultureInfo.InvariantCulture, $"{options.Width}x{options.Height}x{options.Frames}");
        return new ExpertReport(
            $"experts {options.Shape}{(options.Layers is { } layers ? $" of {layers} layers" : "")} {size} "
                + $"{options.Weights.Name().ToLowerInvariant()}",
            Timing.Of(steps),
            Timing.Of(switches),
            FileFacts.Length(lowWeights.Files),
            memory.PeakPrivateBytes
        );

        Task<TransformerRunner> LoadAsync(WeightStore weights) =>
            TransformerRunner.CreateAsync(graphs, config, weights, options.Session, cancellationToken: cancellationToken);

        double Step(bool isHigh)
        {
            var started = Stopwatch.GetTimestamp();
            var expert = experts.For(isHigh);
            expert.Forward(noise, [Timestep], [context.KeysFor(expert, null, cancellationToken)], velocity, cancellationToken);
            return Stopwatch.GetElapsedTime(started).TotalSeconds;
        }
    }

    private static WeightStore Open(
        string expert,
        BenchmarkOptions options,
        IReadOnlyList<WeightSlot> slots,
        IProgress<string>? progress,
        CancellationToken cancellationToken
    )
    {
        var name = string.Create(
            CultureInfo.InvariantCulture,
            $"expert-{expert}-{options.Shape}{(options.Layers is { } count ? $"-{count}" : "")}"
        );
        var checkpoints = new RandomCheckpoints(Path.Combine(options.CacheFolder, "bench"));
        return new WeightStore(Checkpoint.Open(checkpoints.Find(name, slots, options.Weights, progress, cancellationToken)));
    }

    private static Tensor Noise(Shape shape)
    {
        var noise = Tensor.Zeros(DType.F32, shape);
        new NoiseGenerator(Seed: 1).Fill(noise.Write<float>());
        return noise;
    }
}
