using WanSharp.Graphs;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks.Memory;

/// <summary>The rows that compare processes with each other.</summary>
internal sealed class ProcessRows(MemoryBenchmarkOptions options, PassProcess process, BenchmarkCheckpoints checkpoints)
{
    private const double CompileTimes = 10;
    private const double StartTimes = 5;
    private const double PeakTimes = 3.6;
    private const double MostSlower = 1.15;
    private const long LargeLimit = 4L << 30;
    private const int LargeFrames = 5;

    // Packed weights on disk: the original next to the packed matrices.
    private const int PackedTimes = 2;

    /// <summary>
    /// Compiling a block against compiling the whole network, each in a new process that has the weights in the system's cache.
    /// </summary>
    public async Task<MemoryRowResult> CompileAsync(CancellationToken cancellationToken)
    {
        var pass = Pass(cancellationToken);
        var blocks = await process.RunAsync(pass, limit: null, isCold: false, cancellationToken).ConfigureAwait(false);
        var whole = await process
            .RunAsync(pass with { Mode = CompileMode.Whole }, limit: null, isCold: false, cancellationToken)
            .ConfigureAwait(false);
        var ratio = whole.Result.CompileSeconds / blocks.Result.CompileSeconds;
        return new MemoryRowResult
        {
            Row = MemoryRow.Compile,
            Goal = "blocks compile 10 times as fast as the whole network",
            IsReached = ratio >= CompileTimes,
            Ratios = new Dictionary<string, double> { ["times_whole"] = ratio },
            Figures = new Dictionary<string, double>
            {
                ["blocks_seconds"] = blocks.Result.CompileSeconds,
                ["whole_seconds"] = whole.Result.CompileSeconds,
            },
            Graphs =
            [
                .. blocks.Result.Graphs,
                .. whole.Result.Graphs.Where(graph => blocks.Result.Graphs.All(other => other.Name != graph.Name)),
            ],
        };
    }

    /// <summary>
    /// The whole network's start without and with its packed weights on disk; in addition to them one that leaves nothing on disk.
    /// </summary>
    public async Task<MemoryRowResult> StartAsync(CancellationToken cancellationToken)
    {
        var pass = Pass(cancellationToken) with { Mode = CompileMode.Whole, Passes = 1 };
        DiskRoom.Require(checkpoints.Folder, PackedTimes * BytesOf(pass));
        var folder = Directory.CreateDirectory(Path.Combine(checkpoints.Folder, $"start-{Path.GetRandomFileName()}"));
        try
        {
            pass = pass with { CacheFolder = folder.FullName };
            var cold = (await process.RunAsync(pass, limit: null, isCold: false, cancellationToken).ConfigureAwait(false)).Result;
            var warm = (await process.RunAsync(pass, limit: null, isCold: false, cancellationToken).ConfigureAwait(false)).Result;
            var unsaved = (
                await process
                    .RunAsync(pass with { CacheFolder = null, Passes = 0 }, limit: null, isCold: false, cancellationToken)
                    .ConfigureAwait(false)
            ).Result;
            var ratio = cold.StartSeconds / warm.StartSeconds;
            return new MemoryRowResult
            {
                Row = MemoryRow.Start,
                Goal = "the second process is ready 5 times as fast as the first, to the same result",
                IsReached = ratio >= StartTimes && cold.Digest == warm.Digest,
                Ratios = new Dictionary<string, double>
                {
                    ["times_first"] = ratio,
                    ["times_first_to_one_pass"] = (cold.StartSeconds + cold.Forwards[0]) / (warm.StartSeconds + warm.Forwards[0]),
                    ["times_unsaved"] = unsaved.StartSeconds / warm.StartSeconds,
                },
                Figures = new Dictionary<string, double>
                {
                    ["first_seconds"] = cold.StartSeconds,
                    ["second_seconds"] = warm.StartSeconds,
                    ["unsaved_seconds"] = unsaved.StartSeconds,
                    ["first_pass_seconds"] = cold.Forwards[0],
                    ["second_pass_seconds"] = warm.Forwards[0],
                },
                Note = cold.Digest == warm.Digest ? null : "the results differ",
                Graphs = warm.Graphs,
            };
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>A third of the weights' bytes for everything, against everything resident.</summary>
    public async Task<MemoryRowResult> ThirdAsync(CancellationToken cancellationToken)
    {
        var pass = Pass(cancellationToken) with { Passes = options.Runs + 1 };
        var limit = BytesOf(pass) / 3;
        var all = await process.RunAsync(pass, limit: null, isCold: true, cancellationToken).ConfigureAwait(false);
        var within = await process.RunAsync(pass with { FitsMemory = true }, limit, isCold: true, cancellationToken).ConfigureAwait(false);
        var (ratio, isSame) = (all.Seconds / within.Seconds, all.Result.Digest == within.Result.Digest);
        return new MemoryRowResult
        {
            Row = MemoryRow.Third,
            Goal = "completes within a third of the weights' bytes, the result identical, at most 15 % slower than all resident",
            IsReached = within.Note is null && isSame && ratio >= 1 / MostSlower,
            Ratios = new Dictionary<string, double> { ["speed_of_resident"] = ratio },
            Figures = new Dictionary<string, double>
            {
                ["resident_pass_seconds"] = all.Seconds,
                ["limited_pass_seconds"] = within.Seconds,
                ["limit_bytes"] = limit,
                ["limited_peak_bytes"] = within.PeakBytes,
                ["resident_peak_bytes"] = all.PeakBytes,
                ["limited_estimated_bytes"] = within.Result.EstimatedBytes ?? 0,
                ["limited_resident_blocks"] = within.Result.ResidentBlocks,
                ["limited_wait_seconds"] = within.Result.WaitSeconds,
            },
            Note = within.Note ?? (isSame ? null : "the results differ"),
            Graphs = within.Result.Graphs,
        };
    }

    /// <summary>The plain whole network in F32 against blocks in a quarter of its memory, in F32 and with 8-bit integers.</summary>
    public async Task<MemoryRowResult> PeakAsync(CancellationToken cancellationToken)
    {
        const int LimitDivisor = 4;
        var pass = Pass(cancellationToken) with { Passes = options.Runs + 1 };
        var plain = await process
            .RunAsync(pass with { Mode = CompileMode.Whole }, limit: null, isCold: true, cancellationToken)
            .ConfigureAwait(false);
        var streamed = await process
            .RunAsync(pass with { FitsMemory = true }, plain.PeakBytes / LimitDivisor, isCold: true, cancellationToken)
            .ConfigureAwait(false);
        var prepared = pass with
        {
            Quantization = Quantization.EightBit,
            CacheFolder = Path.Combine(options.CacheFolder, "bench", "weights"),
        };
        // weights are prepared once
        _ = await process.RunAsync(prepared with { Passes = 0 }, limit: null, isCold: false, cancellationToken).ConfigureAwait(false);
        var narrow = await process
            .RunAsync(prepared, plain.PeakBytes / LimitDivisor, isCold: true, cancellationToken)
            .ConfigureAwait(false);
        var ratios = new Dictionary<string, double>
        {
            ["memory_fp32"] = (double)plain.PeakBytes / streamed.PeakBytes,
            ["speed_fp32"] = plain.Seconds / streamed.Seconds,
            ["memory_int8"] = (double)plain.PeakBytes / narrow.PeakBytes,
            ["speed_int8"] = plain.Seconds / narrow.Seconds,
        };
        return new MemoryRowResult
        {
            Row = MemoryRow.Peak,
            Goal = "3.6 times less memory than the whole network in fp32, at most 15 % slower, in fp32 or int8",
            IsReached =
                plain.Note is null
                && (
                    (ratios["memory_fp32"] >= PeakTimes && ratios["speed_fp32"] >= 1 / MostSlower)
                    || (ratios["memory_int8"] >= PeakTimes && ratios["speed_int8"] >= 1 / MostSlower)
                ),
            Ratios = ratios,
            Figures = new Dictionary<string, double>
            {
                ["whole_peak_bytes"] = plain.PeakBytes,
                ["whole_private_bytes"] = plain.Result.PrivateBytes ?? 0,
                ["whole_pass_seconds"] = plain.Seconds,
                ["fp32_peak_bytes"] = streamed.PeakBytes,
                ["fp32_pass_seconds"] = streamed.Seconds,
                ["fp32_resident_blocks"] = streamed.Result.ResidentBlocks,
                ["fp32_private_bytes"] = streamed.Result.PrivateBytes ?? 0,
                ["int8_private_bytes"] = narrow.Result.PrivateBytes ?? 0,
                ["int8_peak_bytes"] = narrow.PeakBytes,
                ["int8_pass_seconds"] = narrow.Seconds,
            },
            Note = plain.Note,
            Graphs = streamed.Result.Graphs,
        };
    }

    /// <summary>One step of the 14B shape, its weights in fp8, within 4 GB.</summary>
    public async Task<MemoryRowResult> LargeAsync(CancellationToken cancellationToken)
    {
        var checkpoint = checkpoints.Find("14b", options.Layers, DType.F8E4M3, cancellationToken);
        try
        {
            var pass = new MemoryPass
            {
                Shape = "14b",
                Layers = options.Layers,
                Checkpoint = checkpoint,
                Frames = LargeFrames,
                FitsMemory = true,
                Passes = 1,
            };
            var run = await process.RunAsync(pass, LargeLimit, isCold: true, cancellationToken).ConfigureAwait(false);
            return new MemoryRowResult
            {
                Row = MemoryRow.Large,
                Goal = "one step of the 14B shape in fp8 completes within 4 GB",
                IsReached = run.Note is null && options.Layers is null,
                Ratios = new Dictionary<string, double> { ["completed"] = 1 },
                Figures = new Dictionary<string, double>
                {
                    ["pass_seconds"] = run.Result.Forwards[0],
                    ["start_seconds"] = run.Result.StartSeconds,
                    ["wait_seconds"] = run.Result.WaitSeconds,
                    ["limit_bytes"] = LargeLimit,
                    ["peak_bytes"] = run.PeakBytes,
                    ["private_bytes"] = run.Result.PrivateBytes ?? 0,
                    ["estimated_bytes"] = run.Result.EstimatedBytes ?? 0,
                    ["resident_blocks"] = run.Result.ResidentBlocks,
                    ["weights_bytes"] = BytesOf(pass),
                },
                Note = run.Note ?? (options.Layers is { } layers ? $"{layers} blocks of 40" : null),
                Graphs = run.Result.Graphs,
            };
        }
        finally
        {
            if (!options.KeepsLargeWeights)
            {
                Directory.Delete(Path.GetDirectoryName(checkpoint)!, recursive: true);
            }
        }
    }

    private MemoryPass Pass(CancellationToken cancellationToken) =>
        new()
        {
            Shape = options.Shape,
            Layers = options.Layers,
            Checkpoint = checkpoints.Find(options.Shape, options.Layers, DType.F32, cancellationToken),
        };

    private static long BytesOf(MemoryPass pass)
    {
        using var weights = new WeightStore(Checkpoint.Open(pass.Checkpoint));
        return weights.BytesByType().Values.Sum();
    }
}
