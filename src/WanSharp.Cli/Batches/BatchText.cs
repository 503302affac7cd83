using System.Globalization;
using WanSharp.Cli.Terminal;
using WanSharp.Engine;
using WanSharp.Hosting.Outputs;
using WanSharp.Jobs;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Reports;
using WanSharp.Jobs.Storage;
using WanSharp.Tensors;
using static System.FormattableString;

namespace WanSharp.Cli.Batches;

/// <summary>What <c>wan batch</c> says.</summary>
internal static class BatchText
{
    private const int MostLines = 100;
    private const int MostNames = 5;

    /// <summary>Each bad line of a batch file, a line each.</summary>
    /// <param name="error">Where to.</param>
    /// <param name="exception">What is wrong.</param>
    /// <param name="what">What the file holds.</param>
    /// <returns>How the process ends.</returns>
    public static int WriteProblems(TextWriter error, BatchFileException exception, string what = "job")
    {
        foreach (var problem in exception.Problems.Take(MostLines))
        {
            error.WriteLine(PlainText.OneLine($"wan: {exception.File}:{problem.Place}: {problem.Message}"));
        }

        var more = exception.Problems.Count > MostLines ? $", {exception.Problems.Count - MostLines} of them not shown" : "";
        error.WriteLine(
            $"wan: {exception.Problems.Count} {(exception.Problems.Count == 1 ? what : $"{what}s")} of {exception.File} "
                + $"cannot be made{more}; nothing was run."
        );
        return exception.IsOfFiles ? ExitCode.Failed : ExitCode.WrongUsage;
    }

    /// <summary>Each job that failed, a line each.</summary>
    public static void WriteFailures(TextWriter error, BatchReport report)
    {
        foreach (var job in report.Jobs.Where(job => job.State == "failed").Take(MostLines))
        {
            error.WriteLine(
                PlainText.OneLine(
                    $"wan: {job.Output} failed after {job.Attempts} {(job.Attempts == 1 ? "attempt" : "attempts")}: {job.Error}"
                )
            );
        }
    }

    /// <summary>What became of the clips of finished jobs, a line for each kind.</summary>
    public static void WriteReview(TextWriter error, ClipReview review, JobFolder folder)
    {
        Write(review.Missing, "missing, and will be made again");
        Write(review.Damaged, $"incomplete, and will be made again; the old files are in {folder.Aside}");
        var were = review.Changed.Count == 1 ? "it was" : "they were";
        Write(review.Changed, $"changed since {were} made, and left unchanged");

        void Write(IReadOnlyList<string> outputs, string what)
        {
            if (outputs.Count > 0)
            {
                error.WriteLine(
                    PlainText.OneLine(
                        $"{outputs.Count} {(outputs.Count == 1 ? "clip is" : "clips are")} {what}: "
                            + $"{string.Join(", ", outputs.Take(MostNames))}{(outputs.Count > MostNames ? ", …" : "")}"
                    )
                );
            }
        }
    }

    public static string Stopped(JobCounts counts, JobFolder folder) =>
        $"wan: stopped; {counts.Succeeded} of {counts.Total} clips are done, nothing half-written was left behind. Resume with: "
        + $"wan batch --resume {ShellWord.Quote(folder.Path)}";

    /// <param name="report">The batch.</param>
    /// <param name="folder">Where it is.</param>
    /// <param name="engine">What this process's engine did; null where another program makes the clips.</param>
    /// <param name="before">How its jobs were when this run began.</param>
    public static string Describe(BatchReport report, JobFolder folder, EngineStatistics? engine, JobCounts before) =>
        string.Join(Environment.NewLine, before.Open > 0 ? Lines(report, folder, engine, before) : LinesOfNothing(report, folder));

    /// <param name="report">The batch.</param>
    /// <param name="folder">Where it is.</param>
    /// <param name="engine">What this process's engine did; null where another program makes the clips.</param>
    /// <param name="before">How its jobs were when this run began.</param>
    public static string Json(BatchReport report, JobFolder folder, EngineStatistics? engine, JobCounts before)
    {
        var lanes = engine is null
            ? null
            : new LanesOutput(
                engine
                    .Busy.OrderBy(stage => stage.Key)
                    .ToDictionary(stage => NameOf(stage.Key), stage => Math.Round(stage.Value.TotalSeconds, 3)),
                Math.Round(engine.Idle.TotalSeconds, 3)
            );
        return JsonText.Of(
            new BatchOutput(
                report.MadeAt,
                report.Total,
                report.Succeeded,
                report.Failed,
                report.Cancelled,
                report.Open,
                report.Hits,
                report.New,
                report.Found,
                report.Reused,
                report.HitRate,
                report.SavedSeconds,
                report.WorkingSeconds,
                report.ClipsPerMinute,
                report.MeanSeconds,
                report.WorstSeconds,
                report.MeanBatchSize,
                report.StageSeconds,
                engine is null ? null : MemoryOutput.From(engine.Memory),
                folder.Path,
                before.Total - before.Open,
                lanes,
                engine is null ? null : GraphsOutput.From(engine.Graphs)
            )
        );
    }

    /// <summary>A run that found nothing to do: what was computed, and how fast, is of those before.</summary>
    private static IEnumerable<string> LinesOfNothing(BatchReport report, JobFolder folder)
    {
        yield return $"{report.Total} jobs: nothing was left to make; {report.Succeeded} clips were there, {report.Failed} failed, "
            + $"{report.Cancelled} cancelled";
        yield return Row("report", ReportOf(folder));
    }

    private static IEnumerable<string> Lines(BatchReport report, JobFolder folder, EngineStatistics? engine, JobCounts before)
    {
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Total} jobs: {report.Succeeded} clips ({report.New} "
                + $"computed{(report.Reused > 0 ? $", {report.Reused} of them from steps of similar clips" : "")}, "
                + $"{report.Hits} from the cache: {100 * report.HitRate:0.#} %{(report.Found > 0 ? $", {report.Found} were there" : "")}), "
                + $"{report.Failed} failed, {report.Cancelled} cancelled"
        );
        if (before.Total > before.Open)
        {
            yield return Row(
                "before",
                $"{before.Total - before.Open} of these jobs had ended before this run; the figures are of all runs"
            );
        }

        yield return Row(
            "time",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{report.WorkingSeconds:0.0} s of work, {report.ClipsPerMinute:0.#} clips a minute; "
                    + $"the cache saved {report.SavedSeconds:0.0} s"
            )
        );
        yield return Row(
            "a clip",
            Invariant($"{report.MeanSeconds:0.00} s mean, {report.WorstSeconds:0.00} s worst, {report.MeanBatchSize:0.#} at a time")
        );
        yield return Row("stages", string.Join(", ", report.StageSeconds.Select(stage => Invariant($"{stage.Key} {stage.Value:0.0} s"))));
        if (engine is not null)
        {
            var lanes = engine
                .Busy.OrderBy(stage => stage.Key)
                .Select(stage => Invariant($"{NameOf(stage.Key)} {stage.Value.TotalSeconds:0.0} s"))
                .Append(Invariant($"idle {engine.Idle.TotalSeconds:0.0} s"));
            yield return Row("lanes", string.Join(", ", lanes));
        }

        yield return Row("report", ReportOf(folder));
    }

    private static string ReportOf(JobFolder folder) => Path.Combine(folder.Path, "report.html");

    private static string NameOf(GenerationStage stage) => stage.ToString().ToLowerInvariant();

    private static string Row(string name, string text) => $"  {name, -8} {text}";
}
