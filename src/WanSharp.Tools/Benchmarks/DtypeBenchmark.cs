using System.Diagnostics;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>Measures what weights of a narrow type cost a forward pass, in turn with the same numbers in F32.</summary>
/// <param name="runtime">ONNX Runtime.</param>
public sealed class DtypeBenchmark(OrtRuntime runtime)
{
    /// <summary>Measures one type.</summary>
    /// <param name="options">The network, its size and the type of its weights.</param>
    /// <param name="progress">Receives progress messages.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    /// <exception cref="BenchmarkException">The results are not numbers.</exception>
    public async Task<DtypeCost> RunAsync(
        BenchmarkOptions options,
        IProgress<string>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Runs, 1, nameof(options));
        using var workload = Workload.For(options);
        var wide = Benchmark.FindWeights(workload, options with { Weights = DType.F32 }, progress, cancellationToken);
        var narrow = Benchmark.FindWeights(workload, options, progress, cancellationToken);
        var context = new BenchmarkContext(runtime, options.Session, new TransformerOptions());
        using var expected = await workload.LoadAsync(wide, context, cancellationToken).ConfigureAwait(false);
        using var actual = await workload.LoadAsync(narrow, context, cancellationToken).ConfigureAwait(false);

        progress?.Report($"forward passes with weights in {options.Weights.Name()}");
        var reference = expected.Forward(cancellationToken);
        var difference = Benchmark.Difference(actual.Forward(cancellationToken).Read<float>(), reference.Read<float>());
        var (ours, theirs) = (new List<double>(), new List<double>());
        for (var run = 0; run < options.Runs; run++)
        {
            theirs.Add(Seconds(expected));
            ours.Add(Seconds(actual));
        }

        var seconds = Timing.Of(ours);
        return new DtypeCost(options.Weights.Name(), LengthOf(narrow), seconds, seconds.Median / Timing.Of(theirs).Median, difference);

        double Seconds(ILoadedNetwork network)
        {
            var started = Stopwatch.GetTimestamp();
            network.Forward(cancellationToken);
            return Stopwatch.GetElapsedTime(started).TotalSeconds;
        }
    }

    /// <summary>Makes a process that starts next read the weights from disk.</summary>
    /// <param name="options">The network and the type of its weights.</param>
    /// <param name="cancellationToken">Stops the writing of weights that are not there.</param>
    public static void ForgetWeights(BenchmarkOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        using var workload = Workload.For(options);
        using var weights = new WeightStore(Checkpoint.Open(Benchmark.FindWeights(workload, options, progress: null, cancellationToken)));
        weights.ForgetAll();
    }

    private static long LengthOf(string path)
    {
        using var checkpoint = Checkpoint.Open(path);
        return FileFacts.Length(checkpoint.Files);
    }
}
