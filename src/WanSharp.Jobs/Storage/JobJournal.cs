using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace WanSharp.Jobs.Storage;

/// <summary>
/// Every job that ever came into the queue, a line of JSON each, in a file that only grows. The database is the truth; this is what it is made
/// from again should its file be damaged.
/// </summary>
internal static class JobJournal
{
    /// <summary>Appends jobs, and brings them to the disk. Not for two writers at once.</summary>
    public static void Append(string path, IEnumerable<NewJob> jobs)
    {
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        if (file.Length > 0)
        {
            file.Seek(-1, SeekOrigin.End);
            if (file.ReadByte() != '\n')
            {
                file.WriteByte((byte)'\n'); // the last writer was stopped in the middle of a line
            }
        }

        using (var writer = new StreamWriter(file, new UTF8Encoding(false), leaveOpen: true))
        {
            foreach (var job in jobs)
            {
                writer.Write(JsonSerializer.Serialize(job, JournalJson.Readable.NewJob));
                writer.Write('\n');
            }
        }

        file.Flush(flushToDisk: true);
    }

    /// <summary>The jobs, in order; lines that are damaged are left out.</summary>
    public static IEnumerable<NewJob> Read(string path) => !File.Exists(path) ? [] : File.ReadLines(path).Select(Parse).OfType<NewJob>();

    private static NewJob? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, JournalJson.Readable.NewJob);
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
[JsonSerializable(typeof(JobOutcome))]
internal sealed partial class JournalJson : JsonSerializerContext
{
    public static JournalJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true,
    });
}
