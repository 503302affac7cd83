using System.CommandLine;
using System.Globalization;
using WanSharp.Cli.Terminal;
using WanSharp.Hosting.Outputs;
using WanSharp.Jobs;
using WanSharp.Jobs.Storage;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan jobs</c>: the jobs of a folder, and changing what becomes of them.</summary>
internal sealed class JobsCommand(CliEnvironment environment)
{
    private readonly Argument<string> _folder = new("folder") { Description = "The folder that `wan batch` writes to." };
    private readonly Argument<long[]> _ids = new("id")
    {
        Description = "Numbers of jobs, as `wan jobs list` shows them.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<JobState?> _state = new("--state")
    {
        Description = "Only jobs in this state.",
        HelpName = string.Join('|', Enum.GetNames<JobState>()).ToLowerInvariant(),
    };

    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new JobsCommand(environment);
        var list = new Command("list", "Show the jobs.") { self._folder, self._state, self._json };
        list.SetAction(self.List);
        var cancel = new Command("cancel", "Cancel jobs, even while a batch runs.") { self._folder, self._ids };
        cancel.SetAction(self.Cancel);
        var retry = new Command("retry", "Queue failed and cancelled jobs again; `wan batch --resume` then runs them.") { self._folder };
        retry.SetAction(self.Retry);
        var command = new Command("jobs", "List, cancel or retry the jobs of a batch.")
        {
            list.WithExamples("wan jobs list out/", "wan jobs list out/ --state failed --json"),
            cancel.WithExamples("wan jobs cancel out/ 3 7"),
            retry.WithExamples("wan jobs retry out/"),
        };
        return command.WithExamples("wan jobs list out/", "wan jobs cancel out/ 3 7", "wan jobs retry out/");
    }

    private int List(ParseResult parsed)
    {
        using var store = JobStore.OpenToRead(parsed.GetValue(_folder)!, environment.Clock);
        foreach (var job in store.List(parsed.GetValue(_state)))
        {
            var isMissing = job.State == JobState.Succeeded && !File.Exists(store.Folder.Artifact(job.Output));
            environment.Out.WriteLine(parsed.GetValue(_json) ? JsonText.Of(Output(job, isMissing)) : Describe(job, isMissing));
        }

        if (!parsed.GetValue(_json))
        {
            var counts = store.Counts();
            environment.Out.WriteLine(
                $"{counts.Total} jobs: {counts.Queued} queued, {counts.Running} running, {counts.Succeeded} succeeded, {counts.Failed} "
                    + $"failed, {counts.Cancelled} cancelled."
            );
        }

        return ExitCode.Done;
    }

    private int Cancel(ParseResult parsed)
    {
        using var store = Open(parsed);
        var ids = parsed.GetValue(_ids)!;
        var count = store.Cancel(ids).Count;
        environment.Out.WriteLine($"{count} of {ids.Length} cancelled; the others have already ended, or do not exist.");
        return count > 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private int Retry(ParseResult parsed)
    {
        using var store = Open(parsed);
        environment.Out.WriteLine(
            $"{store.Retry().Count} jobs are queued again. To run them: "
                + $"wan batch --resume {ShellWord.Quote(parsed.GetValue(_folder)!)}"
        );
        return ExitCode.Done;
    }

    private JobStore Open(ParseResult parsed) => JobStore.Open(JobFolder.Open(parsed.GetValue(_folder)!), environment.Clock);

    private static string Describe(JobListing job, bool isMissing)
    {
        var end =
            isMissing ? "its clip is missing: wan batch --resume makes it again"
            : job.State == JobState.Failed || (job.State == JobState.Queued && job.Error is not null) ? job.Error
            : job.Elapsed is { } elapsed ? string.Create(CultureInfo.InvariantCulture, $"{elapsed.TotalSeconds:0.00} s{StartedOver(job)}")
            : "";
        return PlainText
            .OneLine(
                string.Create(CultureInfo.InvariantCulture, $"{job.Id, 6} {job.State.ToString().ToLowerInvariant(), -9} {job.Output} {end}")
            )
            .TrimEnd();
    }

    private static string StartedOver(JobListing job) => job.StartedOver is { } why ? $", started over: {why}" : "";

    private static JobOutput Output(JobListing job, bool isMissing) =>
        new(
            job.Id,
            job.State.ToString().ToLowerInvariant(),
            job.Output,
            isMissing,
            job.Style,
            job.Priority,
            job.Attempts,
            job.Elapsed?.TotalSeconds,
            job.Error,
            job.StartedOver
        );
}
