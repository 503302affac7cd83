using System.Text;
using System.Text.Json;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Batches;

/// <summary>Reads batch files: JSON lines (<c>.jsonl</c>, <c>.ndjson</c>) and comma-separated values (<c>.csv</c>), and files of prompts.</summary>
public static class BatchFile
{
    /// <summary>The longest file, in bytes.</summary>
    public const int MostBytes = 256 << 20;

    /// <summary>The most jobs of one batch.</summary>
    public const int MostJobs = 100_000;

    private const int MostLineLength = 64 * 1024;

    /// <summary>Reads a file whole.</summary>
    /// <param name="path">A <c>.jsonl</c> or <c>.csv</c> file.</param>
    /// <param name="defaults">What a line that says nothing takes; images are relative to the file's folder.</param>
    /// <param name="priority">The priority of a line that says none.</param>
    /// <returns>The entries, those with a <see cref="BatchEntry.Problem"/> too.</returns>
    /// <exception cref="InvalidRequestException">The file is of no known kind, too long, or holds no job.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<BatchEntry> Read(string path, JobRequest defaults, int priority = 0)
    {
        ArgumentNullException.ThrowIfNull(path);
        var records = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".jsonl" or ".ndjson" => JsonRecords(ReadText(path)),
            ".csv" => CsvRecords(ReadText(path)),
            _ => throw new InvalidRequestException("file", $"'{path}' is no file of jobs: write .jsonl (a JSON object a line) or .csv, or give a file of prompts with --prompts."),
        };
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return Checked(path, [.. records.Select(record => Entry(new BatchEntry { Line = record.Line, Request = defaults, Priority = priority, Problem = record.Problem }, record.Fields, folder))]);
    }

    /// <summary>Reads a file of prompts, a line each; empty lines and those that begin with # are left out. Each is combined with each style and each seed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="styles">Names or aliases; empty for none.</param>
    /// <param name="seeds">The seeds; empty leaves the seed to the backend.</param>
    /// <param name="defaults">All other settings.</param>
    /// <param name="priority">The priority of all.</param>
    /// <exception cref="InvalidRequestException">The file is too long, or holds no prompt; or the combinations are too many.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<BatchEntry> ReadPrompts(string path, IReadOnlyList<string> styles, IReadOnlyList<ulong> seeds, JobRequest defaults, int priority = 0)
    {
        ArgumentNullException.ThrowIfNull(styles);
        ArgumentNullException.ThrowIfNull(seeds);
        var prompts = Lines(ReadText(path)).Where(line => line.Text.Length > 0 && line.Text[0] != '#').ToList();
        if ((long)prompts.Count * Math.Max(styles.Count, 1) * Math.Max(seeds.Count, 1) > MostJobs)
        {
            throw new InvalidRequestException("prompts", $"{prompts.Count} prompts, {styles.Count} styles and {seeds.Count} seeds are more than {MostJobs} jobs: divide them among several batches.");
        }

        return Checked(path, [.. from prompt in prompts
                                 from style in styles.Count == 0 ? [null] : styles.Select(style => (string?)style)
                                 from seed in seeds.Count == 0 ? [null] : seeds.Select(seed => (ulong?)seed)
                                 select new BatchEntry { Line = prompt.Number, Style = style, Priority = priority, Request = defaults with { Prompt = prompt.Text, Seed = seed } }]);
    }

    private static BatchEntry Entry(BatchEntry entry, IEnumerable<KeyValuePair<string, string>> fields, string folder)
    {
        try
        {
            entry = fields.Aggregate(entry, (entry, field) => BatchFields.Set(entry, field.Key, field.Value, folder));
            return entry.Request.Prompt.Length > 0 || entry.Problem is not null ? entry : entry with { Problem = "There is no prompt: say what the video shows." };
        }
        catch (InvalidRequestException exception)
        {
            return entry with { Problem = exception.Message };
        }
    }

    private static List<BatchEntry> Checked(string path, List<BatchEntry> entries) => entries.Count switch
    {
        0 => throw new InvalidRequestException("file", $"{path} holds no job: write one a line."),
        > MostJobs => throw new InvalidRequestException("file", $"{path} holds {entries.Count} jobs, more than {MostJobs}: divide it among several batches."),
        _ => entries,
    };

    private static string ReadText(string path)
    {
        var info = new FileInfo(path);
        if (!info.Exists)
        {
            throw new FileNotFoundException($"There is no file {path}.", path);
        }

        if (info.Length > MostBytes)
        {
            throw new InvalidRequestException("file", $"{path} is longer than {MostBytes >> 20} MB: divide it among several batches.");
        }

        try
        {
            var bytes = File.ReadAllBytes(path);
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
            return text.Length > 0 && text[0] == '\uFEFF' ? text[1..] : text;
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidRequestException("file", $"{path} is no text in UTF-8: save it in that encoding.");
        }
    }

    private static IEnumerable<(int Number, string Text)> Lines(string text)
    {
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            yield return (++number, line.Trim());
        }
    }

    private static IEnumerable<(int Line, IEnumerable<KeyValuePair<string, string>> Fields, string? Problem)> JsonRecords(string text)
    {
        foreach (var (number, line) in Lines(text).Where(line => line.Text.Length > 0))
        {
            var (fields, problem) = JsonFields(line);
            yield return (number, fields, problem);
        }
    }

    private static (List<KeyValuePair<string, string>> Fields, string? Problem) JsonFields(string line)
    {
        if (line.Length > MostLineLength)
        {
            return ([], $"It is longer than {MostLineLength} characters.");
        }

        try
        {
            using var document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return ([], "It is no JSON object: write {\"prompt\": \"…\"}.");
            }

            var nested = document.RootElement.EnumerateObject().FirstOrDefault(field => field.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array);
            return nested.Value.ValueKind != JsonValueKind.Undefined
                ? ([], $"The field '{nested.Name}' takes a text, a number, true or false.")
                : ([.. document.RootElement.EnumerateObject().Where(field => field.Value.ValueKind != JsonValueKind.Null).Select(field => KeyValuePair.Create(field.Name, field.Value.ToString()))], null);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return ([], $"It is no JSON: {exception.Message.Split(" LineNumber")[0]}"); // the line's number is told by ours
        }
    }

    private static IEnumerable<(int Line, IEnumerable<KeyValuePair<string, string>> Fields, string? Problem)> CsvRecords(string text)
    {
        var records = Csv.Read(text).Where(record => record.Cells is not [""]).ToList();
        if (records.Count == 0)
        {
            yield break;
        }

        var header = records[0].Cells.Select(cell => cell.Trim()).ToList();
        foreach (var (line, cells, isClosed) in records.Skip(1))
        {
            var problem = !isClosed ? "A quote is not closed: a quote within a text is written twice."
                : cells.Count > header.Count ? $"It has {cells.Count} cells, and there are {header.Count} columns: put a text with commas in quotes."
                : cells.Any(cell => cell.Length > MostLineLength) ? $"A cell is longer than {MostLineLength} characters." : null;
            yield return (line, header.Zip(cells).Where(cell => cell.Second.Trim().Length > 0).Select(cell => KeyValuePair.Create(cell.First, cell.Second.Trim())), problem);
        }
    }
}
