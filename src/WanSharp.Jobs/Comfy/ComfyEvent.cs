using System.Text.Json.Nodes;

namespace WanSharp.Jobs.Comfy;

/// <summary>A message of a server.</summary>
/// <param name="Type">What happened: <c>executing</c>, <c>progress</c>, <c>execution_error</c> ….</param>
/// <param name="Data">Its details.</param>
internal sealed record ComfyEvent(string Type, JsonNode? Data)
{
    /// <summary>The job that it is about; null for all others.</summary>
    public string? PromptId => Data.At("prompt_id").Text();

    /// <summary>The node that it is about.</summary>
    public string? Node => Data.At("node").Text() ?? Data.At("node_id").Text();
}
