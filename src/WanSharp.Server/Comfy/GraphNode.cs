using System.Text.Json;
using System.Text.Json.Nodes;

namespace WanSharp.Server.Comfy;

/// <summary>A node of a graph.</summary>
/// <param name="Id">Its id.</param>
/// <param name="ClassType">Its class.</param>
/// <param name="Inputs">Its inputs: values, or links to outputs of other nodes.</param>
internal sealed record GraphNode(string Id, string ClassType, JsonObject Inputs)
{
    /// <summary>What it is, if that is understood.</summary>
    public NodeType? Type { get; } = NodeCatalog.Find(ClassType);

    /// <summary>The output of another node that an input takes; null for a value.</summary>
    public (string Node, int Slot)? LinkOf(string input) =>
        Inputs[input] is JsonArray { Count: 2 } link
        && link[0] is JsonValue id
        && id.GetValueKind() == JsonValueKind.String
        && link[1] is JsonValue slot
        && slot.GetValueKind() == JsonValueKind.Number
        && slot.TryGetValue<int>(out var number)
            ? (id.GetValue<string>(), number)
            : null;

    /// <summary>The nodes that it takes something from.</summary>
    public IEnumerable<string> Links() => Inputs.Select(input => LinkOf(input.Key)?.Node).OfType<string>();
}
