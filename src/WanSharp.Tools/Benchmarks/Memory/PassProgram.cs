using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;
using WanSharp.Engine.Noise;
using WanSharp.Engine.Strategies;
using WanSharp.Runtime;
using WanSharp.Runtime.Memory;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks.Memory;

/// <summary>Runs a <see cref="MemoryPass"/> in this process.</summary>
/// <param name="runtime">ONNX Runtime.</param>
/// <param name="clock">The time of day, to tell how long ago the process started.</param>
internal sealed class PassProgram(OrtRuntime runtime, TimeProvider clock)
{
    private const float Timestep = 500;

    public async Task<MemoryPassResult> RunAsync(MemoryPass pass, CancellationToken cancellationToken)
    {
        // 1. What stays in memory.
        var shape = NamedShape.Find(pass.Shape, pass.Layers);
        var latents = Workload.LatentsOf(shape, pass.Width, pass.Height, pass.Frames);
        using var weights = new WeightStore(Checkpoint.Open(pass.Checkpoint));
        var options = new TransformerOptions
        {
            Mode = pass.Mode,
            Quantization = pass.Quantization,
            CacheFolder = pass.CacheFolder,
            WeightsFolder = pass.CacheFolder,
        };
        var strategy = pass.FitsMemory ? Fit(shape, weights, latents, pass) : null;
        if (strategy is not null)
        {
            weights.ResidentBlocks = strategy.ResidentBlocks;
            options = options with { TokensAtOnce = strategy.TokensAtOnce, WidensAhead = strategy.WidensAhead };
        }

        // 2. Start.
        var memory = MemorySampler.Start();
        var waited = 0.0;
        using var listener = ListenToWaits(seconds => waited += seconds);
        using var velocity = Tensor.Zeros(DType.F32, latents);
        double compiled;
        double started;
        List<double> forwards;
        IReadOnlyList<GraphStatistics> counts;
        await using (memory)
        {
            var start = Stopwatch.GetTimestamp();
            using var graphs = new GraphCache(runtime);
            var settings = new SessionSettings();
            using var transformer = await TransformerRunner
                .CreateAsync(graphs, shape.Transformer, weights, settings, options: options, cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            compiled = Stopwatch.GetElapsedTime(start).TotalSeconds;
            started = SinceProcessStart();

            // 3. Passes.
            forwards = Forward(transformer, pass, velocity, () => waited = 0, cancellationToken);
            counts = graphs.Statistics();
        }

        return new MemoryPassResult
        {
            CompileSeconds = compiled,
            StartSeconds = started,
            Forwards = forwards,
            Digest = Digests.OfBytes(MemoryMarshal.AsBytes(velocity.Read<float>())),
            PrivateBytes = memory.PeakPrivateBytes,
            EstimatedBytes = strategy?.Bytes,
            ResidentBlocks = Math.Min(weights.ResidentBlocks, shape.Transformer.Layers),
            WaitSeconds = waited,
            Graphs = counts,
        };
    }

    /// <summary>The strategy by which a pass fits into what memory is free.</summary>
    private static Strategy Fit(NamedShape shape, WeightStore weights, Shape latents, MemoryPass pass) =>
        StrategyChooser.Choose(PassFacts.Of(shape, weights, latents, pass.TextTokens), HostMemoryFacts.Read().Free, CompileMode.Blocks);

    /// <summary>Runs the passes.</summary>
    /// <param name="transformer">The network.</param>
    /// <param name="pass">How many, and the prompt's length.</param>
    /// <param name="velocity">Gets the result of the last one.</param>
    /// <param name="prepared">Called before the first one.</param>
    /// <param name="cancellationToken">Stops within a pass.</param>
    /// <returns>The seconds of each.</returns>
    private static List<double> Forward(
        TransformerRunner transformer,
        MemoryPass pass,
        Tensor velocity,
        Action prepared,
        CancellationToken cancellationToken
    )
    {
        var seconds = new List<double>();
        if (pass.Passes == 0)
        {
            return seconds;
        }

        var config = transformer.Configuration;
        using var noise = Noise(velocity.Shape, velocity.Shape.ElementCount);
        using var text = Noise([1, config.TextLength, config.TextDim], (long)pass.TextTokens * config.TextDim);
        using var context = transformer.PrepareContext(text, cancellationToken: cancellationToken);
        prepared();
        for (var i = 0; i < pass.Passes; i++)
        {
            var start = Stopwatch.GetTimestamp();
            transformer.Forward(noise, [Timestep], [context], velocity, cancellationToken);
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return seconds;
    }

    private static MeterListener ListenToWaits(Action<double> waited)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "wansharp.block.wait.duration")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, seconds, _, _) => waited(seconds));
        listener.Start();
        return listener;
    }

    /// <summary>Noise, and zeros from an element on.</summary>
    private static Tensor Noise(Shape shape, long count)
    {
        var noise = Tensor.Zeros(DType.F32, shape);
        new NoiseGenerator(Seed: 1).Fill(noise.Write<float>()[..(int)Math.Min(count, shape.ElementCount)]);
        return noise;
    }

    private double SinceProcessStart()
    {
        using var process = Process.GetCurrentProcess();
        return (clock.GetLocalNow().DateTime - process.StartTime).TotalSeconds;
    }
}
