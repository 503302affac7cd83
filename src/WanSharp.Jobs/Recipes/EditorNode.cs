using System.Text.Json.Nodes;
using WanSharp.Jobs.Comfy;

namespace WanSharp.Jobs.Recipes;

/// <summary>A node of ComfyUI's editor.</summary>
internal sealed class EditorNode
{
    private static readonly string[] Controls = ["fixed", "increment", "decrement", "randomize", "increment-wrap"];
    private static readonly string[] VirtualTypes = ["Note", "MarkdownNote", "Reroute", "PrimitiveNode", "GetNode", "SetNode"];

    private readonly JsonObject _json;

    public EditorNode(JsonObject json, string id, string type, string prefix, EditorGraph graph, EditorNode? instance)
    {
        (_json, Id, Type, Prefix, Graph, Instance) = (json, prefix + id, type, prefix, graph, instance);
        Mode = (int)Math.Clamp(json["mode"].Number() ?? 0, 0, 100);
        Inputs =
        [
            .. json["inputs"]
                .Items()
                .Where(input => input.At("name").Text() is not null)
                .Select(input => new EditorInput(
                    input.At("name").Text()!,
                    input.At("type").Text(),
                    EditorGraph.IdOf(input.At("link")),
                    input.At("widget") is JsonObject
                )),
        ];
    }

    /// <summary>Its id, with those of the subgraphs around it.</summary>
    public string Id { get; }

    /// <summary>What it is: a class, or a subgraph's id.</summary>
    public string Type { get; }

    /// <summary>What stands before the ids of its graph.</summary>
    public string Prefix { get; }

    /// <summary>The graph that it is in.</summary>
    public EditorGraph Graph { get; }

    /// <summary>The node that stands for its graph; null in the whole graph.</summary>
    public EditorNode? Instance { get; }

    /// <summary>The subgraph that it stands for; null for none.</summary>
    public EditorGraph? Inner { get; set; }

    /// <summary>Whether it runs: 0; muted 2; bypassed 4.</summary>
    public int Mode { get; }

    /// <summary>Its inputs.</summary>
    public IReadOnlyList<EditorInput> Inputs { get; }

    /// <summary>Whether it is there for the editor only.</summary>
    public bool IsVirtual => Inner is not null || VirtualTypes.Contains(Type);

    /// <summary>The first of its values.</summary>
    public JsonNode? FirstValue => _json["widgets_values"].Items().FirstOrDefault();

    /// <summary>The first of its values, as text.</summary>
    public string? FirstWidget => FirstValue.Text();

    /// <summary>What an output gives.</summary>
    public string? OutputType(int slot) => _json["outputs"].Items().ElementAtOrDefault(slot).At("type").Text();

    /// <summary>The value of an input of a subgraph's node that nothing is linked to.</summary>
    public JsonNode? WidgetOf(EditorInput input) =>
        input.IsWidget && Widgets().FirstOrDefault(widget => widget.Name == input.Name) is { Name: not null } widget
            ? widget.Value?.DeepClone()
            : null;

    /// <summary>
    /// Its values with their names: as the node lists them itself, or in the order of the node's class. A node of neither kind has none.
    /// </summary>
    public IEnumerable<(string Name, JsonNode? Value)> Widgets()
    {
        if (_json["widgets_values"] is JsonObject named)
        {
            return named.Where(value => value.Value is JsonValue).Select(value => (value.Key, value.Value));
        }

        if (_json["widgets_values"] is not JsonArray values)
        {
            return [];
        }

        var listed = Inputs.Where(input => input.IsWidget).Select(input => input.Name).ToList();
        var known = EditorWidgets.Of(Type);
        var names = known is not null && known.Count >= listed.Count ? known : listed;
        return Inner is null && names.Count == 0 ? Objects(values) : Zip(names, values);
    }

    /// <summary>Values that say themselves what they are, such as rgthree's LoRAs.</summary>
    private static IEnumerable<(string Name, JsonNode? Value)> Objects(JsonArray values) =>
        values.Select((value, index) => (Name: $"value_{index}", Value: value)).Where(one => one.Value is JsonObject);

    /// <summary>After a seed the editor keeps what it does with it.</summary>
    private static IEnumerable<(string Name, JsonNode? Value)> Zip(IReadOnlyList<string> names, JsonArray values)
    {
        var at = 0;
        foreach (var name in names)
        {
            if (at >= values.Count)
            {
                yield break;
            }

            yield return (name, values[at++]);
            if (
                at < values.Count
                && values[at].Text() is { } control
                && Controls.Contains(control)
                && IsNumber(values[at - 1])
                && !names.Contains("control_after_generate")
            )
            {
                at++;
            }
        }
    }

    private static bool IsNumber(JsonNode? value) => value.Number() is not null;
}
