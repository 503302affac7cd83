using System.Text.Json;
using System.Text.Json.Nodes;
using WanSharp.Jobs;
using WanSharp.Server.Contract;

namespace WanSharp.Server.Comfy;

/// <summary>A prompt as a client sent it: kept with its job.</summary>
/// <param name="Prompt">The graph.</param>
/// <param name="ExtraData">What the client keeps with it.</param>
/// <param name="ClientId">Who follows it; null for everybody.</param>
/// <param name="Outputs">The nodes that save the clip.</param>
/// <param name="IsFirst">Whether it was asked for before those that waited.</param>
internal sealed record PromptRecord(JsonObject Prompt, JsonObject ExtraData, string? ClientId, IReadOnlyList<string> Outputs, bool IsFirst)
{
    private const string PromptName = "prompt";
    private const string ExtraName = "extra_data";
    private const string ClientName = "client_id";
    private const string OutputsName = "outputs";
    private const string FirstName = "front";

    /// <summary>The prompt of a job; null for a job that came another way.</summary>
    public static PromptRecord? Of(Job job)
    {
        if (VideoDetails.FromJson(job.Details)?.Workflow is not { } text)
        {
            return null;
        }

        var json = JsonNode.Parse(text)!;
        return new PromptRecord(
            json[PromptName]!.AsObject(),
            json[ExtraName]!.AsObject(),
            json[ClientName]?.GetValue<string>(),
            [.. json[OutputsName]!.AsArray().Select(id => id!.GetValue<string>())],
            json[FirstName]!.GetValue<bool>()
        );
    }

    public string ToJson() =>
        new JsonObject
        {
            [PromptName] = Prompt.DeepClone(),
            [ExtraName] = ExtraData.DeepClone(),
            [ClientName] = ClientId,
            [OutputsName] = new JsonArray([.. Outputs.Select(id => JsonValue.Create(id))]),
            [FirstName] = IsFirst,
        }.ToJsonString();

    /// <summary>The class of a node.</summary>
    public string ClassOf(string node) =>
        Prompt[node]?["class_type"] is { } type && type.GetValueKind() == JsonValueKind.String ? type.GetValue<string>() : "";

    /// <summary>The node whose class has a word in its name: the sampler, the decoder.</summary>
    public string? NodeWith(string word) =>
        Prompt
            .FirstOrDefault(node =>
                ClassOf(node.Key).Contains(word, StringComparison.Ordinal)
                && !ClassOf(node.Key).EndsWith("Select", StringComparison.Ordinal)
            )
            .Key;
}
