using System.Text.Json;
using System.Text.Json.Nodes;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Comfy;

/// <summary>Reads the JSON files that users name.</summary>
internal static class ComfyFile
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <exception cref="InvalidRequestException">It cannot be read, or is too long.</exception>
    public static string Read(string path, string field, long maximumBytes)
    {
        if (!FileFacts.Of(path).Exists)
        {
            throw new InvalidRequestException(field, $"There is no {field} {path}: check the path.") { IsOfFile = true };
        }

        try
        {
            var length = FileFacts.Of(path).Length;
            return length <= maximumBytes
                ? PlainFile.ReadAllText(path)
                : throw new InvalidRequestException(
                    field,
                    $"{path} has {length} bytes, more than a {field} may have ({maximumBytes}): name another file."
                );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidRequestException(field, $"The {field} {path} cannot be read: {e.Message}") { IsOfFile = true };
        }
    }

    /// <exception cref="InvalidRequestException">It is not a JSON object.</exception>
    public static JsonObject Parse(string json, string source, string field)
    {
        try
        {
            if (JsonNode.Parse(PythonJson.ToJson(json), documentOptions: Strict) is JsonObject root)
            {
                return root;
            }
        }
        catch (JsonException e)
        {
            throw new InvalidRequestException(
                field,
                string.IsNullOrWhiteSpace(json) ? $"The {field} {source} is empty: export it again."
                    : e.LineNumber is { } line ? $"The {field} {source} is not JSON from line {line + 1} on: export it again."
                    : $"The {field} {source} is not JSON: {e.Message}"
            );
        }

        throw new InvalidRequestException(field, $"The {field} {source} is not a JSON object.");
    }
}
