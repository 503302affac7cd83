using System.Text.Json;
using System.Text.Json.Nodes;

namespace WanSharp.Jobs.Comfy;

/// <summary>Reads JSON of strangers: what is not there, or is something else, is null.</summary>
internal static class JsonParts
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>The object that a text is; empty when it is none.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static JsonObject Parse(string text) =>
        text.Length == 0 ? [] : JsonNode.Parse(text, documentOptions: Strict) as JsonObject ?? [];

    /// <summary>A member of an object.</summary>
    public static JsonNode? At(this JsonNode? node, string name) => (node as JsonObject)?[name];

    /// <summary>A text.</summary>
    public static string? Text(this JsonNode? node) => node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;

    /// <summary>A number.</summary>
    public static double? Number(this JsonNode? node) => node?.GetValueKind() == JsonValueKind.Number ? node.GetValue<double>() : null;

    /// <summary>The members of an object; none of anything else.</summary>
    public static IEnumerable<KeyValuePair<string, JsonNode?>> Members(this JsonNode? node) => node as JsonObject ?? [];

    /// <summary>The items of a list; none of anything else.</summary>
    public static IEnumerable<JsonNode?> Items(this JsonNode? node) => node as JsonArray ?? [];
}
