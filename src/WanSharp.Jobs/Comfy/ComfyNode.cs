using System.Text.Json;
using System.Text.Json.Nodes;

namespace WanSharp.Jobs.Comfy;

/// <summary>A node of a workflow.</summary>
/// <param name="Id">Its id.</param>
/// <param name="ClassType">What it is.</param>
/// <param name="Inputs">Its inputs: values, or links to other nodes' outputs.</param>
internal sealed record ComfyNode(string Id, string ClassType, JsonObject Inputs)
{
    /// <summary>The id of the node that an input is linked to; null for a value.</summary>
    public string? LinkOf(string input) => IsLink(Inputs[input], out var id) ? id : null;

    /// <summary>Whether an input has a value of its own.</summary>
    public bool HasValue(string input) => Inputs[input] is JsonValue;

    /// <summary>All nodes that this one takes something from.</summary>
    public IEnumerable<string> Links() => Inputs.Select(input => LinkOf(input.Key)).OfType<string>();

    private static bool IsLink(JsonNode? value, out string? id)
    {
        id = value is JsonArray { Count: 2 } link && link[0]?.GetValueKind() == JsonValueKind.String && link[1]?.GetValueKind() == JsonValueKind.Number
            ? link[0]!.GetValue<string>()
            : null;
        return id is not null;
    }
}
