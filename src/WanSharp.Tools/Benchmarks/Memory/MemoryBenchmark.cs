using System.Globalization;
using System.Text.Json;
using WanSharp.Engine.Costs;
using WanSharp.Engine.Requests;
using WanSharp.Runtime;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks.Memory;

/// <summary>Measures what memory and compilation cost: a table whose rows can run by themselves.</summary>
/// <param name="runtime">ONNX Runtime.</param>
/// <param name="clock">The time of day.</param>
public sealed class MemoryBenchmark(OrtRuntime runtime, TimeProvider clock)
{
    // Two steps and two latent frames, so that every stage repeats.
    private static readonly GenerationRequest SmallClip = new()
    {
        Prompt = "a red circle moving left on a black background",
        Width = 64,
        Height = 64,
        Frames = 5,
        Steps = 2,
        Seed = 1,
    };

    /// <summary>Measures, row by row. A row that cannot be run says so in its note, and the others run.</summary>
    /// <param name="options">What, and with what.</param>
    /// <param name="progress">Receives progress messages.</param>
    /// <param name="cancellationToken">Stops, and ends the processes that measure.</param>
    public async Task<MemoryReport> RunAsync(
        MemoryBenchmarkOptions options,
        IProgress<string>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Runs, 1, nameof(options));
        var checkpoints = new BenchmarkCheckpoints(Path.Combine(options.CacheFolder, "bench"), progress);
        var processes = new ProcessRows(options, new PassProcess(options.PassCommand), checkpoints);
        var results = new List<MemoryRowResult>();
        foreach (var row in options.Rows.Distinct().Order())
        {
            progress?.Report($"memory: {row.ToString().ToLowerInvariant()}");
            results.Add(await RunAsync(row, options, processes, checkpoints, cancellationToken).ConfigureAwait(false));
        }

        return new MemoryReport
        {
            Date = clock.GetUtcNow(),
            Machine = MachineName.Read(),
            Shape = Describe(options),
            Threads = runtime.Threads,
            Rows = results,
        };
    }

    /// <summary>
    /// What a process of <see cref="MemoryBenchmarkOptions.PassCommand"/> does: takes a pass, runs it, tells what it measured.
    /// </summary>
    /// <param name="input">The pass, as this class wrote it.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    /// <exception cref="BenchmarkException">The input is not a pass.</exception>
    public async Task<string> RunPassAsync(TextReader input, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        try
        {
            var pass =
                JsonSerializer.Deserialize(
                    await input.ReadToEndAsync(cancellationToken).ConfigureAwait(false),
                    MemoryJson.Default.MemoryPass
                ) ?? throw new BenchmarkException("The pass is null: only `wan bench memory` uses this command.");
            return JsonSerializer.Serialize(
                await new PassProgram(runtime, clock).RunAsync(pass, cancellationToken).ConfigureAwait(false),
                MemoryJson.Default.MemoryPassResult
            );
        }
        catch (JsonException e)
        {
            throw new BenchmarkException($"The input is not a pass: {e.Message} Only `wan bench memory` uses this command.", e);
        }
    }

    private static string Describe(MemoryBenchmarkOptions options) =>
        options.Layers is { } layers ? string.Create(CultureInfo.InvariantCulture, $"{options.Shape} {layers} layers") : options.Shape;

    private async Task<MemoryRowResult> RunAsync(
        MemoryRow row,
        MemoryBenchmarkOptions options,
        ProcessRows processes,
        BenchmarkCheckpoints checkpoints,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return row switch
            {
                MemoryRow.Compile => await processes.CompileAsync(cancellationToken).ConfigureAwait(false),
                MemoryRow.Start => await processes.StartAsync(cancellationToken).ConfigureAwait(false),
                MemoryRow.Sizes => await new SizesRow(runtime)
                    .RunAsync(
                        options.Shape,
                        options.Layers,
                        checkpoints.Find(options.Shape, options.Layers, DType.F32, cancellationToken),
                        cancellationToken
                    )
                    .ConfigureAwait(false),
                MemoryRow.Third => await processes.ThirdAsync(cancellationToken).ConfigureAwait(false),
                MemoryRow.Peak => await processes.PeakAsync(cancellationToken).ConfigureAwait(false),
                MemoryRow.Large => await processes.LargeAsync(cancellationToken).ConfigureAwait(false),
                MemoryRow.Failures => await new FailuresRow(runtime, options.FailureModel, SmallClip)
                    .RunAsync(options.Failures, cancellationToken)
                    .ConfigureAwait(false),
                _ => throw new ArgumentOutOfRangeException(nameof(row), row, "no row"),
            };
        }
        catch (BenchmarkException e)
        {
            var none = new Dictionary<string, double>();
            return new MemoryRowResult
            {
                Row = row,
                Goal = "completes",
                IsReached = false,
                Ratios = none,
                Figures = none,
                Note = e.Message,
            };
        }
    }
}
