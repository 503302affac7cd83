using System.Diagnostics;
using System.Globalization;
using WanSharp.Engine.Requests;
using WanSharp.Hosting;
using WanSharp.Hosting.Batches;
using WanSharp.Jobs;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Results;
using WanSharp.Jobs.Running;
using WanSharp.Jobs.Storage;
using WanSharp.Media;
using WanSharp.Media.Clips;
using WanSharp.Media.Ffmpeg;
using WanSharp.Storage;
using WanSharp.Tools.Quality;

namespace WanSharp.Tools.Throughput;

/// <summary>Makes the same clips in each mode, in separate folders, and compares them with the serial mode's.</summary>
/// <param name="host">Where things are.</param>
/// <param name="settings">The model, and what computes.</param>
/// <param name="folder">Where the clips go.</param>
/// <param name="program">How this program is started again, for the mode that makes each clip in a new process.</param>
public sealed class ThroughputBench(WanHost host, BackendSettings settings, string folder, IReadOnlyList<string> program)
{
    private const int LatencyJobs = 20;

    private readonly string _ffmpeg = FfmpegRequired.Of(host.FindFfmpeg(), "The clips of this benchmark are written");

    /// <summary>A workload in every mode, in order; the first row is the serial one.</summary>
    public async IAsyncEnumerable<ThroughputRow> RunAsync(
        ThroughputWorkload workload,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        IReadOnlyList<string>? serial = null;
        foreach (var (mode, number) in ThroughputMode.All.Select((mode, number) => (mode, number)))
        {
            var target = Path.Combine(folder, $"{workload.Name}-{number}");
            var started = Stopwatch.GetTimestamp();
            var (clips, compute) = mode.Engine is null
                ? (await RunProcessesAsync(workload, target, cancellationToken).ConfigureAwait(false), null)
                : await RunResidentAsync(workload, mode, target, cancellationToken).ConfigureAwait(false);
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            serial ??= clips;
            yield return new ThroughputRow(
                workload.Name,
                mode.Name,
                clips.Count,
                seconds,
                compute,
                await LeastSsimAsync(serial, clips, cancellationToken).ConfigureAwait(false)
            );
        }
    }

    /// <summary>Seconds from a request to its file, of clips that a running engine has in its result cache: the median.</summary>
    public async Task<double> MeasureLatencyAsync(CancellationToken cancellationToken)
    {
        var entry = ThroughputWorkload.Seed.Entries[0];
        var backend = await BatchBackend
            .OpenAsync(WithCache(Path.Combine(folder, "latency-cache")), settings, presetsOf: null, estimates: false, cancellationToken)
            .ConfigureAwait(false);
        await using var backendEnd = backend.ConfigureAwait(false);
        using var store = new ContentStore(Path.Combine(folder, "latency-results"));
        var results = new ResultCache(store);
        var seconds = new List<double>();
        for (var i = 0; i <= LatencyJobs; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await RunJobsAsync(backend, [entry], results, concurrency: 1, Path.Combine(folder, $"latency-{i}"), cancellationToken)
                .ConfigureAwait(false);
            if (i > 0) // the first one is made
            {
                seconds.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            }
        }

        return seconds.Order().ElementAt(LatencyJobs / 2);
    }

    /// <summary>A host with a cache folder for one row alone, so that no row profits from another.</summary>
    private WanHost WithCache(string cache) => new(host.Options with { CacheFolder = cache });

    private async Task<(IReadOnlyList<string> Clips, double? ComputeSeconds)> RunResidentAsync(
        ThroughputWorkload workload,
        ThroughputMode mode,
        string target,
        CancellationToken cancellationToken
    )
    {
        var backend = await BatchBackend
            .OpenAsync(
                WithCache(target + "-cache"),
                settings with
                {
                    Engine = settings.Engine with { Options = mode.Engine! },
                },
                presetsOf: null,
                estimates: false,
                cancellationToken
            )
            .ConfigureAwait(false);
        await using var backendEnd = backend.ConfigureAwait(false);
        using var store = mode.CachesResults ? new ContentStore(target + "-results") : null;
        var results = store is null ? null : new ResultCache(store);
        var jobs = await RunJobsAsync(
                backend,
                workload.Entries,
                results,
                mode.OneAtATime ? 1 : backend.Concurrency,
                target,
                cancellationToken
            )
            .ConfigureAwait(false);
        double? made =
            mode.Engine!.Lanes > 1 ? null : jobs.Where(job => job.Outcome is { FromCache: false }).Sum(job => job.Outcome!.ComputeSeconds);
        return ([.. jobs.Select(job => Path.Combine(target, job.Output))], made);
    }

    private async Task<IReadOnlyList<Job>> RunJobsAsync(
        BatchBackend backend,
        IReadOnlyList<BatchEntry> entries,
        IResultCache? results,
        int concurrency,
        string target,
        CancellationToken cancellationToken
    )
    {
        var styles = host.OpenStyles();
        var jobs = await new BatchPlanner(backend.Jobs, styles, backend.Model, ".mp4")
            .PlanAsync("the workload", entries, cancellationToken)
            .ConfigureAwait(false);
        using var store = JobStore.Open(JobFolder.Create(target), host.Options.Clock);
        await store.EnqueueAsync(jobs).ConfigureAwait(false);
        await new JobRunner(
            store,
            backend.Jobs,
            new JobRunnerOptions
            {
                Concurrency = concurrency,
                Results = results,
                Clock = host.Options.Clock,
            }
        ).RunAsync(cancellationToken).ConfigureAwait(false);
        var done = store.All();
        return done.FirstOrDefault(job => job.State != JobState.Succeeded) is { } failed
            ? throw new MediaException($"The clip {failed.Output} was not made: {failed.Error}")
            : done;
    }

    /// <summary><c>wan generate</c> once for each job.</summary>
    private async Task<IReadOnlyList<string>> RunProcessesAsync(
        ThroughputWorkload workload,
        string target,
        CancellationToken cancellationToken
    )
    {
        var styles = host.OpenStyles();
        var clips = new List<string>();
        foreach (var entry in workload.Entries)
        {
            var request =
                entry.Style is { } name && styles.TryFind(name, out var found, out _)
                    ? found.Style.Apply(entry.Request, settings.Engine.Model)
                    : entry.Request;
            var clip = Path.Combine(target, entry.Output!);
            Directory.CreateDirectory(target);
            string[] line = [.. program, .. Arguments(settings.Engine, request, clip)];
            await RunAsync(new ProcessStartInfo(line[0], line[1..]), entry.Output!, cancellationToken).ConfigureAwait(false);
            clips.Add(clip);
        }

        return clips;
    }

    /// <summary>Runs a process to its end; one that is cancelled ends with all that it started.</summary>
    internal static async Task RunAsync(ProcessStartInfo start, string output, CancellationToken cancellationToken)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        using var process = Process.Start(start)!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.StandardOutput.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            if (process.ExitCode != 0)
            {
                throw new MediaException($"`wan generate` for {output} failed: {(await errors.ConfigureAwait(false)).Trim()}");
            }
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The arguments of <c>wan generate</c> that make a job's clip.</summary>
    internal static IEnumerable<string> Arguments(EngineSettings engine, JobRequest request, string clip)
    {
        List<string> arguments = ["generate", request.Prompt, "--model", engine.Model, "--provider", engine.Provider, "-o", clip];
        foreach (var (option, value) in SettingFields.CommandLine(request))
        {
            arguments.AddRange(value.StartsWith('-') ? [$"{option}={value}"] : [option, value]);
        }

        if (engine.Threads is { } threads)
        {
            arguments.AddRange(["--threads", threads.ToString(CultureInfo.InvariantCulture)]);
        }

        return arguments.Concat(engine.Parts.Options().SelectMany(part => new[] { part.Option, part.Value }));
    }

    private async Task<double> LeastSsimAsync(
        IReadOnlyList<string> expected,
        IReadOnlyList<string> actual,
        CancellationToken cancellationToken
    )
    {
        var least = 1.0;
        for (var i = 0; i < actual.Count; i++)
        {
            var other = VideoReader.ReadAsync(_ffmpeg, expected[i], cancellationToken).GetAsyncEnumerator(cancellationToken);
            await using var otherEnd = other.ConfigureAwait(false);
            var frames = new List<FrameQuality>();
            await foreach (var frame in VideoReader.ReadAsync(_ffmpeg, actual[i], cancellationToken).ConfigureAwait(false))
            {
                if (!await other.MoveNextAsync().ConfigureAwait(false))
                {
                    throw new MediaException($"{actual[i]} has more frames than {expected[i]}.");
                }

                frames.Add(new FrameComparer(frame.Width, frame.Height).Compare(frame.Pixels, other.Current.Pixels));
            }

            least = Math.Min(least, FrameQuality.Mean(frames).Ssim);
        }

        return least;
    }
}
