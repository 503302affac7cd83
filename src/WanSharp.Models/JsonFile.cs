using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using WanSharp.Tensors;

namespace WanSharp.Models;

/// <summary>Reads a JSON file that came with a model: bounded in size, with errors that name the file.</summary>
internal static class JsonFile
{
    public static T Read<T>(string path, JsonTypeInfo<T> type, int maximumBytes)
    {
        try
        {
            if (FileFacts.Of(path) is { Exists: true, Length: 0 })
            {
                throw new CheckpointException(path, "it is empty: the download is not complete, or went wrong; download it again.");
            }

            using var stream = PlainFile.OpenRead(path);
            if (stream.Length > maximumBytes)
            {
                throw new CheckpointException(path, $"{stream.Length} bytes are too many for a description ({maximumBytes} at most).");
            }

            return JsonSerializer.Deserialize(stream, type)
                ?? throw new CheckpointException(path, "holds null where a description is expected.");
        }
        catch (JsonException e)
        {
            throw new CheckpointException(path, OtherContents.DescribeCompanion(path) ?? Problem(e), e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"cannot be read: {e.Message}", e);
        }
    }

    /// <summary>What is wrong, without the names of our types.</summary>
    private static string Problem(JsonException e)
    {
        const string Lacks = "including: ";
        var names = e.Message.IndexOf(Lacks, StringComparison.Ordinal);
        return names >= 0 ? $"it lacks {e.Message[(names + Lacks.Length)..]}"
            : e.Message.Contains("could not be converted", StringComparison.Ordinal)
                ? $"what it has at {e.Path} (line {e.LineNumber + 1}) is of another kind than a description's."
            : e.InnerException is JsonException // of the reader: what stands there is no JSON
                ? $"it is not valid JSON from line {e.LineNumber + 1} on: correct it, or get it again."
            : e.Message;
    }
}
