using System.Text.Json;

namespace WanSharp.Models.Documents;

/// <summary>Reads JSON as the nodes that a document has.</summary>
internal static class JsonTree
{
    private static readonly JsonDocumentOptions Options = new()
    {
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
        MaxDepth = 32,
    };

    /// <summary>Reads a text.</summary>
    /// <exception cref="InvalidDataException">It is not JSON; the message names the line.</exception>
    public static DocumentNode Read(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text, Options);
            return Node(json.RootElement);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"line {e.LineNumber + 1}: it is not JSON.", e);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException("it is not JSON text: it holds half of a character (\\ud800 to \\udfff come in pairs).", e);
        }
    }

    private static DocumentNode Node(JsonElement element) =>
        element.ValueKind switch
        {
            JsonValueKind.Object => new DocumentNode.Map(Entries(element), 0),
            JsonValueKind.Array => new DocumentNode.List([.. element.EnumerateArray().Select(Node)], 0),
            JsonValueKind.Null => new DocumentNode.Text("", 0),
            _ => new DocumentNode.Text(element.ToString(), 0),
        };

    private static OrderedDictionary<string, DocumentNode> Entries(JsonElement element)
    {
        var entries = new OrderedDictionary<string, DocumentNode>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
        {
            entries[property.Name] = Node(property.Value);
        }

        return entries;
    }
}
