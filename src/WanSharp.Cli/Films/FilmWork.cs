using WanSharp.Cli.Batches;
using WanSharp.Cli.Terminal;
using WanSharp.Hosting.Batches;
using WanSharp.Jobs;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Films;
using WanSharp.Jobs.Running;
using WanSharp.Jobs.Storage;
using WanSharp.Media.Clips;
using WanSharp.Tensors;

namespace WanSharp.Cli.Films;

/// <summary>Makes a film: plans it, makes its clips as jobs, joins them.</summary>
internal sealed class FilmWork(CliEnvironment environment)
{
    private static IEnumerable<string?> FilesOf(FilmSection section) =>
        [
            section.Clip?.Path,
            .. section.Request.Images.Values,
            section.Request.Control,
            section.Request.Mask,
            section.Request.References,
            section.Request.Camera,
        ];

    public async Task<int> RunAsync(FilmOrder order, CancellationToken cancellationToken)
    {
        var ffmpeg = environment.Host.FindFfmpeg();
        var target = order.Target;
        if (!order.IsUnnamed)
        {
            FilmFolder.RequireOwn(order.Folder);
            OwnInputs.Spare(target.FullPath, "output", order.Film.Sections.SelectMany(FilesOf));
            order = order with { Film = FilmFolder.WithKeptSeeds(order.Folder, order.Film) };
            target = await PlaceAsync(order, ffmpeg, cancellationToken);
        }

        // while the model opens; what wrote this film before need not be tried
        var isKnown = !order.IsUnnamed && FilmFolder.IsWriter(order.Folder, ffmpeg, target.Kind);
        var encoder = order.IsUnnamed || isKnown ? Task.CompletedTask : CheckAsync(order, ffmpeg, target, cancellationToken);
        var styles = environment.Host.OpenStyles(order.StylesFile);
        var made = order.Film.Sections.Where(section => section.Clip is null).ToList();
        await using var backend = await BatchBackend.OpenAsync(
            environment.Host,
            order.IsUnnamed ? order.Settings : order.Settings.KeepingOf(order.Folder),
            model => made.Select(section => styles.PresetOf(section.Request, section.Style, model)),
            estimates: order.IsDry,
            cancellationToken
        );
        await encoder;
        var jobs = new BatchPlanner(backend.Jobs, styles, backend.Model, FilmRun.SectionFormat);
        var planner = new FilmPlanner(jobs, backend.Films!, ffmpeg);
        using var results = order.Settings.MakesAll ? new OpenedResults(null) : OpenedResults.In(environment.Host);
        var options = OptionsOf(order, backend, results);
        using var scratch = order.IsDry ? WorkFolder.CreateTemporary() : null;
        order = await PinAsync(order, planner, options, ffmpeg, scratch?["frames"], cancellationToken);
        var plan = await planner.PlanAsync(order.Source, order.Film, cancellationToken);
        using var name = order.IsUnnamed ? await FilmName.TakeAsync(order, plan, backend.Settings, ffmpeg, cancellationToken) : null;
        if (name is not null)
        {
            order = order with { Target = name.Target, Folder = name.Folder };
            target = await PlaceAsync(order, ffmpeg, cancellationToken);
            await CheckAsync(order, ffmpeg, target, cancellationToken);
        }

        if (!isKnown)
        {
            await backend.Jobs.RequireFormatAsync(Path.GetExtension(plan.Jobs.OfType<NewJob>().First().Output), cancellationToken);
        }

        if (scratch is not null)
        {
            environment.Out.WriteLine(await DescribeAsync(order, plan, planner, options, ffmpeg, scratch, cancellationToken));
            return ExitCode.Done;
        }

        using var store = JobStore.Open(JobFolder.Create(order.Folder), environment.Clock);
        backend.Settings.RequireOf(store, order.AllowsModelChange);
        backend.Settings.Save(store);
        FilmFolder.Save(store.Folder, order.Film, target.FullPath);
        BatchText.WriteReview(environment.Error, await store.ReviewAsync(repairs: true, cancellationToken), store.Folder);
        GenerateReport.WriteWarnings(environment.Error, [.. plan.Jobs.SelectMany(job => job?.Prepared.Notes ?? []).Distinct()]);
        environment.Error.WriteLine(PlainText.OneLine(FilmText.Beginning(plan, store.Folder.Path)));
        return await MakeAsync(order, plan, planner, backend, store, options, target, ffmpeg, cancellationToken);
    }

    private JobRunnerOptions OptionsOf(FilmOrder order, BatchBackend backend, OpenedResults results) =>
        new()
        {
            Concurrency = backend.Concurrency,
            Attempts = order.Attempts,
            Results = results.Cache,
            ReadSettings = backend.ReadSettings,
            Clock = environment.Clock,
        };

    /// <summary>
    /// The order of a film that stays as it is after a section: that one ends with the frame from which the next one was made in the
    /// film as it is.
    /// </summary>
    private async Task<FilmOrder> PinAsync(
        FilmOrder order,
        FilmPlanner planner,
        JobRunnerOptions options,
        string? ffmpeg,
        string? scratch,
        CancellationToken cancellationToken
    )
    {
        if (order.KeepsAfter is not { } section)
        {
            return order;
        }

        var plan = await planner.PlanAsync(order.Source, FilmFolder.Load(order.Folder).Film, cancellationToken);
        using var store = JobStore.OpenToRead(order.Folder, environment.Clock);
        var run = new FilmRun(store, planner, plan, ffmpeg, options, scratch);
        return order with { Film = await run.PinAsync(order.Film, section, cancellationToken) };
    }

    /// <summary>Where the film goes; finds out whether it can be written there.</summary>
    private async Task<OutputTarget> PlaceAsync(FilmOrder order, string? ffmpeg, CancellationToken cancellationToken)
    {
        var target = await new ClipPlace(environment).FindAsync(ffmpeg, order.Target, cancellationToken);
        if (!order.IsDry)
        {
            FolderCheck.RequireWritable(order.Folder);
            VideoWriter.Require(target);
        }

        return target;
    }

    private static Task CheckAsync(FilmOrder order, string? ffmpeg, OutputTarget target, CancellationToken cancellationToken) =>
        order.IsDry ? Task.CompletedTask : EncoderCheck.RequireAsync(ffmpeg, target.Kind, cancellationToken);

    private async Task<int> MakeAsync(
        FilmOrder order,
        FilmPlan plan,
        FilmPlanner planner,
        BatchBackend backend,
        JobStore store,
        JobRunnerOptions options,
        OutputTarget target,
        string? ffmpeg,
        CancellationToken cancellationToken
    )
    {
        var started = environment.Clock.GetTimestamp();
        FilmRun? making = null;
        await using var display = BatchDisplay.Start(
            environment,
            store,
            () => backend.Statistics?.BatchSize,
            () => (making?.Done ?? 0, plan.Parts.Count(part => part.Clip is null))
        );
        var run = making = new FilmRun(store, planner, plan, ffmpeg, options with { Events = display });
        try
        {
            var failed = await run.MakeAsync(backend.Jobs, cancellationToken);
            await display.StopAsync();
            if (failed.Count > 0)
            {
                FilmText.WriteFailures(environment.Error, failed, order.Folder);
                return ExitCode.Failed;
            }

            using var progress = ProgressDisplay.Start(environment);
            await run.JoinAsync(target, progress, cancellationToken);
            FilmFolder.NoteWriter(store.Folder, ffmpeg, target.Kind);
            progress.Complete();
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            await display.StopAsync();
            environment.Error.WriteLine(PlainText.OneLine(FilmText.Stopped(run, plan, order.Folder)));
            return ExitCode.Cancelled;
        }

        var output = FilmText.Output(
            plan,
            [.. run.Outputs.Select(name => name is null ? null : store.Find(name))],
            target.Shown,
            store.Folder.Path,
            environment.Clock.GetElapsedTime(started)
        );
        environment.Out.WriteLine(order.Json ? JsonText.Of(output) : FilmText.Describe(output));
        return ExitCode.Done;
    }

    /// <summary>What a film would take. Nothing is written into its folder; what has to be, is written to a temporary one.</summary>
    private async Task<string> DescribeAsync(
        FilmOrder order,
        FilmPlan plan,
        FilmPlanner planner,
        JobRunnerOptions options,
        string? ffmpeg,
        WorkFolder temporary,
        CancellationToken cancellationToken
    )
    {
        using var store = JobFolder.Exists(order.Folder)
            ? JobStore.OpenToRead(order.Folder, environment.Clock)
            : JobStore.Open(JobFolder.Create(temporary["jobs"]), environment.Clock);
        var scratch = temporary["frames"];
        var states = await new FilmRun(store, planner, plan, ffmpeg, options, scratch).LookAsync(cancellationToken);
        var output = FilmText.Output(plan, states);
        return order.Json ? JsonText.Of(output) : FilmText.Describe(output);
    }
}
