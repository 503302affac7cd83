using System.CommandLine;
using WanSharp.Cli.Batches;
using WanSharp.Cli.Terminal;
using WanSharp.Hosting.Batches;
using WanSharp.Hosting.Outputs;
using WanSharp.Jobs;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Reports;
using WanSharp.Jobs.Results;
using WanSharp.Jobs.Running;
using WanSharp.Jobs.Storage;
using WanSharp.Media.Clips;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan batch</c>: many videos, durably.</summary>
internal sealed class BatchCommand(CliEnvironment environment)
{
    private readonly BatchOptions _batch = new();
    private readonly BackendOptions _backend = new();
    private readonly Option<string> _output = new("--output", "-o")
    {
        Description = "The folder for the clips and the report.",
        HelpName = "FOLDER",
        DefaultValueFactory = _ => "out",
    };
    private readonly Option<string?> _resume = new("--resume") { Description = "Resume the batch in a folder.", HelpName = "FOLDER" };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Show what is cached and what would run, then stop." };

    private readonly BatchRunOptions _run = new();
    private readonly Option<bool> _json = CommonOptions.Json();
    private IReadOnlyList<Option> _kept = []; // what a batch that is resumed has from its beginning

    public static Command Build(CliEnvironment environment)
    {
        var self = new BatchCommand(environment);
        var command = new Command("batch", "Make many videos, in whatever order is fastest, and resume after any interruption.");
        self._batch.AddTo(command);
        command.Options.Add(self._output);
        self._kept = [.. command.Options];
        command.Options.Add(self._resume);
        command.Options.Add(self._dryRun);
        self._run.AddTo(command);
        self._backend.AddTo(command);
        self._kept = [.. self._kept, .. self._run.Kept, .. self._backend.Kept];
        command.Options.Add(self._json);
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan batch jobs.jsonl -o out/",
            "wan batch --prompts prompts.txt --styles anime,ink --seeds 0..3 -o out/",
            "wan batch --prompts prompts.txt --seeds random:4 --wildcards wildcards/",
            "wan batch --resume out/",
            "wan batch jobs.csv --dry-run",
            "wan batch jobs.jsonl --memory 6GB --lanes 2",
            "wan batch jobs.jsonl --reuse similar",
            "wan batch jobs.jsonl --backend comfy:http://127.0.0.1:8188 --workflow t2v.json"
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var resumed = parsed.GetValue(_resume);
        var source = _batch.Source(parsed);
        if ((source is null) == (resumed is null))
        {
            throw new InvalidRequestException(
                "jobs",
                resumed is null
                    ? "Name what to make: a file of jobs (.jsonl, .csv, .tsv), --prompts FILE, or --resume FOLDER to continue."
                    : "A batch that is resumed has its jobs already: leave out the file, or leave out --resume."
            );
        }

        try
        {
            return resumed is not null
                ? await ResumeAsync(parsed, resumed, cancellationToken)
                : await StartAsync(parsed, source!, cancellationToken);
        }
        catch (BatchFileException exception)
        {
            return BatchText.WriteProblems(environment.Error, exception);
        }
    }

    private void TellOfReplaced(IReadOnlyCollection<string> formats)
    {
        if (formats.Count > 0)
        {
            var asked = string.Join(", ", formats);
            environment.Error.WriteLine(WithoutFfmpeg.Notice(asked, $"clips are written as {WithoutFfmpeg.Extension}"));
        }
    }

    private async Task<int> StartAsync(ParseResult parsed, string source, CancellationToken cancellationToken)
    {
        var (output, isDry) = (parsed.GetValue(_output)!, parsed.GetValue(_dryRun));
        if (!isDry)
        {
            FolderCheck.RequireWritable(output);
        }

        var settings = _run.With(parsed, _backend.Read(parsed, environment), environment.Clock).KeepingOf(output);
        var entries = _batch.Read(parsed);
        var styles = environment.Host.OpenStyles(_run.StylesFile(parsed));
        var wildcards = _batch.OpenWildcards(parsed, source, environment);
        using var known =
            !JobFolder.Exists(output) ? null
            : isDry ? JobStore.OpenToRead(output, environment.Clock)
            : JobStore.Open(JobFolder.Open(output), environment.Clock);
        await using var backend = await BatchBackend.OpenAsync(
            environment.Host,
            settings,
            model => entries.Select(entry => styles.PresetOf(entry.Request, entry.Style, model)),
            isDry,
            cancellationToken
        );
        var there = known?.All() ?? [];
        var planner = new BatchPlanner(backend.Jobs, styles, backend.Model, _run.Format(parsed, backend))
        {
            Wildcards = wildcards,
            Names = new OutputNames(there),
            Overwrites = _run.Overwrites(parsed),
        };
        var jobs = await planner.PlanAsync(source, entries, cancellationToken);
        TellOfReplaced(planner.ReplacedFormats);
        var clips = await MatchingClips.FindAsync(
            output,
            jobs.ExceptBy(there.Select(job => job.Output), job => job.Output),
            backend.ReadSettings,
            settings.Reuse == ReuseMode.Similar,
            cancellationToken
        );
        using var results = OpenResults(settings);
        if (isDry)
        {
            known?.RequireSame(jobs);
            BatchNotes.Write(environment.Error, jobs);
            var done = await DoneAsync(known, there, cancellationToken);
            environment.Out.WriteLine(DryRun.Describe(jobs, results.Cache, output, done.Concat(clips).ToHashSet(), parsed.GetValue(_json)));
            return ExitCode.Done;
        }

        using var made = known is null ? JobStore.Open(JobFolder.Create(output), environment.Clock) : null;
        var store = known ?? made!;
        backend.Settings.RequireOf(store, _run.AllowsModelChange(parsed));
        await RequireFormatsAsync(backend, OpenJobs(store), cancellationToken);
        Enqueue(store, backend, jobs, clips);
        await ReviewAsync(store, cancellationToken);
        return await WorkAsync(parsed, backend, store, results.Cache, settings.Reuse, cancellationToken);
    }

    /// <summary>The outputs of jobs that need not run: their clips are there, and whole.</summary>
    private static async Task<IEnumerable<string>> DoneAsync(JobStore? store, IReadOnlyList<Job> jobs, CancellationToken cancellationToken)
    {
        var review = store is null ? null : await store.ReviewAsync(repairs: false, cancellationToken);
        return jobs.Where(job => job.State == JobState.Succeeded)
            .Select(job => job.Output)
            .Except(review is null ? [] : review.Missing.Concat(review.Damaged));
    }

    /// <summary>Puts jobs into the queue, with what the user should know of them.</summary>
    private void Enqueue(JobStore store, BatchBackend backend, IReadOnlyList<NewJob> jobs, IReadOnlySet<string> clips)
    {
        FolderCheck.RequireNames(store.Folder, jobs.Select(job => job.Output));
        backend.Settings.Save(store);
        var added = store.Enqueue(jobs, clips);
        BatchNotes.Write(environment.Error, jobs);
        if (added < jobs.Count)
        {
            environment.Error.WriteLine($"{jobs.Count - added} of {jobs.Count} jobs are in {store.Folder.Path} already.");
        }

        if (
            FolderCheck.WarnOfRoom(
                store.Folder.Path,
                ClipRoom.BytesOf(jobs.Where(job => !File.Exists(store.Folder.Artifact(job.Output))))
            ) is
            { } warning
        )
        {
            environment.Error.WriteLine(PlainText.OneLine(warning));
        }
    }

    private async Task<int> ResumeAsync(ParseResult parsed, string path, CancellationToken cancellationToken)
    {
        if (_kept.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } other)
        {
            throw new InvalidRequestException(
                other.Name.TrimStart('-'),
                $"The batch in {path} keeps the settings it was started with: drop {other.Name}, or start another batch."
            );
        }

        var isDry = parsed.GetValue(_dryRun);
        using var store = isDry ? JobStore.OpenToRead(path, environment.Clock) : JobStore.Open(JobFolder.Open(path), environment.Clock);
        if (store.Counts().Total == 0)
        {
            throw new JobStoreException($"{path} has no jobs: the batch was stopped before it stored any. Repeat the original command.");
        }

        store.RequireAll();
        if (isDry)
        {
            environment.Out.WriteLine(
                DryRun.Describe(store.Counts(), await store.ReviewAsync(repairs: false, cancellationToken), parsed.GetValue(_json))
            );
            return ExitCode.Done;
        }

        var settings = _run.With(parsed, _backend.Resume(parsed, environment, BackendSettings.Load(store.Folder)), environment.Clock);
        await ReviewAsync(store, cancellationToken);
        await using var backend = await BatchBackend.OpenAsync(
            environment.Host,
            settings,
            presetsOf: null, // the precision is kept
            estimates: false,
            cancellationToken
        );
        await PrepareToGoOnAsync(parsed, backend, settings, store, cancellationToken);
        using var results = OpenResults(settings);
        return await WorkAsync(parsed, backend, store, results.Cache, settings.Reuse, cancellationToken);
    }

    /// <summary>
    /// Checks before the first step what can be checked by then: whether the model is the same, and whether the clips' formats can be
    /// written.
    /// </summary>
    private async Task PrepareToGoOnAsync(
        ParseResult parsed,
        BatchBackend backend,
        BackendSettings kept,
        JobStore store,
        CancellationToken cancellationToken
    )
    {
        var open = OpenJobs(store);
        if (open.Count > 0 && !_run.AllowsModelChange(parsed))
        {
            backend.Settings.RequireModelOf(kept, store.Folder);
        }

        await RequireFormatsAsync(backend, open, cancellationToken);
        if (open.Count > 0)
        {
            backend.Settings.Save(store);
        }

        if (_run.Overwrites(parsed))
        {
            store.LetOverwrite();
        }
    }

    private static List<JobListing> OpenJobs(JobStore store) =>
        [.. store.List().Where(job => job.State is JobState.Queued or JobState.Running)];

    private static async Task RequireFormatsAsync(BatchBackend backend, IEnumerable<JobListing> jobs, CancellationToken cancellationToken)
    {
        foreach (var format in jobs.Select(job => Path.GetExtension(job.Output).ToLowerInvariant()).Distinct())
        {
            await backend.Jobs.RequireFormatAsync(format, cancellationToken);
        }
    }

    private async Task ReviewAsync(JobStore store, CancellationToken cancellationToken) =>
        BatchText.WriteReview(environment.Error, await store.ReviewAsync(repairs: true, cancellationToken), store.Folder);

    private async Task<int> WorkAsync(
        ParseResult parsed,
        BatchBackend backend,
        JobStore store,
        IResultCache? results,
        ReuseMode reuse,
        CancellationToken cancellationToken
    )
    {
        var before = store.Counts();
        await using var display = BatchDisplay.Start(environment, store, () => backend.Statistics?.BatchSize);
        try
        {
            await new JobRunner(
                store,
                backend.Jobs,
                new JobRunnerOptions
                {
                    Concurrency = backend.Concurrency,
                    Attempts = _run.Attempts(parsed),
                    Results = results,
                    AcceptsReused = reuse == ReuseMode.Similar,
                    ReadSettings = backend.ReadSettings,
                    Events = display,
                    Clock = environment.Clock,
                }
            ).RunAsync(cancellationToken);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            await display.StopAsync();
            environment.Error.WriteLine(BatchText.Stopped(store.Counts(), store.Folder));
            return ExitCode.Cancelled;
        }

        await display.StopAsync();
        var report = BatchReport.From(store.All(), environment.Clock.GetUtcNow()) with
        {
            Memory = backend.Statistics is { } engine ? JsonText.ObjectOf(MemoryOutput.From(engine.Memory)) : null,
        };
        await ReportFiles.WriteAsync(store.Folder, report, environment.Host.FindFfmpeg(), cancellationToken);
        BatchText.WriteFailures(environment.Error, report);
        environment.Out.WriteLine(
            parsed.GetValue(_json)
                ? BatchText.Json(report, store.Folder, backend.Statistics, before)
                : BatchText.Describe(report, store.Folder, backend.Statistics, before)
        );
        return report.Failed == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private OpenedResults OpenResults(BackendSettings settings) =>
        settings.MakesAll ? new OpenedResults(null) : OpenedResults.In(environment.Host);
}
