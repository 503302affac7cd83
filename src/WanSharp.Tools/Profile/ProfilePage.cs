using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using WanSharp.Tensors;
using WanSharp.Tools.Benchmarks;

namespace WanSharp.Tools.Profile;

/// <summary>A profile as one HTML file that needs nothing else: a flame graph to click into, lanes, memory, roofs.</summary>
public static class ProfilePage
{
    private const int Width = 1000;
    private const int LaneHeight = 22;
    private const int ChartHeight = 120;
    private const double Shortest = 0.0005; // of the width: shorter spans cannot be seen

    private const string Style = """
        :root { color-scheme: light dark; --line: #3b6fb6; --other: #c77c2e; --soft: #8884 }
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums } td, th { padding: .15rem .7rem; text-align: right }
        td:first-child, th:first-child { text-align: left } tr + tr td { border-top: 1px solid var(--soft) }
        svg { display: block; width: 100%; height: auto; background: var(--soft); margin: .2rem 0 .8rem }
        text { font-size: 11px; fill: currentColor }
        polyline { fill: none; stroke-width: 2; vector-effect: non-scaling-stroke } .note { opacity: .75; font-size: .9rem }
        #flame div { position: absolute; height: 20px; overflow: hidden; white-space: nowrap; font-size: 12px;
          line-height: 20px; cursor: pointer;
          border: 1px solid #fff6; box-sizing: border-box; padding: 0 3px; color: #000 } #flame { position: relative; width: 100% }
        """;

    /// <summary>Draws the flame graph: a click makes what was clicked as wide as the page, a click on a caller goes back.</summary>
    private const string Script = """
        const box = document.getElementById('flame'), says = document.getElementById('says'); let path = [tree];
        const hue = s => { let h = 0; for (const c of s.split(' ')[0]) h = (h * 31 + c.charCodeAt(0)) % 360; return h };
        function draw() { box.replaceChildren(); let depth = 0;
          path.slice(0, -1).forEach(n => add(n, 0, 1, depth++)); down(path[path.length - 1], 0, 1, depth) }
        function down(n, left, width, depth) { add(n, left, width, depth);
          let x = left;
          for (const c of n.c) { const w = width * c.s / Math.max(n.s, 1e-9); if (w > 0.001) down(c, x, w, depth + 1); x += w } }
        function add(n, left, width, depth) { const d = document.createElement('div'); d.style.left = 100 * left + '%';
          d.style.width = 100 * width + '%'; d.style.top = 20 * depth + 'px'; d.style.background = `hsl(${hue(n.n)} 60% 70%)`;
          d.textContent = d.title = `${n.n}: ${n.s.toFixed(3)} s, ${(100 * n.s / tree.s).toFixed(1)} %, ${n.k} times`;
          d.onmouseenter = () => says.textContent = d.title; d.onclick = () => { path = find(tree, n) || [tree]; draw() };
          box.append(d); box.style.height = Math.max(parseInt(box.style.height) || 0, 20 * depth + 24) + 'px' }
        function find(n, wanted) { if (n === wanted) return [n];
          for (const c of n.c) { const p = find(c, wanted); if (p) return [n, ...p] } }
        draw();
        """;

    /// <summary>The page.</summary>
    public static string Write(ProfileReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var page = new StringBuilder("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">");
        page.AppendLine("<meta name=\"viewport\" content=\"width=device-width\"><title>wan profile</title>");
        page.AppendLine(CultureInfo.InvariantCulture, $"<style>{Style}</style><h1>Where the time goes</h1><p>{Encode(report.Title)}</p>");
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"<p>{report.Clips} clips in {report.Seconds:0.000} s; lanes idle {report.IdleSeconds:0.000} s, blocks waited for weights "
                + $"{report.WaitSeconds:0.000} s; recording took {100 * report.Overhead:0.0} % longer.</p>"
        );
        WriteStages(page, report);
        RoofChart.Write(page, report);
        page.AppendLine("<h2>What called what</h2><p id=\"says\" class=\"note\">Click to look into a part.</p><div id=\"flame\"></div>");
        WriteLanes(page, report);
        WriteMemory(page, report);
        WriteShares(page, "What layers do", report.Kinds);
        WriteShares(page, "Layers", report.Layers);
        WriteShares(page, "Operators", report.Operators);
        page.Append("<script>const tree = ").Append(Json(report.Flame)).Append(';').AppendLine(Script);
        return page.AppendLine("</script></html>").ToString();
    }

    private static void WriteStages(StringBuilder page, ProfileReport report)
    {
        page.AppendLine(
            "<h2>Stages and roofs</h2><table><tr><th>stage<th>seconds<th>the kernels need<th>GFLOP<th>GB moved"
                + "<th>FLOP a byte<th>GFLOP/s<th>of the roof</tr>"
        );
        foreach (var stage in report.Stages)
        {
            var roof = Math.Min(stage.PeakOperations, stage.Intensity * report.PeakBytes);
            page.AppendLine(
                CultureInfo.InvariantCulture,
                $"<tr><td>{Encode(stage.Stage)}<td>{stage.Seconds:0.000}<td>{stage.ExpectedSeconds:0.000}<td>{stage.Operations / 1e9:0.0}"
                    + $"<td>{stage.Bytes / 1e9:0.00}<td>{stage.Intensity:0.0}<td>{stage.Rate / 1e9:0.0}"
                    + $"<td>{(roof > 0 ? 100 * stage.Rate / roof : 0):0} %</tr>"
            );
        }

        page.AppendLine("</table>");
        var roofs = string.Join(", ", report.Roofs.Select(roof => FormattableString.Invariant($"{roof.Key} {roof.Value / 1e9:0} GFLOP/s")));
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"<p class=\"note\">The machine's roofs, as measured: {roofs}; {report.PeakBytes / 1e9:0.0} GB/s. "
                + $"A stage has that of its mix.</p>"
        );
    }

    private static void WriteLanes(StringBuilder page, ProfileReport report)
    {
        var lanes = report.Spans.Select(span => span.Lane).Distinct().ToList();
        var end = report.Spans.Select(span => span.End).DefaultIfEmpty(1).Max();
        var height = LaneHeight * lanes.Count;
        page.AppendLine("<h2>Lanes</h2>");
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"<svg viewBox=\"0 0 {Width} {height}\" role=\"img\" aria-label=\"Lanes over time\">"
        );
        foreach (var span in report.Spans.Where(span => span.Seconds > Shortest * end))
        {
            var (x, width) = (Width * span.Start / end, Width * span.Seconds / end);
            page.AppendLine(
                CultureInfo.InvariantCulture,
                $"<rect x=\"{x:0.##}\" y=\"{LaneHeight * lanes.IndexOf(span.Lane)}\" width=\"{width:0.##}\" height=\"{LaneHeight - 2}\" "
                    + $"fill=\"hsl({Hue(span.Name)} 60% 65%)\" fill-opacity=\".55\">"
                    + $"<title>{Encode(span.Name)}: {span.Seconds:0.0000} s</title></rect>"
            );
        }

        for (var lane = 0; lane < lanes.Count; lane++)
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"3\" y=\"{(LaneHeight * lane) + 14}\">{Encode(lanes[lane])}</text>");
        }

        page.AppendLine("</svg>");
    }

    private static void WriteMemory(StringBuilder page, ProfileReport report)
    {
        if (report.Memory.Count < 2)
        {
            return;
        }

        var (most, end) = (report.Memory.Max(sample => sample.Process), report.Memory[^1].Seconds);
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"<h2>Memory</h2><p class=\"note\">The process, up to {ByteSize.Text(most)}, and of it ONNX Runtime's, up to "
                + $"{ByteSize.Text(report.Memory.Max(sample => sample.Library))}.</p>"
        );
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"<svg viewBox=\"0 0 {Width} {ChartHeight}\" role=\"img\" aria-label=\"Memory over time\">"
        );
        Line("--line", sample => sample.Process);
        Line("--other", sample => sample.Library);
        page.AppendLine("</svg>");

        void Line(string colour, Func<MemorySample, long> bytesOf)
        {
            var points = report.Memory.Select(sample =>
                FormattableString.Invariant(
                    $"{Width * sample.Seconds / end:0.#},{ChartHeight - (ChartHeight * (double)bytesOf(sample) / most):0.#}"
                )
            );
            page.AppendLine(
                CultureInfo.InvariantCulture,
                $"<polyline style=\"stroke: var({colour})\" points=\"{string.Join(' ', points)}\"/>"
            );
        }
    }

    private static void WriteShares(StringBuilder page, string title, IReadOnlyList<OperatorShare> shares)
    {
        if (shares.Count == 0)
        {
            return;
        }

        page.AppendLine(CultureInfo.InvariantCulture, $"<h2>{title}</h2><table><tr><th>name<th>seconds<th>share</tr>");
        foreach (var share in shares)
        {
            page.AppendLine(
                CultureInfo.InvariantCulture,
                $"<tr><td>{Encode(share.Operator)}<td>{share.Seconds:0.000}<td>{100 * share.Share:0.0} %</tr>"
            );
        }

        page.AppendLine("</table>");
    }

    private static string Json(FlameNode root)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream)) // which escapes what would end the script
        {
            Write(json, root);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Write(Utf8JsonWriter json, FlameNode node)
    {
        json.WriteStartObject();
        json.WriteString("n", node.Name);
        json.WriteNumber("s", Math.Round(node.Seconds, 6));
        json.WriteNumber("k", node.Count);
        json.WriteStartArray("c");
        foreach (var child in node.Children)
        {
            Write(json, child);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static int Hue(string name) => name.Split(' ')[0].Aggregate(0, (hue, letter) => ((hue * 31) + letter) % 360);

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
