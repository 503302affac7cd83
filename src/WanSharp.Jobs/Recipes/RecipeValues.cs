using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using WanSharp.Jobs.Comfy;

namespace WanSharp.Jobs.Recipes;

/// <summary>Values in other programs' settings, which may be numbers or texts.</summary>
internal static class RecipeValues
{
    private const int Longest = 60;

    /// <summary>A number; null for anything else.</summary>
    public static double? Number(JsonNode? value) =>
        value.Number()
        ?? (
            double.TryParse(value.Text(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
                ? number
                : null
        );

    /// <summary>Whether a value says nothing.</summary>
    public static bool IsEmpty(JsonNode? value) =>
        value switch
        {
            null => true,
            JsonArray array => array.All(IsEmpty),
            JsonObject members => members.Count == 0,
            _ => value.GetValueKind() switch
            {
                JsonValueKind.False or JsonValueKind.Null => true,
                JsonValueKind.String => value.GetValue<string>() is "" or "0" or "none" or "None" or "disabled" or "#",
                JsonValueKind.Number => value.GetValue<double>() is 0 or -1,
                _ => false,
            },
        };

    /// <summary>A value, cut when it is long.</summary>
    public static string Short(JsonNode? value) =>
        value?.ToJsonString() is { } text ? (text.Length > Longest ? text[..Longest] + "…" : text) : "null";
}
