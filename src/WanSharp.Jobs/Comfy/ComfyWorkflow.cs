using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Comfy;

/// <summary>A workflow in ComfyUI's API format: nodes by id, each with its class and inputs. Immutable.</summary>
public sealed class ComfyWorkflow
{
    private const long MaximumBytes = 16 << 20;
    private const string Field = "workflow";

    private readonly JsonObject _nodes;
    private readonly ConcurrentDictionary<string, WorkflowGuess> _guesses = new();

    private ComfyWorkflow(string source, JsonObject nodes)
    {
        (Source, _nodes) = (source, nodes);
        Nodes = nodes.ToDictionary(
            node => node.Key,
            node => new ComfyNode(node.Key, node.Value!["class_type"]!.GetValue<string>(), node.Value["inputs"]!.AsObject())
        );
    }

    /// <summary>The file that it was read from.</summary>
    public string Source { get; }

    internal IReadOnlyDictionary<string, ComfyNode> Nodes { get; }

    /// <summary>Reads a workflow that ComfyUI exported with <c>Export (API)</c>.</summary>
    /// <exception cref="InvalidRequestException">There is no such file, or it is not such a workflow.</exception>
    public static ComfyWorkflow Load(string path) => Parse(ComfyFile.Read(path, Field, MaximumBytes), path);

    /// <summary>Reads a workflow's text.</summary>
    /// <param name="json">The workflow, by itself or as the <c>prompt</c> of a request.</param>
    /// <param name="source">Where it is from, for messages.</param>
    /// <exception cref="InvalidRequestException">It is not a workflow in API format.</exception>
    public static ComfyWorkflow Parse(string json, string source)
    {
        var root = ComfyFile.Parse(json, source, Field);
        if (root["nodes"] is JsonArray)
        {
            throw new InvalidRequestException(
                Field,
                $"{source} is a workflow saved by ComfyUI's editor: in the editor, choose "
                    + "Workflow, then Export (API), and use that file."
            );
        }

        var nodes = root["prompt"] is JsonObject prompt && prompt["class_type"] is null ? prompt : root;
        foreach (var (id, node) in nodes)
        {
            if (node is not JsonObject || node["class_type"]?.GetValueKind() != JsonValueKind.String || node["inputs"] is not JsonObject)
            {
                throw new InvalidRequestException(
                    Field,
                    $"{source} is not a workflow in API format: node {id} has no class_type or no inputs."
                );
            }
        }

        return nodes.Count > 0
            ? new ComfyWorkflow(source, WithoutTitles(nodes))
            : throw new InvalidRequestException(Field, $"{source} is a workflow without nodes.");
    }

    /// <summary>The workflow's text, without titles: <see cref="Parse"/> reads it again.</summary>
    public string ToJson() => _nodes.ToJsonString();

    /// <summary>A copy of the nodes, to be filled in.</summary>
    internal JsonObject Copy() => _nodes.DeepClone().AsObject();

    /// <summary>What its links say.</summary>
    /// <param name="output">The node that gives the clip; null to find it.</param>
    internal WorkflowGuess GuessFor(string? output) => _guesses.GetOrAdd(output ?? "", _ => new WorkflowGuess(this, output));

    /// <summary>A node for messages: <c>node 3 (KSampler)</c>.</summary>
    internal string NameOf(string node) => Nodes.TryGetValue(node, out var known) ? $"node {node} ({known.ClassType})" : $"node {node}";

    /// <summary>Titles change no clip, so they are in no key.</summary>
    private static JsonObject WithoutTitles(JsonObject nodes)
    {
        var copy = nodes.DeepClone().AsObject();
        foreach (var (_, node) in copy)
        {
            node!.AsObject().Remove("_meta");
        }

        return copy;
    }
}
