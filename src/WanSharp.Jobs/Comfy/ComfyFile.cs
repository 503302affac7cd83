using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Comfy;

/// <summary>Reads the JSON files that users name.</summary>
internal static partial class ComfyFile
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <exception cref="InvalidRequestException">It cannot be read, or is too long.</exception>
    public static string Read(string path, string field, long maximumBytes)
    {
        try
        {
            var length = FileFacts.Of(path).Length;
            return length <= maximumBytes
                ? File.ReadAllText(path)
                : throw new InvalidRequestException(
                    field,
                    $"{path} has {length} bytes, more than a {field} may have ({maximumBytes}): name another file."
                );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidRequestException(field, $"The {field} {path} cannot be read: {e.Message}");
        }
    }

    /// <summary>
    /// JSON with null in place of NaN and Infinity, which are not JSON, and which programs in Python write where they measured nothing.
    /// </summary>
    public static string WithoutNaN(string json) =>
        json.Contains("NaN", StringComparison.Ordinal) || json.Contains("Infinity", StringComparison.Ordinal)
            ? TextsAndNumbers().Replace(json, match => match.Value[0] == '"' ? match.Value : "null")
            : json;

    /// <exception cref="InvalidRequestException">It is not a JSON object.</exception>
    public static JsonObject Parse(string json, string source, string field)
    {
        try
        {
            if (JsonNode.Parse(WithoutNaN(json), documentOptions: Strict) is JsonObject root)
            {
                return root;
            }
        }
        catch (JsonException e)
        {
            throw new InvalidRequestException(field, $"The {field} {source} is not JSON: {e.Message}");
        }

        throw new InvalidRequestException(field, $"The {field} {source} is not a JSON object.");
    }

    [GeneratedRegex(
        """
            "(?:\\.|[^"\\])*"|-?Infinity\b|NaN\b
            """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.Singleline
    )]
    private static partial Regex TextsAndNumbers();
}
