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
    public string? LinkOf(string input) => Link(Inputs[input])?.Node;

    /// <summary>Which output of that node an input is linked to; 0 for a value.</summary>
    public int OutputOf(string input) => Link(Inputs[input])?.Output ?? 0;

    /// <summary>Whether an input has a plain value.</summary>
    public bool HasValue(string input) => Inputs[input] is JsonValue;

    /// <summary>All nodes that this one takes something from.</summary>
    public IEnumerable<string> Links() => Inputs.Select(input => LinkOf(input.Key)).OfType<string>();

    /// <inheritdoc/>
    public override string ToString() => $"node {Id} ({ClassType})";

    private static (string Node, int Output)? Link(JsonNode? value) =>
        value is JsonArray { Count: 2 } link && link[0].Text() is { } node && link[1]?.GetValueKind() == JsonValueKind.Number
            ? (node, link[1]!.AsValue().TryGetValue<int>(out var output) ? output : 0)
            : null;
}
