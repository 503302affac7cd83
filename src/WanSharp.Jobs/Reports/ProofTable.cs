using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace WanSharp.Jobs.Reports;

/// <summary>What proves how each clip was made: its prompt, its settings, its pictures, its digest, and who made it.</summary>
internal static class ProofTable
{
    /// <summary>The table; empty where no clip was made.</summary>
    /// <param name="report">The batch.</param>
    /// <param name="most">The most rows.</param>
    public static string Of(BatchReport report, int most)
    {
        var made = report.Jobs.Where(job => job.Sha256 is not null).ToList();
        if (made.Count == 0)
        {
            return "";
        }

        var table = new StringBuilder("<h2>Proof</h2>\n")
            .Append(
                CultureInfo.InvariantCulture,
                $"<div class=\"soft\">WanSharp {typeof(ProofTable).Assembly.GetName().Version?.ToString(3)}"
            )
            .Append(made.Count > most ? string.Create(CultureInfo.InvariantCulture, $", the first {most} of {made.Count} clips") : "")
            .Append("</div>\n<table><tr><th>clip</th><th>prompt</th><th>settings</th><th>SHA-256</th></tr>");
        foreach (var job in made.Take(most))
        {
            table
                .Append("<tr><td>")
                .Append(Svg.Escape(job.Output))
                .Append("</td><td>")
                .Append(Svg.Escape(job.Prompt))
                .Append("</td><td>")
                .Append(Svg.Escape(string.Join(", ", Facts(job))))
                .Append("</td><td>")
                .Append(Svg.Escape(job.Sha256!))
                .Append("</td></tr>");
        }

        return table.Append("</table>\n").ToString();
    }

    /// <summary>The settings, without the texts, which have their own column; then the pictures, and who made it.</summary>
    private static IEnumerable<string> Facts(JobReport job)
    {
        foreach (var (name, value) in job.Settings ?? [])
        {
            if (value is JsonValue && name is not "prompt")
            {
                yield return $"{name} {Path.GetFileName(value.ToString())}"; // a file without its folder
            }
        }

        if (job.Settings is null && job.Seed is { } seed)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"seed {seed}");
        }

        foreach (var (frame, file) in job.Pictures ?? new Dictionary<int, string>())
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"picture of frame {frame} {file}");
        }

        if (job.Outcome is { FromCache: true })
        {
            yield return "from the cache";
        }

        if (job.Outcome?.MadeBy is { } backend)
        {
            yield return $"made by {backend}";
        }
    }
}
