using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Storage;

/// <summary>
/// Every job that ever came into the queue, and what became of it, a line of JSON each, in a file that is on the disk before anything
/// follows from it. With the clips it is the truth: the database is an index of it, made again whenever the two differ.
/// </summary>
internal static class JobJournal
{
    /// <summary>How a line begins that is not a job but says what became of one, or of the batch.</summary>
    private const string NoteStart = "{\"note\":";

    /// <summary>Appends jobs. The caller holds the database's writing lock: two writers at once would write over each other.</summary>
    /// <returns>The file's length now.</returns>
    public static long Append(string path, IEnumerable<NewJob> jobs) =>
        Append(path, jobs.Select(job => JsonSerializer.Serialize(job, JournalJson.Readable.NewJob)));

    /// <summary>Appends a note. The caller holds the database's writing lock.</summary>
    /// <returns>The file's length now.</returns>
    public static long Append(string path, params IEnumerable<JournalNote> notes) =>
        Append(path, notes.Select(note => JsonSerializer.Serialize(note, JournalJson.Readable.JournalNote)));

    /// <summary>The file's length; 0 when there is none.</summary>
    public static long LengthOf(string path) => FileFacts.Of(path) is { Exists: true } file ? file.Length : 0;

    /// <summary>All that it says; lines that are damaged are left out.</summary>
    public static JournalContent Read(string path)
    {
        var content = new JournalContent();
        if (File.Exists(path))
        {
            foreach (var line in File.ReadLines(path))
            {
                if (line.StartsWith(NoteStart, StringComparison.Ordinal))
                {
                    content.Add(Parse(line, JournalJson.Readable.JournalNote));
                }
                else
                {
                    content.Add(Parse(line, JournalJson.Readable.NewJob));
                }
            }
        }

        return content;
    }

    /// <summary>
    /// Writes what the journal says in the end, and leaves out what it said before: of a deleted job only that it is. The caller holds the
    /// database's writing lock.
    /// </summary>
    /// <returns>The file's length now.</returns>
    public static long Rewrite(string path)
    {
        var content = Read(path);
        AtomicFile.Write(
            path,
            stream =>
            {
                using var lines = new StreamWriter(stream, leaveOpen: true);
                if (content.Settings is { } settings)
                {
                    Write(lines, new JournalNote { Note = JournalNote.Settings, Batch = settings });
                }

                foreach (var (job, note) in content.Jobs)
                {
                    lines.Write(JsonSerializer.Serialize(job, JournalJson.Readable.NewJob) + '\n');
                    if (note is not null)
                    {
                        Write(lines, note);
                    }
                }

                foreach (var output in content.Removed)
                {
                    Write(lines, new JournalNote { Note = JournalNote.Removed, Output = output });
                }
            }
        );
        return LengthOf(path);
    }

    private static void Write(StreamWriter lines, JournalNote note) =>
        lines.Write(JsonSerializer.Serialize(note, JournalJson.Readable.JournalNote) + '\n');

    private static long Append(string path, IEnumerable<string> lines)
    {
        var text = new StringBuilder();
        foreach (var line in lines)
        {
            text.Append(line).Append('\n');
        }

        var isNew = !File.Exists(path);
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        if (isNew)
        {
            DurableFiles.FlushFolder(Path.GetDirectoryName(path)!);
        }

        if (file.Length > 0)
        {
            file.Seek(-1, SeekOrigin.End);
            if (file.ReadByte() != '\n')
            {
                text.Insert(0, '\n'); // the last writer was stopped in the middle of a line
            }
        }

        file.Write(Encoding.UTF8.GetBytes(text.ToString())); // in one piece
        DurableFiles.Flush(file);
        return file.Length;
    }

    private static T? Parse<T>(string line, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(line, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>What the store keeps as JSON: snake_case, and prompts readable in every language.</summary>
[JsonSourceGenerationOptions(RespectNullableAnnotations = true)]
[JsonSerializable(typeof(NewJob))]
[JsonSerializable(typeof(JournalNote))]
[JsonSerializable(typeof(JobOutcome))]
internal sealed partial class JournalJson : JsonSerializerContext
{
    public static JournalJson Readable { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
                RespectNullableAnnotations = true,
            }
        );
}
