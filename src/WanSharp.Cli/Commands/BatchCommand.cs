using System.CommandLine;
using WanSharp.Cli.Batches;
using WanSharp.Cli.Terminal;
using WanSharp.Engine;
using WanSharp.Hosting;
using WanSharp.Hosting.Batches;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Reports;
using WanSharp.Jobs.Results;
using WanSharp.Jobs.Running;
using WanSharp.Jobs.Storage;
using WanSharp.Models;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan batch</c>: many videos, durably.</summary>
internal sealed class BatchCommand(CliEnvironment environment)
{
    private const int MostLanes = 64;

    private static readonly string[] EngineFormats = [".mp4", ".webm", ".gif", ".png"];

    private readonly BatchOptions _batch = new();
    private readonly BackendOptions _backend = new();
    private readonly Option<string> _output = new("--output", "-o") { Description = "The folder that gets the clips and the report.", HelpName = "FOLDER", DefaultValueFactory = _ => "out" };
    private readonly Option<string?> _resume = new("--resume") { Description = "Go on with the batch in a folder, after whatever stopped it.", HelpName = "FOLDER" };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Say what is cached and what would run, and run nothing." };

    private readonly Option<string> _format = ChoiceOption.Create(
        "--format", "What clips are written as; mov, mkv and webp come from ComfyUI only.",
        ("mp4", ".mp4"), ("webm", ".webm"), ("gif", ".gif"), ("png", ".png"), ("mov", ".mov"), ("mkv", ".mkv"), ("webp", ".webp"));

    private readonly Option<string?> _stylesFile = new("--styles-file") { Description = "A file of styles, added to those of the program and of the user's folder.", HelpName = "FILE" };

    private readonly Option<BatchSize?> _batchSize = new("--batch-size")
    {
        Description = "How many clips share a denoise step at most; auto takes as many as pay.",
        HelpName = "auto|N",
        CustomParser = BatchSize.Parse,
    };

    private readonly Option<int?> _workers = BatchOptions.Count("--workers", "Lanes that compute at the same time, over one set of weights. Default: 1.", MostLanes);
    private readonly Option<int?> _keepCompiled = CommonOptions.KeepCompiled();
    private readonly Option<MemoryAmount?> _memory = CommonOptions.Memory();
    private readonly Option<MemoryAmount?> _hostMemory = CommonOptions.HostMemory();
    private readonly Option<int?> _attempts = BatchOptions.Count("--attempts", "How often a job may fail before it has failed for good. Default: 3.", 100);
    private readonly Option<bool> _noCache = new("--no-cache") { Description = "Make every clip, though an equal one was made before." };
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new BatchCommand(environment);
        var command = new Command("batch", "Make many videos: in any order that is fast, each once, whatever happens.");
        self._batch.AddTo(command);
        Option[] options = [self._output, self._resume, self._dryRun, self._format, self._stylesFile, self._batchSize, self._workers, self._memory, self._hostMemory, self._keepCompiled, self._attempts, self._noCache];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        self._backend.AddTo(command);
        command.Options.Add(self._json);
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan batch jobs.jsonl -o out/",
            "wan batch --prompts prompts.txt --styles anime,ink,realistic --seeds 0..3 -o out/",
            "wan batch --prompts prompts.txt --seeds random:4 --wildcards wildcards/",
            "wan batch --resume out/",
            "wan batch jobs.csv --dry-run",
            "wan batch jobs.jsonl --memory 6GB --workers 2",
            "wan batch jobs.jsonl --reuse similar",
            "wan batch jobs.jsonl --backend comfy:http://127.0.0.1:8188 --workflow wan22_t2v_api.json");
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var resumed = parsed.GetValue(_resume);
        var source = _batch.Source(parsed);
        if ((source is null) == (resumed is null))
        {
            throw new InvalidRequestException("jobs", resumed is null
                ? "Say what to make: a file of jobs (.jsonl, .csv, .tsv), or --prompts FILE, or --resume FOLDER to go on."
                : "A batch that is resumed has its jobs already: leave out the file, or leave out --resume.");
        }

        try
        {
            return resumed is not null ? await ResumeAsync(parsed, resumed, cancellationToken) : await StartAsync(parsed, source!, cancellationToken);
        }
        catch (BatchFileException exception)
        {
            BatchText.WriteProblems(environment.Error, exception);
            return ExitCode.WrongUsage;
        }
    }

    private async Task<int> StartAsync(ParseResult parsed, string source, CancellationToken cancellationToken)
    {
        var settings = With(parsed, _backend.Read(parsed, environment));
        var entries = _batch.Read(parsed);
        var styles = environment.Host.OpenStyles(parsed.GetValue(_stylesFile));
        await using var backend = await BatchBackend.OpenAsync(environment.Host, settings, EngineOf(parsed, settings), parsed.GetValue(_dryRun), cancellationToken);
        var planner = new BatchPlanner(backend.Jobs, styles, backend.Model, Format(parsed, backend)) { Wildcards = _batch.OpenWildcards(parsed, source, environment) };
        var jobs = await planner.PlanAsync(source, entries, cancellationToken);
        BatchNotes.Write(environment.Error, jobs);
        using var results = OpenResults(settings);
        if (parsed.GetValue(_dryRun))
        {
            environment.Out.WriteLine(DryRun.Describe(jobs, results.Cache, parsed.GetValue(_output)!, parsed.GetValue(_json)));
            return ExitCode.Done;
        }

        var folder = JobFolder.Create(parsed.GetValue(_output)!);
        using var store = JobStore.Open(folder, environment.Clock);
        settings.RequireOf(store);
        settings.Save(folder);
        var added = store.Enqueue(jobs);
        if (added < jobs.Count)
        {
            environment.Error.WriteLine($"{jobs.Count - added} of {jobs.Count} jobs are in {folder.Path} already.");
        }

        return await WorkAsync(parsed, backend, store, results.Cache, settings.Reuse, cancellationToken);
    }

    private async Task<int> ResumeAsync(ParseResult parsed, string path, CancellationToken cancellationToken)
    {
        var folder = JobFolder.Open(path);
        using var store = JobStore.Open(folder, environment.Clock);
        if (store.Counts().Total == 0)
        {
            throw new JobStoreException($"{path} has no jobs: the batch was stopped before it came that far. Run it as you started it.");
        }

        if (parsed.GetValue(_dryRun))
        {
            environment.Out.WriteLine(DryRun.Describe(store.Counts(), parsed.GetValue(_json)));
            return ExitCode.Done;
        }

        var settings = With(parsed, _backend.Resume(parsed, environment, BackendSettings.Load(folder)));
        await using var backend = await BatchBackend.OpenAsync(environment.Host, settings, EngineOf(parsed, settings), estimates: false, cancellationToken);
        using var results = OpenResults(settings);
        return await WorkAsync(parsed, backend, store, results.Cache, settings.Reuse, cancellationToken);
    }

    private async Task<int> WorkAsync(ParseResult parsed, BatchBackend backend, JobStore store, IResultCache? results, ReuseMode reuse, CancellationToken cancellationToken)
    {
        await using var display = BatchDisplay.Start(environment, store, () => backend.Statistics?.BatchSize);
        try
        {
            await new JobRunner(store, backend.Jobs, new JobRunnerOptions
            {
                Concurrency = backend.Concurrency,
                Attempts = parsed.GetValue(_attempts) ?? new JobRunnerOptions().Attempts,
                Results = results,
                AcceptsReused = reuse == ReuseMode.Similar,
                Events = display,
                Clock = environment.Clock,
            }).RunAsync(cancellationToken);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            await display.StopAsync();
            environment.Error.WriteLine(BatchText.Stopped(store.Counts(), store.Folder));
            return ExitCode.Cancelled;
        }

        await display.StopAsync();
        var report = BatchReport.From(store.All(), environment.Clock.GetUtcNow()) with { Memory = backend.Statistics is { } engine ? MemoryUseJson.Write(engine.Memory) : null };
        await ReportFiles.WriteAsync(store.Folder, report, environment.Host.FindFfmpeg(), cancellationToken);
        BatchText.WriteFailures(environment.Error, report);
        environment.Out.WriteLine(parsed.GetValue(_json) ? BatchText.Json(report, store.Folder, backend.Statistics) : BatchText.Describe(report, store.Folder, backend.Statistics));
        return report.Failed == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    /// <summary>The format of clips that name no output.</summary>
    /// <exception cref="InvalidRequestException">The backend does not write the one that is asked for.</exception>
    private string Format(ParseResult parsed, BatchBackend backend)
    {
        var (asked, isAsked) = (parsed.GetValue(_format)!, parsed.GetResult(_format) is { Implicit: false });
        if (!isAsked)
        {
            return backend.Format ?? asked;
        }

        var formats = backend.Jobs.Formats ?? EngineFormats;
        return formats.Contains(asked) ? asked : throw new InvalidRequestException("format",
            $"--format {asked[1..]} is not what this backend writes: {string.Join(", ", formats.Select(format => format[1..]))}. Choose one, or leave it out.");
    }

    /// <summary>What this run says itself goes before what the batch was started with.</summary>
    private BackendSettings With(ParseResult parsed, BackendSettings settings) => settings with
    {
        BatchSize = parsed.GetValue(_batchSize) is { } size ? size.Most : settings.BatchSize,
        Workers = parsed.GetValue(_workers) ?? settings.Workers,
        MakesAll = parsed.GetValue(_noCache) || settings.MakesAll,
    };

    private EngineSettings EngineOf(ParseResult parsed, BackendSettings settings) => new()
    {
        Memory = parsed.GetValue(_memory),
        HostMemory = parsed.GetValue(_hostMemory),
        Options = new EngineOptions
        {
            BatchSize = settings.BatchSize,
            Workers = settings.Workers ?? 1,
            KeepCompiled = parsed.GetValue(_keepCompiled) ?? new EngineOptions().KeepCompiled,
            Clock = environment.Clock,
        },
    };

    private OpenedResults OpenResults(BackendSettings settings) => settings.MakesAll ? new OpenedResults(null) : OpenedResults.In(environment.Host);
}
