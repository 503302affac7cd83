using System.Text.Json.Nodes;

namespace WanSharp.Server.Comfy;

/// <summary>A prompt that is not taken, as ComfyUI says it.</summary>
/// <param name="type">What kind of error.</param>
/// <param name="message">The kind as a sentence.</param>
/// <param name="details">What exactly.</param>
/// <param name="graph">The graph, as far as it could be read; null where there is none.</param>
/// <param name="problems">Which nodes are wrong.</param>
internal sealed class GraphException(
    string type,
    string message,
    string details = "",
    PromptGraph? graph = null,
    IReadOnlyList<GraphProblem>? problems = null
) : Exception(message)
{
    /// <summary>One whose nodes are wrong.</summary>
    public static GraphException Of(PromptGraph graph, IReadOnlyList<GraphProblem> problems) =>
        new(
            "prompt_outputs_failed_validation",
            "Prompt outputs failed validation",
            $"{graph.NameOf(problems[0].Node)}: {problems[0].Details}",
            graph,
            problems
        );

    /// <summary>The body of the answer.</summary>
    public JsonObject ToJson() =>
        new()
        {
            ["error"] = new JsonObject
            {
                ["type"] = type,
                ["message"] = Message,
                ["details"] = details,
                ["extra_info"] = new JsonObject(),
            },
            ["node_errors"] = new JsonObject((problems ?? []).GroupBy(problem => problem.Node).Select(NodeErrors)),
        };

    private KeyValuePair<string, JsonNode?> NodeErrors(IGrouping<string, GraphProblem> node) =>
        new(
            node.Key,
            new JsonObject
            {
                ["errors"] = new JsonArray([.. node.Select(problem => problem.ToJson())]),
                ["dependent_outputs"] = new JsonArray([
                    .. (graph?.OutputsBehind(node.Key) ?? []).Select(output => JsonValue.Create(output)),
                ]),
                ["class_type"] = graph?.Find(node.Key)?.ClassType ?? "",
            }
        );
}
