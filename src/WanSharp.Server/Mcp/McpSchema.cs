using System.Text.Json.Nodes;
using WanSharp.Engine.Requests;

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
    public static IEnumerable<(string Name, JsonObject Schema)> Settings() => SettingFields.All.Select(field => (field.Name, Of(field)));

    private static JsonObject Of(SettingField field)
    {
        if (field.Range is { } range && !field.IsList)
        {
            var schema = new JsonObject
            {
                ["type"] = range.IsWhole ? "integer" : "number",
                ["minimum"] = range.Minimum,
                ["maximum"] = range.Maximum,
                ["description"] = field.Help,
            };
            if (range.ExcludesMinimum)
            {
                schema.Remove("minimum");
                schema["exclusiveMinimum"] = range.Minimum;
            }

            return schema;
        }

        return field.Choices.Count > 0 && !field.IsList
            ? Choice(field.Help, field.Choices)
            : Text(field.Example is { } example ? $"{field.Help} Such as {example}." : field.Help);
    }
}
