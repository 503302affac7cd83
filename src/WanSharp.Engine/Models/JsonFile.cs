using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using WanSharp.Tensors;

namespace WanSharp.Engine.Models;

/// <summary>Reads a JSON file that came with a model: bounded in size, with errors that name the file.</summary>
internal static class JsonFile
{
    public static T Read<T>(string path, JsonTypeInfo<T> type, int maximumBytes)
    {
        try
        {
            using var stream = File.OpenRead(path);
            if (stream.Length > maximumBytes)
            {
                throw new CheckpointException(path, $"{stream.Length} bytes are too many for a description ({maximumBytes} at most).");
            }

            return JsonSerializer.Deserialize(stream, type)
                ?? throw new CheckpointException(path, "holds null where a description is expected.");
        }
        catch (JsonException e)
        {
            throw new CheckpointException(path, e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"cannot be read: {e.Message}", e);
        }
    }
}
