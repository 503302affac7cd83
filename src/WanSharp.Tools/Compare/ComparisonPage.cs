using System.Globalization;
using System.Net;
using System.Text;

namespace WanSharp.Tools.Compare;

/// <summary>Comparisons as one HTML file that needs nothing else: a table, and frames and curves of each pair.</summary>
public static class ComparisonPage
{
    private const int ChartWidth = 720;
    private const int ChartHeight = 90;

    private const string Style = """
        :root { color-scheme: light dark; --line: #3b6fb6; --soft: #8884 }
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums } td, th { padding: .15rem .7rem; text-align: right }
        td:first-child, th:first-child { text-align: left } tr + tr td { border-top: 1px solid var(--soft) }
        figure { margin: .8rem 0 } figure img { width: min(100%, 60rem); height: auto; image-rendering: pixelated }
        figcaption, .note { opacity: .75; font-size: .9rem }
        svg { display: block; width: 100%; max-width: 45rem; height: auto; background: var(--soft); margin: .2rem 0 .8rem }
        polyline { fill: none; stroke: var(--line); stroke-width: 2; vector-effect: non-scaling-stroke }
        """;

    /// <summary>The page.</summary>
    /// <param name="clips">What was compared, in order.</param>
    /// <param name="alone">Files without a like.</param>
    public static string Write(IReadOnlyList<ComparedClips> clips, IReadOnlyList<string> alone)
    {
        ArgumentNullException.ThrowIfNull(clips);
        ArgumentNullException.ThrowIfNull(alone);
        var page = new StringBuilder("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">");
        page.AppendLine("<meta name=\"viewport\" content=\"width=device-width\"><title>wan compare</title>");
        page.AppendLine(CultureInfo.InvariantCulture, $"<style>{Style}</style><h1>{Count(clips.Count)} compared</h1>");
        WriteTable(page, clips);
        page.AppendLine(CultureInfo.InvariantCulture, $"<p class=\"note\">{Encode(ComparisonScale.Note)}</p>");
        if (alone.Count > 0)
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"<p>Without a like: {Encode(string.Join(", ", alone))}</p>");
        }

        foreach (var one in clips)
        {
            WriteClip(page, one);
        }

        return page.AppendLine("</html>").ToString();
    }

    private static void WriteTable(StringBuilder page, IReadOnlyList<ComparedClips> clips)
    {
        page.AppendLine("<table><tr><th>clip<th>PSNR<th>SSIM<th>worst frame<th>MS-SSIM<th>flicker SSIM<th>LPIPS<th>VMAF<th>motion</tr>");
        foreach (var (pair, result, vmaf, _) in clips)
        {
            page.AppendLine(
                CultureInfo.InvariantCulture,
                $"<tr><td>{Encode(pair.Name)}<td>{Decibels(result.Quality.Psnr)}<td>{result.Quality.Ssim:0.0000}"
                    + $"<td>{result.WorstSsim:0.0000}<td>{result.MultiScale:0.0000}"
                    + $"<td>{result.Changes:0.0000}<td>{result.Perceptual:0.0000}<td>{vmaf:0.0}"
                    + $"<td>{Share(result)}</tr>"
            );
        }

        page.AppendLine("</table>");
    }

    private static void WriteClip(StringBuilder page, ComparedClips clip)
    {
        page.AppendLine(CultureInfo.InvariantCulture, $"<h2>{Encode(clip.Pair.Name)}</h2>");
        if (clip.Strip?.ToWebp() is { } strip)
        {
            page.AppendLine(
                CultureInfo.InvariantCulture,
                $"<figure><img alt=\"Frames of both clips and their difference\" "
                    + $"src=\"data:image/webp;base64,{Convert.ToBase64String(strip)}\">"
                    + $"<figcaption>{Encode(clip.Pair.Actual)} above {Encode(clip.Pair.Expected)}; below, what differs, four times as "
                    + $"strong. Frames {string.Join(", ", clip.Strip.Places)}.</figcaption></figure>"
            );
        }

        var frames = clip.Result.Frames;
        Chart(page, "SSIM", frames, frame => frame.Quality.Ssim);
        Chart(page, "PSNR, dB, up to 60", frames, frame => Math.Min(frame.Quality.Psnr, 60));
        Chart(page, "Flicker: SSIM of the changes", frames, frame => frame.Changes);
        Chart(page, "LPIPS", frames, frame => frame.Perceptual);
    }

    /// <summary>A curve over the frames; none if nothing was measured.</summary>
    private static void Chart(
        StringBuilder page,
        string name,
        IReadOnlyList<FrameComparison> frames,
        Func<FrameComparison, double?> valueOf
    )
    {
        List<(int Frame, double Value)> points =
        [
            .. frames
                .Select((frame, i) => (i, valueOf(frame)))
                .Where(one => one.Item2 is not null)
                .Select(one => (one.i, one.Item2!.Value)),
        ];
        if (points.Count < 2)
        {
            return;
        }

        var (least, most) = (points.Min(point => point.Value), points.Max(point => point.Value));
        var range = Math.Max(most - least, 1e-9);
        var line = string.Join(
            ' ',
            points.Select(point =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{point.Frame * (double)ChartWidth / (frames.Count - 1):0.#},"
                        + $"{5 + ((ChartHeight - 10) * (most - point.Value) / range):0.#}"
                )
            )
        );
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"<div>{Encode(name)}: {least:0.####} to {most:0.####}</div><svg viewBox=\"0 0 {ChartWidth} {ChartHeight}\" role=\"img\" "
                + $"aria-label=\"{Encode(name)} by frame\"><polyline points=\"{line}\"/></svg>"
        );
    }

    private static string Count(int clips) =>
        clips == 1 ? "One pair of clips" : string.Create(CultureInfo.InvariantCulture, $"{clips} pairs of clips");

    private static string Decibels(double psnr) =>
        double.IsFinite(psnr) ? string.Create(CultureInfo.InvariantCulture, $"{psnr:0.0} dB") : "equal";

    private static string Share(ClipComparison result) =>
        result is { Motion: { } motion, OtherMotion: > 0 and { } other }
            ? string.Create(CultureInfo.InvariantCulture, $"{100 * motion / other:0} %")
            : "";

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
