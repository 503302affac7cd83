using System.Diagnostics;
using System.Globalization;
using WanSharp.Engine.Costs;
using WanSharp.Graphs;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>Measures a network's forward pass on random weights, compared with this machine's peak and, if wished, with PyTorch.</summary>
/// <param name="runtime">ONNX Runtime.</param>
/// <param name="threads">The threads that the runtime has; the peer gets as many.</param>
/// <param name="clock">The time of day.</param>
public sealed class Benchmark(OrtRuntime runtime, int threads, TimeProvider clock)
{
    private const int OperatorCount = 8;

    /// <summary>Measures. Read it from top to bottom: nothing is measured while something else runs.</summary>
    /// <param name="options">What, and how.</param>
    /// <param name="progress">Receives progress messages.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    /// <exception cref="BenchmarkException">It cannot be run as asked.</exception>
    public async Task<BenchmarkReport> RunAsync(
        BenchmarkOptions options,
        IProgress<string>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Runs, 1, nameof(options));
        PrecisionSelection.Require(runtime, options.Session, options.Precision);
        options = options with { Session = options.Session with { Compute = options.Precision.Compute } };
        RequireOfTransformer(options);

        // 1. Weights: written once into the cache, and that time is not counted.
        using var workload = Workload.For(options);
        var started = Stopwatch.GetTimestamp();
        var checkpoint = FindWeights(workload, options, progress, cancellationToken);
        var written = Stopwatch.GetElapsedTime(started);

        // 2. Start to first forward pass, and memory; the second pass has the memory that planning after the first asks for.
        var context = ContextOf(options);
        progress?.Report("first forward pass");
        var memory = MemorySampler.Start();
        ILoadedNetwork? network = null;
        double startToFirst;
        Rounds rounds;
        try
        {
            await using (memory)
            {
                network = await workload.LoadAsync(checkpoint, context, cancellationToken).ConfigureAwait(false);
                network.Forward(cancellationToken);
                startToFirst = (SinceProcessStart() - written).TotalSeconds;
                network.Forward(cancellationToken);
            }

            // 3. Timed runs, in turn with the peer's and with the machine's peak.
            rounds = await MeasureAsync(options, workload, network, checkpoint, progress, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            network?.Dispose();
        }

        // 4. Where the time goes, in a separate run: recording costs time.
        progress?.Report("profile");
        var operators = await ProfileAsync(workload, checkpoint, context, cancellationToken).ConfigureAwait(false);
        return new BenchmarkReport
        {
            Workload = Describe(options, workload.Name),
            Date = clock.GetUtcNow(),
            Machine = MachineName.Read(),
            Threads = threads,
            OnnxRuntime = runtime.Version,
            Operations = workload.Operations,
            Forward = rounds.Forward,
            PeakOperationsPerSecond = rounds.Peak,
            PeakIntegerOperationsPerSecond = rounds.IntegerPeak,
            StartToFirst = startToFirst,
            PeakPrivateBytes = memory.PeakPrivateBytes,
            PeakMappedBytes = memory.PeakMappedBytes,
            Operators = operators,
            Peer = rounds.Peer,
        };
    }

    private static void RequireOfTransformer(BenchmarkOptions options)
    {
        if (options.Precision.Quantization != Quantization.None && options.Subject != BenchmarkSubject.Dit)
        {
            throw new InvalidRequestException("precision", $"The precision {Precision.EightBit} is for the transformer: measure dit.");
        }

        if (options.ResidentBlocks is not null && (options.Subject != BenchmarkSubject.Dit || options.Mode == CompileMode.Whole))
        {
            throw new InvalidRequestException("resident-blocks", "Resident blocks are the transformer's, block by block: measure dit.");
        }
    }

    /// <summary>Measures the first forward pass of a process alone, which has done nothing before.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public async Task<StartReport> StartAsync(
        BenchmarkOptions options,
        IProgress<string>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        options = options with { Session = options.Session with { Compute = options.Precision.Compute } };
        using var workload = Workload.For(options);
        var started = Stopwatch.GetTimestamp();
        var checkpoint = FindWeights(workload, options, progress, cancellationToken);
        var written = Stopwatch.GetElapsedTime(started);
        var memory = MemorySampler.Start();
        double startToFirst;
        await using (memory)
        {
            using var network = await workload.LoadAsync(checkpoint, ContextOf(options), cancellationToken).ConfigureAwait(false);
            network.Forward(cancellationToken);
            startToFirst = (SinceProcessStart() - written).TotalSeconds;
        }

        return new StartReport(Describe(options, workload.Name), startToFirst, memory.PeakPrivateBytes, memory.PeakMappedBytes);
    }

    private BenchmarkContext ContextOf(BenchmarkOptions options) =>
        new(runtime, options.Session, TransformerOf(options)) { ResidentBlocks = options.ResidentBlocks ?? WeightStore.AllBlocks };

    private static TransformerOptions TransformerOf(BenchmarkOptions options) =>
        new()
        {
            Mode = options.Mode,
            CacheFolder = Path.Combine(options.CacheFolder, "graphs"),
            Quantization = options.Precision.Quantization,
            WeightsFolder = Path.Combine(options.CacheFolder, CacheSections.Weights),
        };

    internal static string FindWeights(
        Workload workload,
        BenchmarkOptions options,
        IProgress<string>? progress,
        CancellationToken cancellationToken
    )
    {
        var name = string.Create(
            CultureInfo.InvariantCulture,
            $"{workload.Name}-{options.Shape}{(options.Layers is { } layers ? $"-{layers}" : "")}"
        );
        var checkpoints = new RandomCheckpoints(Path.Combine(options.CacheFolder, "bench"));
        return checkpoints.Find(name, workload.Weights, options.Weights, progress, cancellationToken);
    }

    private async Task<Rounds> MeasureAsync(
        BenchmarkOptions options,
        Workload workload,
        ILoadedNetwork network,
        string checkpoint,
        IProgress<string>? progress,
        CancellationToken cancellationToken
    )
    {
        using var peak = MachinePeak.Float(runtime);
        using var integerPeak = options.Precision.Quantization == Quantization.None ? null : MachinePeak.EightBit(runtime);
        progress?.Report(options.PeerPython is null ? "timed forward passes" : "starting PyTorch");
#pragma warning disable CA2007 // null has no ConfigureAwait; what benchmarks is a program of its own
        await using var peer = options.PeerPython is { } python
            ? await TorchPeer.StartAsync(python, workload, checkpoint, threads, cancellationToken).ConfigureAwait(false)
            : null;
#pragma warning restore CA2007
        var expected = peer is null ? [] : await peer.ResultAsync("f32", cancellationToken).ConfigureAwait(false);
        var narrow = peer is null ? [] : await peer.ResultAsync("bf16", cancellationToken).ConfigureAwait(false);
        var (ours, f32, bf16) = (new List<double>(), new List<double>(), new List<double>());
        var result = network.Forward(cancellationToken);
        var difference = peer is null ? null : Difference(result.Read<float>(), expected);
        for (var run = 0; run < options.Runs; run++)
        {
            progress?.Report($"round {run + 1} of {options.Runs}");
            MeasurePeaks();
            var started = Stopwatch.GetTimestamp();
            network.Forward(cancellationToken);
            ours.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            if (peer is not null)
            {
                f32.Add(await peer.RunAsync("f32", cancellationToken).ConfigureAwait(false));
                bf16.Add(await peer.RunAsync("bf16", cancellationToken).ConfigureAwait(false));
            }
        }

        MeasurePeaks();
        var report = peer is null
            ? null
            : new PeerReport(
                peer.Version,
                threads,
                peer.StartToFirst,
                Timing.Of(f32),
                Timing.Of(bf16),
                difference!,
                Difference(narrow, expected)
            );
        return new Rounds(Timing.Of(ours), peak.OperationsPerSecond, integerPeak?.OperationsPerSecond, report);

        void MeasurePeaks()
        {
            peak.Measure(cancellationToken);
            integerPeak?.Measure(cancellationToken);
        }
    }

    private static async Task<IReadOnlyList<OperatorShare>> ProfileAsync(
        Workload workload,
        string checkpoint,
        BenchmarkContext context,
        CancellationToken cancellationToken
    )
    {
        using var folder = WorkFolder.CreateTemporary();
        var profiled = context with { Settings = context.Settings with { ProfilePathPrefix = folder["profile"] } };
        using (var network = await workload.LoadAsync(checkpoint, profiled, cancellationToken).ConfigureAwait(false))
        {
            network.Forward(cancellationToken);
        }

        return OperatorProfile.Read(folder.Path, OperatorCount); // written as the sessions ended
    }

    private static string Describe(BenchmarkOptions options, string name)
    {
        string?[] parts =
        [
            name,
            options.Shape,
            options.Layers is { } layers ? string.Create(CultureInfo.InvariantCulture, $"{layers} layers") : null,
            options.Subject == BenchmarkSubject.Text
                ? null
                : string.Create(CultureInfo.InvariantCulture, $"{options.Width}x{options.Height}x{options.Frames}"),
            options is { Subject: BenchmarkSubject.Dit, TextTokens: { } tokens }
                ? string.Create(CultureInfo.InvariantCulture, $"{tokens} text tokens")
                : null,
            options.Weights.Name(),
            options.Subject == BenchmarkSubject.Dit ? options.Mode.ToString() : null,
            options.ResidentBlocks is { } resident ? string.Create(CultureInfo.InvariantCulture, $"{resident} resident") : null,
            options.Precision == Precision.Full ? null : options.Precision.Name,
            options.Session.Provider,
        ];
        return string.Join(' ', parts.Where(part => part is not null)).ToLowerInvariant();
    }

    internal static OutputDifference Difference(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        var comparison = Selftest.Comparison.Of("", actual, expected, limit: 0);
        if (!double.IsFinite(comparison.MaximumError))
        {
            throw new BenchmarkException(
                $"Results cannot be compared: {actual.Length} values and {expected.Length}, or some that are not numbers."
            );
        }

        return new OutputDifference(comparison.MaximumError, comparison.RelativeError);
    }

    private TimeSpan SinceProcessStart()
    {
        using var process = Process.GetCurrentProcess();
        return clock.GetLocalNow().DateTime - process.StartTime;
    }

    private sealed record Rounds(Timing Forward, double Peak, double? IntegerPeak, PeerReport? Peer);
}
