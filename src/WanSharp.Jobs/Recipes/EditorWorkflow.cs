using System.Text.Json.Nodes;
using WanSharp.Jobs.Comfy;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Recipes;

/// <summary>
/// Turns a workflow as ComfyUI's editor saves it into what its server runs: widgets get names, links through reroutes, subgraphs, nodes
/// that set and get, and nodes that are bypassed are followed, and nodes that are muted are left out. Source: ComfyUI_frontend's
/// <c>graphToPrompt</c>.
/// </summary>
internal sealed class EditorWorkflow
{
    private const int Muted = 2;
    private const int Bypassed = 4;
    private const int Depth = 64;
    private const int MostNodes = 20_000;

    private readonly string _source;
    private readonly Dictionary<string, EditorNode> _nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, EditorGraph> _subgraphs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, EditorNode> _setters = new(StringComparer.Ordinal);

    /// <exception cref="InvalidRequestException">It has too many nodes.</exception>
    public EditorWorkflow(JsonObject json, string source)
    {
        _source = source;
        foreach (var graph in json["definitions"].At("subgraphs").Items().OfType<JsonObject>())
        {
            if (graph["id"].Text() is { } id)
            {
                _subgraphs[id] = new EditorGraph(graph);
            }
        }

        Add(new EditorGraph(json), prefix: "", instance: null, depth: 0);
    }

    /// <summary>The workflow in the format that the server runs.</summary>
    public JsonObject ToApi()
    {
        var api = new JsonObject();
        foreach (var node in _nodes.Values.Where(node => node.Mode is not (Muted or Bypassed) && !node.IsVirtual))
        {
            var inputs = new JsonObject();
            foreach (var (name, value) in node.Widgets())
            {
                inputs[name] = value?.DeepClone();
            }

            foreach (var input in node.Inputs)
            {
                if (ValueOf(node, input) is { } value)
                {
                    inputs[input.Name] = value;
                }
            }

            api[node.Id] = new JsonObject { ["class_type"] = node.Type, ["inputs"] = inputs };
        }

        return api.Count > 0 ? api : throw new InvalidRequestException("workflow", $"{_source} is a workflow without nodes that run.");
    }

    private void Add(EditorGraph graph, string prefix, EditorNode? instance, int depth)
    {
        foreach (var node in graph.Nodes(prefix, instance))
        {
            if (_nodes.Count >= MostNodes || depth > Depth)
            {
                throw new InvalidRequestException(
                    "workflow",
                    $"{_source} is a workflow with too many nodes, or subgraphs within each other."
                );
            }

            if (IsGroupNode(node) && node.Mode is not (Muted or Bypassed))
            {
                throw new InvalidRequestException(
                    "workflow",
                    $"{_source} has the group node '{node.Type}', whose nodes are not known here: convert it to nodes in ComfyUI, or save "
                        + "the workflow with Export (API)."
                );
            }

            _nodes[node.Id] = node;
            if (node.Type == "SetNode" && node.FirstWidget is { } name)
            {
                _setters[name] = node;
            }

            if (_subgraphs.TryGetValue(node.Type, out var inner))
            {
                node.Inner = inner;
                if (node.Mode is not (Muted or Bypassed))
                {
                    Add(inner, node.Id + ":", node, depth + 1);
                }
            }
        }
    }

    /// <summary>Whether a node stands for several, as ComfyUI's editor made them before it had subgraphs.</summary>
    private static bool IsGroupNode(EditorNode node) =>
        node.Type.StartsWith("workflow>", StringComparison.Ordinal) || node.Type.StartsWith("workflow/", StringComparison.Ordinal);

    /// <summary>What an input takes from elsewhere: a link, or a value; null when nothing leads to it.</summary>
    private JsonNode? ValueOf(EditorNode node, EditorInput input)
    {
        for (var depth = 0; depth < Depth; depth++)
        {
            if (input.Link is not { } link || !node.Graph.TryLink(link, out var from, out var slot))
            {
                return depth == 0 ? null : node.WidgetOf(input);
            }

            if (from == EditorGraph.InputId)
            {
                if (node.Instance is not { } instance || slot >= instance.Inputs.Count)
                {
                    return null;
                }

                (node, input) = (instance, instance.Inputs[slot]);
                continue;
            }

            if (!_nodes.TryGetValue(node.Prefix + from, out var origin))
            {
                return null;
            }

            switch (Pass(origin, slot))
            {
                case ({ } next, { } nextInput, _):
                    (node, input) = (next, nextInput);
                    continue;
                case ({ } end, null, var output):
                    return end.Type == "PrimitiveNode" ? end.FirstValue?.DeepClone() : new JsonArray(end.Id, output);
                default:
                    return null;
            }
        }

        return null;
    }

    /// <summary>Where an output of a node comes from: its own computation, or an input that it hands on.</summary>
    private (EditorNode? Node, EditorInput? Input, int Output) Pass(EditorNode origin, int slot)
    {
        for (var depth = 0; depth < Depth; depth++)
        {
            if (origin.Mode == Muted)
            {
                return default;
            }

            if (origin.Mode == Bypassed)
            {
                var type = origin.OutputType(slot);
                var same = origin.Inputs.Where(input => input.Type == type).ToList();
                var across = origin.Inputs.ElementAtOrDefault(slot) is { } facing && facing.Type == type ? facing : same.FirstOrDefault();
                return across is null ? default : (origin, across, slot);
            }

            if (origin.Inner is { } inner)
            {
                if (!inner.TryOutput(slot, out var from, out var fromSlot) || !_nodes.TryGetValue($"{origin.Id}:{from}", out var next))
                {
                    return default;
                }

                (origin, slot) = (next, fromSlot);
                continue;
            }

            if (origin.Type is "Reroute" or "SetNode" && origin.Inputs.Count > 0)
            {
                return (origin, origin.Inputs[0], slot);
            }

            if (origin.Type == "GetNode")
            {
                return origin.FirstWidget is { } name && _setters.TryGetValue(name, out var setter) && setter.Inputs.Count > 0
                    ? (setter, setter.Inputs[0], 0)
                    : default;
            }

            return (origin, null, slot);
        }

        return default;
    }
}
