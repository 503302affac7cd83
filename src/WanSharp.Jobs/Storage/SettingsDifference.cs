using System.Text.Json;
using System.Text.Json.Nodes;

namespace WanSharp.Jobs.Storage;

/// <summary>Compares settings of clips as they are stored in them and in jobs.</summary>
internal static class SettingsDifference
{
    /// <summary>Settings that name who made a clip, and how, but not which clip it is.</summary>
    private static readonly string[] Incidental = ["version", "model", "reused", "execution"];

    /// <summary>
    /// The first setting in which two lines of JSON differ; null when what both say is the same. What only one of them says is of
    /// another version.
    /// </summary>
    public static string? Find(string? one, string? other)
    {
        if (Parse(one) is not { } left || Parse(other) is not { } right)
        {
            return null;
        }

        if (Precision(left) is { } before && Precision(right) is { } after && before != after)
        {
            return "precision";
        }

        foreach (var (name, value) in left)
        {
            if (!Incidental.Contains(name) && right.TryGetPropertyValue(name, out var now) && !JsonNode.DeepEquals(value, now))
            {
                return name;
            }
        }

        return null;
    }

    /// <summary>Whether a clip says that it has the settings of a job: all that both say, among it the prompt and the seed.</summary>
    public static bool AreOf(string? clip, string? job) =>
        Parse(clip) is { } says
        && says.ContainsKey("prompt")
        && says.ContainsKey("seed")
        && Parse(job) is not null
        && Find(clip, job) is null;

    /// <summary>Of what computes a clip the only part that can be seen in it.</summary>
    private static string? Precision(JsonObject settings) =>
        ((settings["execution"] as JsonObject)?["precision"] as JsonValue)?.TryGetValue<string>(out var name) == true
            ? name == "float32"
                ? "fp32"
                : name
            : null;

    private static JsonObject? Parse(string? json)
    {
        try
        {
            return json is null ? null : JsonNode.Parse(json) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
