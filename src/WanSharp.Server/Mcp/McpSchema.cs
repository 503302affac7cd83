using System.Text.Json.Nodes;
using WanSharp.Engine.Requests;
using WanSharp.Server.Videos;

namespace WanSharp.Server.Mcp;

/// <summary>What tools take, as JSON schemas.</summary>
internal static class McpSchema
{
    /// <summary>An object with some members.</summary>
    public static JsonObject Of(IEnumerable<(string Name, JsonObject Schema)> members, params string[] required) =>
        new()
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(members.Select(member => KeyValuePair.Create(member.Name, (JsonNode?)member.Schema))),
            ["required"] = new JsonArray([.. required.Select(name => JsonValue.Create(name))]),
            ["additionalProperties"] = false,
        };

    public static JsonObject Text(string description) => new() { ["type"] = "string", ["description"] = description };

    public static JsonObject Flag(string description) => new() { ["type"] = "boolean", ["description"] = description };

    public static JsonObject Number(string description, int least, int most) =>
        new()
        {
            ["type"] = "integer",
            ["minimum"] = least,
            ["maximum"] = most,
            ["description"] = description,
        };

    /// <summary>One of some words.</summary>
    public static JsonObject Choice(string description, IEnumerable<string> choices) =>
        new()
        {
            ["type"] = "string",
            ["enum"] = new JsonArray([.. choices.Select(choice => JsonValue.Create(choice))]),
            ["description"] = description,
        };

    /// <summary>All settings of a clip.</summary>
    public static IEnumerable<(string Name, JsonObject Schema)> Settings() =>
        SettingFields.All.Select(field => (field.Name, SettingSchema.Of(field, asText: false)));
}
