using System.Text.Json;

namespace WanSharp.Tools.Profile;

/// <summary>Spans in the formats of other programs.</summary>
public static class ProfileFiles
{
    private const double Micro = 1e6;

    /// <summary>Chrome's trace format, which Perfetto reads, too.</summary>
    /// <remarks>Source: "Trace Event Format", complete events (<c>X</c>), thread names (<c>M</c>) and counters (<c>C</c>).</remarks>
    public static byte[] ChromeTrace(ProfileReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteStartArray("traceEvents");
            var lanes = report.Spans.Select(span => span.Lane).Distinct().ToList();
            for (var lane = 0; lane < lanes.Count; lane++)
            {
                Begin(json, "thread_name", "M", lane, 0);
                json.WriteStartObject("args");
                json.WriteString("name", lanes[lane]);
                json.WriteEndObject();
                json.WriteEndObject();
            }

            foreach (var span in report.Spans)
            {
                Begin(json, span.Name, "X", lanes.IndexOf(span.Lane), span.Start);
                json.WriteNumber("dur", Math.Round(span.Seconds * Micro, 1));
                json.WriteEndObject();
            }

            foreach (var sample in report.Memory)
            {
                Begin(json, "memory", "C", 0, sample.Seconds);
                json.WriteStartObject("args");
                json.WriteNumber("process", sample.Process);
                json.WriteNumber("library", sample.Library);
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteString("displayTimeUnit", "ms");
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>speedscope's format: a profile for each lane.</summary>
    /// <remarks>Source: jlfwong/speedscope:src/lib/file-format-spec.ts, <c>evented</c>.</remarks>
    public static byte[] Speedscope(ProfileReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            var names = report.Spans.Select(span => span.Name).Distinct().ToList();
            json.WriteStartObject();
            json.WriteString("$schema", "https://www.speedscope.app/file-format-schema.json");
            json.WriteString("name", report.Title);
            json.WriteStartObject("shared");
            json.WriteStartArray("frames");
            foreach (var name in names)
            {
                json.WriteStartObject();
                json.WriteString("name", name);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteStartArray("profiles");
            foreach (var lane in report.Spans.GroupBy(span => span.Lane))
            {
                WriteLane(json, lane.Key, lane, names);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static void WriteLane(Utf8JsonWriter json, string lane, IEnumerable<ProfiledSpan> spans, List<string> names)
    {
        List<ProfiledSpan> ordered = [.. spans.OrderBy(span => span.Start).ThenByDescending(span => span.Seconds)];
        json.WriteStartObject();
        json.WriteString("type", "evented");
        json.WriteString("name", lane);
        json.WriteString("unit", "seconds");
        json.WriteNumber("startValue", 0);
        json.WriteNumber("endValue", ordered.Max(span => span.End));
        json.WriteStartArray("events");
        var open = new Stack<ProfiledSpan>();
        foreach (var span in ordered)
        {
            while (open.TryPeek(out var top) && top.End <= span.Start)
            {
                Event(json, "C", names.IndexOf(open.Pop().Name), top.End);
            }

            // What ends later than what it began in is of another clip: it is cut, for the format nests.
            var end = open.TryPeek(out var parent) ? Math.Min(span.End, parent.End) : span.End;
            open.Push(span with { Seconds = end - span.Start });
            Event(json, "O", names.IndexOf(span.Name), span.Start);
        }

        while (open.TryPop(out var top))
        {
            Event(json, "C", names.IndexOf(top.Name), top.End);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Event(Utf8JsonWriter json, string type, int frame, double at)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteNumber("frame", frame);
        json.WriteNumber("at", at);
        json.WriteEndObject();
    }

    private static void Begin(Utf8JsonWriter json, string name, string kind, int lane, double start)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("ph", kind);
        json.WriteNumber("pid", 1);
        json.WriteNumber("tid", lane);
        json.WriteNumber("ts", Math.Round(start * Micro, 1));
    }
}
