using System.Text.Json.Nodes;
using WanSharp.Jobs.Comfy;

namespace WanSharp.Jobs.Recipes;

/// <summary>A graph of ComfyUI's editor: the whole one, or a subgraph's definition.</summary>
internal sealed class EditorGraph
{
    /// <summary>The node that a link into a subgraph comes from.</summary>
    public const string InputId = "-10";

    private const string OutputId = "-20";

    private readonly JsonObject _json;
    private readonly Dictionary<string, (string Node, int Slot)> _links = new(StringComparer.Ordinal);
    private readonly Dictionary<int, (string Node, int Slot)> _outputs = [];

    public EditorGraph(JsonObject json)
    {
        _json = json;
        foreach (var link in json["links"].Items())
        {
            // [id, from, slot, to, slot, type], or the same with names
            var (id, from, slot, to, toSlot) = link is JsonArray { Count: >= 5 } array
                ? (array[0], array[1], array[2], array[3], array[4])
                : (link.At("id"), link.At("origin_id"), link.At("origin_slot"), link.At("target_id"), link.At("target_slot"));
            if (IdOf(id) is { } name && IdOf(from) is { } node && slot.Number() is >= 0 and < 1000 and var number)
            {
                _links[name] = (node, (int)number);
                if (IdOf(to) == OutputId && toSlot.Number() is >= 0 and < 1000 and var target)
                {
                    _outputs[(int)target] = (node, (int)number);
                }
            }
        }
    }

    /// <summary>The nodes.</summary>
    /// <param name="prefix">What stands before their ids.</param>
    /// <param name="instance">The node that this subgraph stands behind; null for the whole graph.</param>
    public IEnumerable<EditorNode> Nodes(string prefix, EditorNode? instance) =>
        from json in _json["nodes"].Items().OfType<JsonObject>()
        let id = IdOf(json["id"])
        let type = json["type"].Text()
        where id is not null && type is not null
        select new EditorNode(json, id, type, prefix, this, instance);

    /// <summary>Where a link comes from.</summary>
    public bool TryLink(string id, out string node, out int slot)
    {
        var known = _links.TryGetValue(id, out var from);
        (node, slot) = from;
        return known;
    }

    /// <summary>Where an output of a subgraph comes from.</summary>
    public bool TryOutput(int index, out string node, out int slot)
    {
        var known = _outputs.TryGetValue(index, out var from);
        (node, slot) = from;
        return known;
    }

    /// <summary>An id, which is a number or a text.</summary>
    public static string? IdOf(JsonNode? node) => node.Text() ?? (node.Number() is not null ? node!.ToJsonString() : null);
}
