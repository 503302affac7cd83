using System.Diagnostics;
using WanSharp.Engine.Noise;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime;
using WanSharp.Runtime.Adapters;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>Measures LoRAs of every linear layer: as factors in a step, several of them in a batch, and merged.</summary>
/// <param name="runtime">ONNX Runtime.</param>
public sealed class LoraBenchmark(OrtRuntime runtime)
{
    private const float Spread = 0.02f;
    private const int Loras = 4;
    private const int ClipsOfALora = 2;
    private const string Small = "shapes";

    /// <summary>Measures.</summary>
    /// <param name="options">The network, its size, and the number of passes.</param>
    /// <param name="rank">The LoRAs' rank.</param>
    /// <param name="parts">What is measured; all of it if there are none.</param>
    /// <param name="progress">Receives progress messages.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    public async Task<LoraReport> RunAsync(
        BenchmarkOptions options,
        int rank,
        IReadOnlyCollection<LoraPart> parts,
        IProgress<string>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(rank, 1);
        ArgumentNullException.ThrowIfNull(parts);
        LoraStepCost? step = null;
        LoraBatchCost? batch = null;
        if (Has(LoraPart.Step))
        {
            using var large = await OpenAsync(options, progress, cancellationToken).ConfigureAwait(false);
            progress?.Report("a step with a LoRA, in turn with one without");
            step = MeasureStep(large, rank, options.Runs, cancellationToken);
        }

        if (Has(LoraPart.Batch))
        {
            var size = options with { Shape = Small, Width = 64, Height = 64, Layers = null };
            using var small = await OpenAsync(size, progress, cancellationToken).ConfigureAwait(false);
            progress?.Report("clips with different LoRAs in one pass, in turn with a pass for each LoRA");
            batch = MeasureBatch(small, rank, 4 * options.Runs, cancellationToken);
        }

        progress?.Report("a merge");
        // F16 is what people have; merged matrices are stored as wide as the file's.
        var half = options with
        {
            Weights = DType.F16,
        };
        return new LoraReport(
            step,
            batch,
            Has(LoraPart.Merge) ? await MergeAsync(half, rank, progress, cancellationToken).ConfigureAwait(false) : null
        );

        bool Has(LoraPart part) => parts.Count == 0 || parts.Contains(part);
    }

    private static LoraStepCost MeasureStep(Loaded network, int rank, int runs, CancellationToken cancellationToken)
    {
        using var lora = network.CreateLora(1, rank);
        var use = new AdapterUse(lora.Adapter, 1);
        using var keys = network.Prepare(null);
        using var adapted = network.Prepare(use);
        network.Seconds([keys], cancellationToken); // compiles, and takes memory
        network.Seconds([adapted], cancellationToken);
        var compiled = network.Compiled;
        var (plain, same, known, changed) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (var run = 0; run < runs; run++)
        {
            // The first pass after one of another graph is not what is compared.
            network.Seconds([keys], cancellationToken);
            plain.Add(network.Seconds([keys], cancellationToken));
            network.Seconds([adapted], cancellationToken);
            same.Add(network.Seconds([adapted], cancellationToken));
            known.Add(network.SecondsOfFirst(use, cancellationToken));
            using var other = network.CreateLora((ulong)run + 2, rank); // nothing of it is widened or kept yet
            changed.Add(network.SecondsOfFirst(new AdapterUse(other.Adapter, 0.8f), cancellationToken));
        }

        return new LoraStepCost(
            Timing.Of(plain),
            Timing.Of(same),
            Median(same, plain),
            Timing.Of(known),
            Timing.Of(changed),
            Median(changed, known),
            network.Compiled - compiled
        );

        // Of each turn's ratio: over minutes a machine is now faster and now slower.
        static double Median(List<double> of, List<double> to) => Timing.Of([.. of.Zip(to, (one, other) => one / other)]).Median;
    }

    private static LoraBatchCost MeasureBatch(Loaded network, int rank, int runs, CancellationToken cancellationToken)
    {
        LoadedLora[] loras = [.. Enumerable.Range(0, Loras).Select(lora => network.CreateLora((ulong)lora + 1, rank))];
        TextKeys[] keys =
        [
            .. loras
                .SelectMany(lora => Enumerable.Repeat(lora, ClipsOfALora))
                .Select(lora => network.Prepare(new AdapterUse(lora.Adapter, 1))),
        ];
        var (together, apart) = (new List<double>(), new List<double>());
        for (var run = -2; run < runs; run++) // the first ones warm up
        {
            var whole = network.Seconds(keys, cancellationToken);
            var parts = keys.Chunk(ClipsOfALora).Sum(part => network.Seconds(part, cancellationToken));
            if (run >= 0)
            {
                together.Add(whole);
                apart.Add(parts);
            }
        }

        Array.ForEach(keys, one => one.Dispose());
        Array.ForEach(loras, lora => lora.Dispose());
        var ratio = Timing.Of([.. apart.Zip(together, (four, one) => four / one)]).Median;
        return new LoraBatchCost(Timing.Of(together), Timing.Of(apart), ratio);
    }

    private static async Task<LoraMergeCost> MergeAsync(
        BenchmarkOptions options,
        int rank,
        IProgress<string>? progress,
        CancellationToken cancellationToken
    )
    {
        var folder = Path.Combine(options.CacheFolder, "bench-merged");
        using var workload = Workload.For(options);
        var shapes = workload.Weights.DistinctBy(slot => slot.Name).ToDictionary(slot => slot.Name, slot => slot.Shape);
        using var weights = new WeightStore(Checkpoint.Open(Benchmark.FindWeights(workload, options, progress, cancellationToken)));
        using var lora = new LoadedLora(shapes, 1, rank);
        try
        {
            // Reading the checkpoint for its digest is done once for a checkpoint, and noted.
            _ = new FileDigests(Path.Combine(folder, "digests")).Of(weights.Files, cancellationToken);
            var before = MemorySampler.Start();
            await before.DisposeAsync().ConfigureAwait(false);
            var memory = MemorySampler.Start();
            double seconds;
            double processors;
            await using (memory)
            {
                var (started, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
                using var merged = await OpenMergedAsync().ConfigureAwait(false);
                seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
                processors = (Environment.CpuUsage.TotalTime - used).TotalSeconds;
            }

            var opened = Stopwatch.GetTimestamp();
            using var again = await OpenMergedAsync().ConfigureAwait(false);
            return new LoraMergeCost(
                seconds,
                processors,
                memory.PeakPrivateBytes - before.PeakPrivateBytes,
                Stopwatch.GetElapsedTime(opened).TotalSeconds
            );
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        Task<WeightStore> OpenMergedAsync() =>
            new MergedWeights(weights, [lora.Changes], [1], shapes).OpenAsync(folder, prepared: null, cancellationToken);
    }

    private async Task<Loaded> OpenAsync(BenchmarkOptions options, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        using var workload = Workload.For(options);
        var path = Benchmark.FindWeights(workload, options, progress, cancellationToken);
        var config = NamedShape.All[options.Shape].Transformer;
        config = config with { Layers = options.Layers ?? config.Layers };
        var weights = new WeightStore(Checkpoint.Open(path));
        var graphs = new GraphCache(runtime);
        var transformer = await TransformerRunner
            .CreateAsync(
                graphs,
                config,
                weights,
                options.Session,
                options: new TransformerOptions { Quantization = options.Precision.Quantization },
                cancellationToken: cancellationToken
            )
            .ConfigureAwait(false);
        var stride = NamedShape.All[options.Shape].Vae;
        Shape latents =
        [
            1,
            config.GivenChannels,
            ((options.Frames - 1) / stride.TemporalStride) + 1,
            options.Height / stride.SpatialStride,
            options.Width / stride.SpatialStride,
        ];
        return new Loaded(config, weights, graphs, transformer, latents);
    }

    private static Tensor Noise(ulong seed, int stream, Shape shape)
    {
        var noise = Tensor.Zeros(DType.F32, shape);
        var values = noise.Write<float>();
        new NoiseGenerator(seed, (uint)stream).Fill(values);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] *= Spread;
        }

        return noise;
    }

    /// <summary>A transformer that is measured.</summary>
    private sealed class Loaded(
        TransformerConfig config,
        WeightStore weights,
        GraphCache graphs,
        TransformerRunner transformer,
        Shape latents
    ) : IDisposable
    {
        private const float Timestep = 500;

        private readonly Dictionary<string, Shape> _shapes = new TransformerGraphs(config, new GraphOptions())
            .Weights.DistinctBy(slot => slot.Name)
            .ToDictionary(slot => slot.Name, slot => slot.Shape);

        public long Compiled => graphs.Statistics().Sum(graph => graph.Compiles);

        public LoadedLora CreateLora(ulong seed, int rank) => new(_shapes, seed, rank);

        public TextKeys Prepare(AdapterUse? use)
        {
            using var context = Noise(9, 0, [1, config.TextLength, config.TextDim]);
            return transformer.PrepareContext(context, adapter: use);
        }

        /// <summary>A prompt's first step: its keys, which its LoRA changes, too, and a pass.</summary>
        public double SecondsOfFirst(AdapterUse use, CancellationToken cancellationToken)
        {
            var started = Stopwatch.GetTimestamp();
            using var keys = Prepare(use);
            var preparing = Stopwatch.GetElapsedTime(started).TotalSeconds;
            return preparing + Seconds([keys], cancellationToken);
        }

        public double Seconds(TextKeys[] keys, CancellationToken cancellationToken)
        {
            Shape shape = [keys.Length, latents[1], latents[2], latents[3], latents[4]];
            using var input = Noise(10, 0, shape);
            using var velocity = Tensor.Zeros(DType.F32, [keys.Length, config.OutChannels, latents[2], latents[3], latents[4]]);
            var timesteps = Enumerable.Repeat(Timestep, keys.Length).ToArray();
            var started = Stopwatch.GetTimestamp();
            transformer.Forward(input, timesteps, keys, velocity, cancellationToken);
            return Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        public void Dispose()
        {
            transformer.Dispose();
            graphs.Dispose();
            weights.Dispose();
        }
    }

    /// <summary>A LoRA of every linear layer, of random numbers.</summary>
    private sealed class LoadedLora : IDisposable
    {
        private readonly List<Tensor> _tensors = [];

        public LoadedLora(IReadOnlyDictionary<string, Shape> shapes, ulong seed, int rank)
        {
            Changes = new LoraChanges(
                $"random {seed}",
                shapes
                    .Where(weight => weight.Value.Rank == 2)
                    .ToDictionary(
                        weight => weight.Key,
                        weight =>
                            (IReadOnlyList<WeightChange>)
                                [new LowRankChange(Add(seed, [rank, weight.Value[1]]), Add(seed, [weight.Value[0], rank]), 1)]
                    )
            );
            Adapter = new Adapter([Changes], shapes);
        }

        public LoraChanges Changes { get; }

        public Adapter Adapter { get; }

        public void Dispose()
        {
            Adapter.Dispose();
            _tensors.ForEach(tensor => tensor.Dispose());
        }

        private Tensor Add(ulong seed, Shape shape)
        {
            var tensor = Noise(seed, _tensors.Count, shape);
            _tensors.Add(tensor);
            return tensor;
        }
    }
}
