using System.Globalization;
using System.Text;
using static System.FormattableString;

namespace WanSharp.Jobs.Reports;

/// <summary>A batch's report as one page that needs nothing else: figures, charts, the clips' thumbnails.</summary>
internal static class HtmlReport
{
    private const int MostRows = 200;
    private const int LabelColumns = 30;

    private const string Style = """
        :root{--ink:#1d2327;--soft:#667;--line:#e2e5e9;--page:#fff;--card:#f6f7f9}
        @media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#9aa3ad;--line:#31363d;--page:#16191d;--card:#1f242a}}
        body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);max-width:900px;margin:2rem auto;padding:0 1rem}
        h1{font-size:1.5rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .5rem}.soft{color:var(--soft)}
        .cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(130px,1fr));gap:.6rem;margin:1.2rem 0}
        .card{background:var(--card);border-radius:8px;padding:.6rem .8rem}.card b{display:block;font-size:1.35rem;font-weight:600}
        svg{width:100%;height:auto;display:block}svg text{font:12px system-ui,sans-serif;fill:var(--soft)}
        svg .label{text-anchor:end;fill:var(--ink)}svg .small{font-size:9px}svg line{stroke:var(--line)}
        .load{fill:#9aa5b1}.encode{fill:#e0a030}.denoise{fill:#3b7dd8}.decode{fill:#3fa873}.write{fill:#8e6fc7}.wait{fill:var(--line)}
        .hit{fill:#5cc9b5}.new{fill:#3b7dd8}.failed{fill:#d65745}.other{fill:#9aa5b1}
        .key{display:flex;gap:1rem;flex-wrap:wrap;font-size:.85rem;color:var(--soft)}
        .key svg{width:.8em;height:.8em;display:inline-block;margin-right:.3em}
        .sheet{display:grid;grid-template-columns:repeat(auto-fill,minmax(120px,1fr));gap:.6rem}
        figure{margin:0}figure img{width:100%;border-radius:6px;display:block;background:var(--card)}
        figcaption{font-size:.72rem;color:var(--soft);overflow-wrap:anywhere;line-height:1.3;margin-top:.2rem}
        table{border-collapse:collapse;width:100%;font-size:.88rem}
        td,th{text-align:left;padding:.3rem .5rem;border-bottom:1px solid var(--line);vertical-align:top}
        """;

    /// <param name="report">The figures.</param>
    /// <param name="thumbnails">JPEG pictures by output.</param>
    public static string Write(BatchReport report, IReadOnlyDictionary<string, byte[]> thumbnails)
    {
        var page = new StringBuilder(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                + "content=\"width=device-width\"><title>WanSharp "
                + "batch</title><style>"
        )
            .Append(Style)
            .Append("</style></head><body>\n<h1>WanSharp batch</h1>\n")
            .Append(Invariant($"<div class=\"soft\">{report.MadeAt.UtcDateTime:yyyy-MM-dd HH:mm} UTC</div>\n<div class=\"cards\">"));
        foreach (var (name, value) in Figures(report))
        {
            page.Append(Invariant($"<div class=\"card\"><b>{value}</b>{name}</div>"));
        }

        page.Append("</div>\n");
        Section(
            page,
            "Computation in each stage",
            Svg.Bars([.. report.StageSeconds.Select(stage => (stage.Key, stage.Value, Invariant($"{stage.Value:0.00} s")))])
        );
        Section(
            page,
            "Clips from the cache",
            Svg.Bars([
                ("hit", report.Hits, Invariant($"{report.Hits} from the cache")),
                ("new", report.New, Invariant($"{report.New} computed")),
                ("failed", report.Failed, Invariant($"{report.Failed} failed")),
            ])
        );
        Timeline(page, report);
        Failures(page, report);
        Notes(page, report);
        Sheet(page, report, thumbnails);
        page.Append(ProofTable.Of(report, MostRows));
        return page.Append("</body></html>\n").ToString();
    }

    private static IEnumerable<(string Name, string Value)> Figures(BatchReport report) =>
        [
            ("jobs", Invariant($"{report.Total}")),
            ("clips", Invariant($"{report.Succeeded}")),
            ("failed", Invariant($"{report.Failed}")),
            ("from the cache", Invariant($"{report.Hits}")),
            ("computed", Invariant($"{report.New}")),
            ("of these from similar", Invariant($"{report.Reused}")),
            ("hit rate", Invariant($"{100 * report.HitRate:0.#} %")),
            ("saved", Invariant($"{report.SavedSeconds:0.#} s")),
            ("working time", Invariant($"{report.WorkingSeconds:0.#} s")),
            ("clips a minute", Invariant($"{report.ClipsPerMinute:0.#}")),
            ("mean a clip", Invariant($"{report.MeanSeconds:0.00} s")),
            ("worst clip", Invariant($"{report.WorstSeconds:0.00} s")),
            ("mean batch", Invariant($"{report.MeanBatchSize:0.##}")),
        ];

    private static void Timeline(StringBuilder page, BatchReport report)
    {
        var ran = report
            .Jobs.Where(job => job is { StartedAt: not null, Seconds: not null })
            .OrderBy(job => job.StartedAt)
            .TakeLast(MostRows)
            .ToList();
        if (ran.Count == 0)
        {
            return;
        }

        var start = ran[0].StartedAt!.Value;
        var end = Math.Max(0.001, ran.Max(job => From(job) + job.Seconds!.Value));
        var note = ran.Count < report.Jobs.Count ? Invariant($" (the last {ran.Count} that ran)") : "";
        Section(page, "Batch size over time" + note, Svg.Steps(BatchSizes(ran, From), end));
        Section(page, "Each job" + note, Svg.Waterfall([.. ran.Select(job => (Short(job.Output), Spans(job)))], end));
        page.Append("<div class=\"key\">");
        foreach (var stage in (string[])["load", "encode", "denoise", "decode", "wait", "hit"])
        {
            page.Append(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"<span><svg viewBox=\"0 0 1 1\"><rect class=\"{stage}\" width=\"1\" "
                        + $"height=\"1\"/></svg>"
                        + $"{(stage switch { "hit" => "from the cache", "wait" => "waits for others", _ => stage })}</span>"
                )
            );
        }

        page.Append("</div>\n");

        double From(JobReport job) => (job.StartedAt!.Value - start).TotalSeconds;

        IEnumerable<(string, double, double)> Spans(JobReport job) =>
            job.Outcome is not { Spans: [_, ..] spans }
                ? [(job.State == "failed" ? "failed" : "hit", From(job), From(job) + job.Seconds!.Value)]
                : spans
                    .Select(span => (span.Stage, From(job) + span.From, From(job) + span.To))
                    .Concat(
                        spans
                            .Zip(spans.Skip(1))
                            .Where(pair => pair.Second.From > pair.First.To)
                            .Select(pair => ("wait", From(job) + pair.First.To, From(job) + pair.Second.From))
                    );
    }

    /// <summary>
    /// At each moment how many clips shared a step, as reported by the clips that were denoising then; where steps of several sizes took
    /// turns, their mean.
    /// </summary>
    private static List<(double At, double Value)> BatchSizes(List<JobReport> jobs, Func<JobReport, double> from)
    {
        var changes = jobs.Where(job => job.Outcome is not null)
            .SelectMany(job =>
                Denoising(job.Outcome!)
                    .SelectMany(span =>
                        new[]
                        {
                            (At: from(job) + span.From, Count: 1, Size: span.Size),
                            (At: from(job) + span.To, Count: -1, Size: -span.Size),
                        }
                    )
            )
            .OrderBy(change => change.At);
        var (count, sum) = (0, 0.0);
        var points = new List<(double, double)> { (0, 0) };
        foreach (var change in changes)
        {
            (count, sum) = (count + change.Count, sum + change.Size);
            points.Add((change.At, count > 0 ? sum / count : 0));
        }

        return points;
    }

    /// <summary>When a clip took steps, and with how many others; all at the mean size where the backend reports nothing else.</summary>
    private static IEnumerable<(double From, double To, double Size)> Denoising(JobOutcome outcome)
    {
        var end = outcome.Spans.Where(span => span.Stage == "denoise").Select(span => span.To).DefaultIfEmpty().Max();
        return outcome.BatchSizes.Count == 0
            ? outcome.Spans.Where(span => span.Stage == "denoise").Select(span => (span.From, span.To, outcome.MeanBatchSize))
            : outcome.BatchSizes.Select(
                (size, i) =>
                    (
                        size.From,
                        i + 1 < outcome.BatchSizes.Count ? outcome.BatchSizes[i + 1].From : Math.Max(end, size.From),
                        (double)size.Clips
                    )
            );
    }

    private static void Failures(StringBuilder page, BatchReport report)
    {
        var failed = report.Jobs.Where(job => job.State == "failed").Take(MostRows).ToList();
        if (failed.Count == 0)
        {
            return;
        }

        page.Append("<h2>Failed</h2>\n<table><tr><th>job</th><th>attempts</th><th>why</th></tr>");
        foreach (var job in failed)
        {
            page.Append(
                Invariant($"<tr><td>{Svg.Escape(job.Output)}</td><td>{job.Attempts}</td><td>{Svg.Escape(job.Error ?? "")}</td></tr>")
            );
        }

        page.Append("</table>\n");
    }

    private static IEnumerable<string> NotesOf(JobOutcome? outcome) =>
        (outcome?.Notes ?? []).Concat(outcome?.StartedOver is { } why ? [$"started over: {why}"] : []);

    private static void Notes(StringBuilder page, BatchReport report)
    {
        var noted = report.Jobs.SelectMany(job => NotesOf(job.Outcome).Select(note => (job.Output, Note: note))).Take(MostRows).ToList();
        if (noted.Count == 0)
        {
            return;
        }

        page.Append("<h2>Notes</h2>\n<table><tr><th>job</th><th>note</th></tr>");
        foreach (var (output, note) in noted)
        {
            page.Append(Invariant($"<tr><td>{Svg.Escape(output)}</td><td>{Svg.Escape(note)}</td></tr>"));
        }

        page.Append("</table>\n");
    }

    private static void Sheet(StringBuilder page, BatchReport report, IReadOnlyDictionary<string, byte[]> thumbnails)
    {
        if (thumbnails.Count == 0)
        {
            return;
        }

        page.Append(
            string.Create(
                CultureInfo.InvariantCulture,
                $"<h2>Clips{(thumbnails.Count < report.Succeeded ? $" ({thumbnails.Count} of {report.Succeeded})" : "")}</h2>\n<div "
                    + $"class=\"sheet\">"
            )
        );
        foreach (var job in report.Jobs.Where(job => thumbnails.ContainsKey(job.Output)))
        {
            page.Append(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"<figure><img alt=\"\" src=\"data:image/jpeg;base64,{Convert.ToBase64String(thumbnails[job.Output])}\"><figcaption "
                        + $"title=\"{Svg.Escape(job.Prompt)}\">{Svg.Escape(job.Output)}</figcaption></figure>"
                )
            );
        }

        page.Append("</div>\n");
    }

    private static void Section(StringBuilder page, string title, string chart) =>
        page.Append("<h2>").Append(title).Append("</h2>\n").Append(chart).Append('\n');

    /// <summary>A name that fits next to its row, where Chinese letters are twice as wide as Latin ones.</summary>
    private static string Short(string output)
    {
        var (width, length) = (0, 0);
        while (length < output.Length && width < LabelColumns)
        {
            width += output[length++] < 0x1100 ? 1 : 2;
        }

        return length == output.Length ? output : output[..length] + "…";
    }
}
