using System.Diagnostics;
using WanSharp.Engine.Costs;
using WanSharp.Engine.Noise;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>
/// Measures what decodes a clip, in turn: the model's own VAE, and a tiny autoencoder of the published widths; weights are random.
/// </summary>
/// <param name="runtime">ONNX Runtime.</param>
public sealed class DecoderBenchmark(OrtRuntime runtime)
{
    /// <summary>Measures a clip's decoding.</summary>
    /// <param name="options">Shape, size, and how often each decodes it.</param>
    /// <param name="progress">Receives progress messages.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    /// <exception cref="InvalidRequestException">There is no such shape, or no clip of that size.</exception>
    public IReadOnlyList<DecoderRow> Run(
        BenchmarkOptions options,
        IProgress<string>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        var shape = NamedShape.Find(options.Shape, layers: null);
        var latents = Workload.LatentsOf(shape, options.Width, options.Height, options.Frames);
        using var noise = Tensor.Zeros(DType.F32, latents);
        new NoiseGenerator(Seed: 1).Fill(noise.Write<float>());
        (string Name, VaeConfig Config)[] networks = [("VAE", shape.Vae), ("TAEHV", Tiny(shape.Vae))];
        var measured = networks.Select(_ => new Measured()).ToList();
        for (var round = 0; round < options.Runs; round++)
        {
            foreach (var (i, (name, config)) in networks.Index())
            {
                progress?.Report($"{name}, round {round + 1} of {options.Runs}");
                Measure(config, noise, measured[i], options, cancellationToken);
            }
        }

        return
        [
            .. networks.Zip(
                measured,
                (network, result) =>
                    new DecoderRow(
                        network.Name,
                        Timing.Of(result.Seconds),
                        Timing.Of(result.First),
                        result.Peak,
                        new VaeWork(network.Config).Decode(latents).Convolutions,
                        Math.Round(Timing.Of(measured[0].Seconds).Median / Timing.Of(result.Seconds).Median, 2)
                    )
            ),
        ];
    }

    /// <summary>The published tiny autoencoder for a VAE's latents (madebyollin/taehv:taehv.py).</summary>
    internal static VaeConfig Tiny(VaeConfig vae) =>
        new()
        {
            Kind = VaeKind.Tiny,
            Patch = vae.Kind == VaeKind.Wan22 ? 2 : 1,
            Dim = 64,
            DecoderDim = 1,
            DimMultipliers = [64, 64, 128, 256],
            ResidualBlocks = 3,
            TemporalDownsample = [true, true, false],
            LatentChannels = vae.LatentChannels,
            Mean = new float[vae.LatentChannels],
            Std = [.. Enumerable.Repeat(1f, vae.LatentChannels)],
        };

    /// <summary>Compiles a network, decodes the clip to warm up and once more; what it held goes again.</summary>
    private void Measure(VaeConfig config, Tensor noise, Measured result, BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var (memory, before) = (runtime.Memory, 0L);
        memory.Trim();
        before = memory.InUse;
        memory.Refuses = bytes =>
        {
            result.Peak = Math.Max(result.Peak, memory.InUse + bytes - before);
            return false;
        };
        try
        {
            using var weights = new WeightStore(
                Checkpoint.Open(
                    new RandomCheckpoints(Path.Combine(options.CacheFolder, "bench")).Find(
                        $"decoder-{config.Kind}-{config.LatentChannels}-{config.Dim}",
                        new VaeGraphs(config, new GraphOptions()).DecoderWeights,
                        DType.F16,
                        progress: null,
                        cancellationToken
                    )
                )
            );
            using var vae = new VaeRunner(runtime, config, weights, options.Session);
            Decode(vae, noise, cancellationToken);
            var (seconds, first) = Decode(vae, noise, cancellationToken);
            result.Seconds.Add(seconds);
            result.First.Add(first);
        }
        finally
        {
            memory.Refuses = null;
        }
    }

    private static (double Seconds, double First) Decode(VaeRunner vae, Tensor noise, CancellationToken cancellationToken)
    {
        var (started, first) = (Stopwatch.GetTimestamp(), 0.0);
        foreach (var piece in vae.Decode(noise, cancellationToken))
        {
            using (piece)
            {
                first = first > 0 ? first : Stopwatch.GetElapsedTime(started).TotalSeconds;
            }
        }

        return (Stopwatch.GetElapsedTime(started).TotalSeconds, first);
    }

    private sealed class Measured
    {
        public List<double> Seconds { get; } = [];

        public List<double> First { get; } = [];

        public long Peak { get; set; }
    }
}
