using System.Globalization;
using System.Text;
using WanSharp.Cli.Terminal;
using WanSharp.Hosting.Outputs;
using WanSharp.Jobs;
using WanSharp.Jobs.Results;
using WanSharp.Jobs.Storage;

namespace WanSharp.Cli.Batches;

/// <summary>What a batch would do.</summary>
internal static class DryRun
{
    private const int MostLines = 50;

    /// <param name="jobs">The jobs.</param>
    /// <param name="results">Clips that were made before, or null.</param>
    /// <param name="output">The folder.</param>
    /// <param name="clips">Outputs whose clip is there: done by the folder's jobs, or carrying their job's settings.</param>
    /// <param name="json">One line of JSON instead of text.</param>
    public static string Describe(IReadOnlyList<NewJob> jobs, IResultCache? results, string output, IReadOnlySet<string> clips, bool json)
    {
        var seen = new HashSet<string>();
        var rows = jobs.Select(job => (Job: job, How: How(job, output, clips, results, seen))).ToList();
        var run = rows.Where(row => row.How == "run").Select(row => row.Job).ToList();
        var estimate = run.All(job => job.Prepared.Estimate is not null)
            ? run.Sum(job => job.Prepared.Estimate!.Value.TotalSeconds)
            : (double?)null;
        if (json)
        {
            return JsonText.Of(
                new DryRunOutput(
                    jobs.Count,
                    rows.Count(row => row.How == "done"),
                    rows.Count(row => row.How == "taken"),
                    rows.Count(row => row.How == "cached"),
                    rows.Count(row => row.How == "equal"),
                    run.Count,
                    run.Count(job => job.Prepared.Reuses is not null),
                    estimate is { } seconds ? Math.Round(seconds, 1) : null,
                    [.. rows.Select(row => Output(row.Job, row.How))]
                )
            );
        }

        var text = new StringBuilder();
        foreach (var (job, how) in rows.Take(MostLines))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{how, -7} {job.Output}{(how == "run" ? After(job.Prepared) : "")}");
        }

        if (rows.Count > MostLines)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"… and {rows.Count - MostLines} more: --json lists all.");
        }

        return text.Append(
                CultureInfo.InvariantCulture,
                $"{jobs.Count} jobs: {rows.Count(row => row.How == "done")} done, {rows.Count(row => row.How == "cached")} cached, "
                    + $"{rows.Count(row => row.How == "equal")} equal to another, {run.Count} to "
                    + $"run{Similar(run)}{Duration(estimate, run.Count)}.{Taken(rows.Count(row => row.How == "taken"))}"
            )
            .ToString();
    }

    /// <summary>What is left of a batch in a folder.</summary>
    public static string Describe(JobCounts counts, ClipReview review, bool json)
    {
        var again = review.Missing.Count + review.Damaged.Count;
        return json
            ? JsonText.Of(new RestOutput(counts.Total, counts.Succeeded - again, counts.Failed, counts.Cancelled, counts.Open + again))
            : $"{counts.Total} jobs: {counts.Succeeded - again} done, {counts.Failed} failed, {counts.Cancelled} "
                + $"cancelled, {counts.Open + again} to run.";
    }

    private static DryRunJobOutput Output(NewJob job, string how) =>
        new(
            job.Output,
            how,
            how == "run" && job.Prepared.Reuses is { } reuses ? new ReuseOutput(reuses.Prompt, reuses.Steps, reuses.Similarity) : null,
            job.Prepared.Notes.Count > 0 ? job.Prepared.Notes : null
        );

    private static string Similar(List<NewJob> run) =>
        run.Count(job => job.Prepared.Reuses is not null) is > 0 and var count ? $", {count} of them from steps of similar clips" : "";

    private static string After(PreparedJob job) =>
        job.Reuses is { } reuses ? $", after {reuses.Steps} of {job.Steps} steps of \"{reuses.Prompt}\"" : "";

    private static string Taken(int count) =>
        count == 0
            ? ""
            : $" {count} {(count == 1 ? "output exists" : "outputs exist")} and were not made by this batch: "
                + "move them, or use --overwrite.";

    private static string How(NewJob job, string output, IReadOnlySet<string> clips, IResultCache? results, HashSet<string> seen)
    {
        var format = Path.GetExtension(job.Output).ToLowerInvariant();
        return clips.Contains(job.Output) ? "done"
            : !job.Overwrites && Path.Exists(Path.Combine(output, job.Output)) ? "taken"
            : !job.UseCache || job.Prepared.ResultKey is not { } key ? "run"
            : results?.Contains(key, format) == true ? "cached"
            : seen.Add(key + format) ? "run"
            : "equal";
    }

    private static string Duration(double? seconds, int count) =>
        count == 0 ? ""
        : seconds is { } known ? string.Create(CultureInfo.InvariantCulture, $", about {known:0} s one after the other")
        : "";
}
