using System.Text.Json;
using System.Text.Json.Nodes;

namespace WanSharp.Server.Comfy;

/// <summary>A graph of nodes in ComfyUI's API format. Immutable.</summary>
internal sealed class PromptGraph
{
    private const int MostNodes = 1000;

    private readonly Dictionary<string, GraphNode> _nodes;
    private readonly Dictionary<string, IReadOnlyList<string>> _links;
    private readonly Lazy<ILookup<string, string>> _behind;

    private PromptGraph(Dictionary<string, GraphNode> nodes, IReadOnlyList<string>? targets)
    {
        _nodes = nodes;
        Outputs =
        [
            .. nodes
                .Values.Where(node => node.Type?.IsSaver == true && (targets is null || targets.Contains(node.Id)))
                .Select(node => node.Id),
        ];
        _links = nodes.ToDictionary(node => node.Key, node => (IReadOnlyList<string>)[.. node.Value.Links().Distinct()]);
        _behind = new Lazy<ILookup<string, string>>(() =>
            Outputs
                .SelectMany(output => Behind([output]).Select(node => (Node: node, Output: output)))
                .ToLookup(one => one.Node, one => one.Output)
        );
        var used = Behind(Outputs);
        Used = [.. nodes.Values.Where(node => used.Contains(node.Id))];
    }

    /// <summary>The nodes that write the clip and are asked for.</summary>
    public IReadOnlyList<string> Outputs { get; }

    /// <summary>The nodes that these depend on, and they themselves: no other one changes anything.</summary>
    public IReadOnlyList<GraphNode> Used { get; }

    /// <summary>Reads a graph.</summary>
    /// <param name="prompt">The graph.</param>
    /// <param name="targets">The saving nodes that are asked for; null for all.</param>
    /// <exception cref="GraphException">It is none, or has nodes that are not understood.</exception>
    public static PromptGraph Read(JsonNode? prompt, IReadOnlyList<string>? targets)
    {
        if (prompt is not JsonObject { Count: > 0 and <= MostNodes } all)
        {
            throw new GraphException("no_prompt", "No prompt provided", $"Send a graph of 1 to {MostNodes} nodes as 'prompt'.");
        }

        var nodes = new Dictionary<string, GraphNode>(StringComparer.Ordinal);
        foreach (var (id, node) in all)
        {
            var type = (node as JsonObject)?["class_type"];
            if (type?.GetValueKind() != JsonValueKind.String || node!["inputs"] is not JsonObject inputs)
            {
                throw new GraphException(
                    "invalid_prompt",
                    "Cannot execute because a node is missing the class_type property or its inputs.",
                    $"Node ID '#{id}'. Export the graph with Export (API): the editor's own format is another."
                );
            }

            nodes[id] = new GraphNode(id, type.GetValue<string>(), inputs);
        }

        var graph = new PromptGraph(nodes, targets);
        var unknown = nodes.Values.Where(node => node.Type is null).ToList();
        if (unknown.Count > 0)
        {
            throw new GraphException(
                "missing_node_type",
                $"Node '{unknown[0].ClassType}' not found. This server makes clips of plain Wan graphs: /object_info lists its nodes.",
                $"Node ID '#{unknown[0].Id}'",
                graph,
                [.. unknown.Select(node => new GraphProblem(node.Id, "missing_node_type", "Node not found", $"'{node.ClassType}'"))]
            );
        }

        return graph.Outputs.Count > 0
            ? graph
            : throw new GraphException("prompt_no_outputs", "Prompt has no outputs", "Add a node that saves the clip: SaveVideo, say.");
    }

    public GraphNode? Find(string id) => _nodes.GetValueOrDefault(id);

    /// <summary>A node for messages.</summary>
    public string NameOf(string id) => Find(id) is { } node ? $"node {id} ({node.ClassType})" : $"node {id}";

    /// <summary>The saving nodes that depend on a node.</summary>
    public IReadOnlyList<string> OutputsBehind(string id) => [.. _behind.Value[id]];

    /// <summary>A value, or the one that a node holds for it; null where another node computes it.</summary>
    public JsonNode? ValueOf(GraphNode node, string input)
    {
        for (var depth = 0; depth < 32; depth++)
        {
            if (node.LinkOf(input) is not { } link)
            {
                return node.Inputs[input];
            }

            if (Find(link.Node) is not { Type.IsPrimitive: true } holder)
            {
                return null;
            }

            (node, input) = (holder, "value");
        }

        return null;
    }

    /// <summary>The nodes that are used, as a graph again.</summary>
    public string ToJson() =>
        new JsonObject(
            Used.Select(node =>
                KeyValuePair.Create(
                    node.Id,
                    (JsonNode?)new JsonObject { ["class_type"] = node.ClassType, ["inputs"] = node.Inputs.DeepClone() }
                )
            )
        ).ToJsonString();

    /// <summary>Some nodes and all that they depend on; each is looked at once.</summary>
    private HashSet<string> Behind(IReadOnlyList<string> nodes)
    {
        var (seen, open) = (new HashSet<string>(nodes), new Queue<string>(nodes));
        while (open.TryDequeue(out var id))
        {
            foreach (var link in (_links.GetValueOrDefault(id) ?? []).Where(seen.Add))
            {
                open.Enqueue(link);
            }
        }

        return seen;
    }
}
