using System.Text.Json.Nodes;

namespace WanSharp.Jobs.Comfy;

/// <summary>Why a server refused a workflow or a part of it, in a line. Answers: ComfyUI execution.py, <c>validate_prompt</c>.</summary>
internal static class ComfyRefusal
{
    /// <summary>Why a workflow was refused: the first node's error says more than the summary.</summary>
    public static string Of(JsonObject answer, JsonObject nodes) =>
        Errors(answer).Select(node => Line(node.Key, node.Value, nodes)).FirstOrDefault(line => line is not null)
        ?? answer.At("error").Text()
        ?? Message(answer.At("error"));

    /// <summary>
    /// Why a workflow that was taken will not give its clip: a server runs the outputs that are valid, and names the errors of the others.
    /// </summary>
    /// <param name="answer">The answer.</param>
    /// <param name="nodes">The workflow.</param>
    /// <param name="output">The node that gives the clip; null for any.</param>
    /// <returns>The reason; null when the clip is not concerned.</returns>
    public static string? OfOutput(JsonObject answer, JsonObject nodes, string? output) =>
        Errors(answer)
            .Where(node =>
                output is null || node.Key == output || node.Value.At("dependent_outputs").Items().Any(id => id.Text() == output)
            )
            .Select(node => Line(node.Key, node.Value, nodes) ?? $"node {node.Key} is not valid.")
            .FirstOrDefault();

    private static IEnumerable<KeyValuePair<string, JsonNode?>> Errors(JsonObject answer) => answer.At("node_errors").Members();

    private static string? Line(string id, JsonNode? node, JsonObject nodes) =>
        node.At("errors").Items().FirstOrDefault() is { } error
            ? $"node {id} ({node.At("class_type").Text() ?? nodes[id].At("class_type").Text()}): {Message(error)}"
            : null;

    private static string Message(JsonNode? error) =>
        (error.At("message").Text(), error.At("details").Text()) switch
        {
            (null, _) => "it does not say why.",
            (var message, { Length: > 0 } details) => $"{message}: {details}",
            var (message, _) => message,
        };
}
