using System.Text.Json.Nodes;
using WanSharp.Engine.Requests;
using WanSharp.Server.Http;

namespace WanSharp.Server.Videos;

/// <summary>A clip's settings as JSON Schema, for whoever asks in whichever way.</summary>
internal static class SettingSchema
{
    /// <summary>A setting, with all forms in which it is taken.</summary>
    /// <param name="field">The setting.</param>
    /// <param name="asText">Whether numbers come as text, too, as in forms.</param>
    public static JsonObject Of(SettingField field, bool asText)
    {
        var help = ClientText.Of(field.Help);
        var schema = new JsonObject
        {
            ["type"] = Types(field, asText),
            ["description"] = field.Example is { } example ? $"{help} Such as {example}." : help,
        };
        if (field.IsList)
        {
            schema["items"] = new JsonObject { ["type"] = new JsonArray("string", "number") };
        }
        else if (field.Range is { } range)
        {
            schema[range.ExcludesMinimum ? "exclusiveMinimum" : "minimum"] = range.Minimum;
            schema["maximum"] = range.Maximum;
        }
        else if (field.Choices.Count > 0)
        {
            schema["enum"] = new JsonArray([.. field.Choices.Select(choice => (JsonNode)choice)]);
        }

        return schema;
    }

    private static JsonNode Types(SettingField field, bool asText)
    {
        var number = field.Range?.IsWhole == true ? "integer" : "number";
        return field.IsList ? new JsonArray("string", "array")
            : field.Range is null ? "string"
            : asText ? new JsonArray(number, "string")
            : number;
    }
}
