using System.Globalization;
using System.Text;
using WanSharp.Jobs.Reports;
using static System.FormattableString;

namespace WanSharp.Jobs.Films;

/// <summary>
/// A proof sheet of a film, as one page that needs nothing else: pictures of each clip, what made it, and how large the step is from the
/// clip before it, next to the steps between its own frames.
/// </summary>
/// <param name="plan">The film.</param>
/// <param name="proofs">What there is to show of each part.</param>
internal sealed class FilmSheet(FilmPlan plan, IReadOnlyList<PartProof> proofs)
{
    private const string Style = """
        :root{--ink:#1d2327;--soft:#667;--line:#e2e5e9;--page:#fff;--card:#f6f7f9}
        @media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#9aa3ad;--line:#31363d;--page:#16191d;--card:#1f242a}}
        body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);max-width:900px;margin:2rem auto;padding:0 1rem}
        h1{font-size:1.5rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .2rem}.soft{color:var(--soft);font-size:.85rem}
        .strip{display:grid;grid-template-columns:repeat(5,1fr);gap:.4rem;margin:.4rem 0}
        .strip img{width:100%;border-radius:6px;display:block;background:var(--card)}
        """;

    /// <summary>The page.</summary>
    /// <param name="jobs">The jobs of the parts; null for clips of the user's.</param>
    public string Write(IReadOnlyList<Job?> jobs)
    {
        var format = plan.Format;
        var page = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" ")
            .Append("content=\"width=device-width\"><title>WanSharp film</title><style>")
            .Append(Style)
            .Append("</style></head><body>\n<h1>WanSharp film</h1>\n")
            .Append(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"<div class=\"soft\">{format.Width}×{format.Height}, {format.Frames} frames at {format.Fps} a second "
                )
            )
            .Append(Invariant($"({format.Frames / format.Fps:0.##} s), {plan.Film.Sections.Count} sections</div>\n"));
        var frame = 0;
        foreach (var (i, part) in plan.Parts.Index())
        {
            if (part.OpensSection)
            {
                page.Append(Invariant($"<h2>{part.Section}. {Svg.Escape(part.Title)}</h2>\n"));
            }

            page.Append("<div class=\"strip\">");
            foreach (var picture in proofs[i].Pictures)
            {
                page.Append(Invariant($"<img alt=\"\" src=\"data:image/jpeg;base64,{Convert.ToBase64String(picture)}\">"));
            }

            page.Append("</div>\n<div class=\"soft\">").AppendJoin("; ", Facts(i, part, jobs[i], frame)).Append("</div>\n");
            frame += part.Show;
        }

        return page.Append("</body></html>\n").ToString();
    }

    private IEnumerable<string> Facts(int index, FilmPart part, Job? job, int frame)
    {
        yield return Invariant($"from {frame / plan.Format.Fps:0.00} s, {part.Show} frames");
        yield return part.Clip is { } clip ? $"given: {Svg.Escape(Path.GetFileName(clip.Path))}"
        : part.Continues ? "continues the clip before"
        : "a cut";
        if (part.Pin is not null)
        {
            yield return "leads to the clip after it";
        }

        if (plan.Settings[index] is { } settings)
        {
            yield return Invariant($"seed {settings.Seed}, {settings.Steps} steps");
        }

        if (job?.Outcome is { } outcome)
        {
            yield return outcome.FromCache ? "from the cache" : Invariant($"{outcome.ComputeSeconds:0.0} s computed");
        }

        if (part.Continues && proofs[index] is { Joint: { } joint, Steps.Count: > 0 } proof)
        {
            var steps = proof.Steps.Order().ToList();
            yield return Invariant(
                $"step at the joint {joint:0.00}, between its own frames {steps[steps.Count / 2]:0.00}, at most {steps[^1]:0.00}"
            );
        }

        if (job is not null)
        {
            yield return Svg.Escape(job.Output);
        }
    }
}
