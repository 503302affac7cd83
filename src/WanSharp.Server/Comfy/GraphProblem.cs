using System.Text.Json.Nodes;

namespace WanSharp.Server.Comfy;

/// <summary>Why a node of a graph cannot be followed.</summary>
/// <param name="Node">The node's id.</param>
/// <param name="Type">What kind of problem, as ComfyUI calls it; <c>not_supported</c> for what only ComfyUI itself does.</param>
/// <param name="Message">The kind as a sentence.</param>
/// <param name="Details">What exactly, and the way out.</param>
/// <param name="Input">The input; null for the whole node.</param>
internal sealed record GraphProblem(string Node, string Type, string Message, string Details, string? Input = null)
{
    public static GraphProblem NotSupported(string node, string details, string? input = null) =>
        new(node, "not_supported", "This server cannot make the clip that this asks for", details, input);

    public JsonObject ToJson() =>
        new()
        {
            ["type"] = Type,
            ["message"] = Message,
            ["details"] = Details,
            ["extra_info"] = Input is null ? [] : new JsonObject { ["input_name"] = Input },
        };
}
