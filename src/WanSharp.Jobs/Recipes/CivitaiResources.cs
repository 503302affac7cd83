using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using WanSharp.Jobs.Comfy;
using static System.FormattableString;

namespace WanSharp.Jobs.Recipes;

/// <summary>
/// What Civitai notes of the files that it made a picture or clip with, behind the settings:
/// <c>Civitai resources: [{"type":"lora", …}]</c>. Its own pictures name their LoRAs nowhere else.
/// </summary>
internal static class CivitaiResources
{
    private const string Name = "Civitai resources:";
    private const string MetadataName = "Civitai metadata:";

    /// <summary>The line of settings without the notes.</summary>
    /// <param name="line">The line.</param>
    /// <param name="draft">Receives what the clip was made with.</param>
    /// <param name="model">The checkpoint's name; null where none is noted.</param>
    public static string Take(string line, RecipeDraft draft, out string? model)
    {
        model = null;
        line = Without(line, MetadataName, out _, out _);
        line = Without(line, Name, out var resources, out var isThere);
        if (isThere && resources is not JsonArray)
        {
            draft.Miss("Civitai resources, which cannot be read: they may name LoRAs");
        }

        foreach (var one in resources.Items().OfType<JsonObject>())
        {
            var type = (one["type"].Text() ?? TypeIn(one["air"].Text()) ?? "file").ToLowerInvariant();
            if (type is "checkpoint" or "model")
            {
                model ??= one["modelName"].Text();
                continue;
            }

            var weight = RecipeValues.Number(one["weight"]) ?? RecipeValues.Number(one["strength"]) ?? 1;
            var toDo = type is "embedding" or "textualinversion"
                ? "learned words cannot be given here"
                : Invariant($"get its file and give it with --lora FILE:{weight}");
            draft.Miss(Invariant($"the {type} {Called(one)} of Civitai with a weight of {weight}: {toDo}"));
        }

        return line;
    }

    private static string Called(JsonObject one)
    {
        var name = string.Join(
            ' ',
            new[] { one["modelName"].Text(), one["modelVersionName"].Text() ?? one["versionName"].Text() }.OfType<string>()
        );
        var version = one["modelVersionId"]?.ToString();
        return name.Length == 0 ? $"{version ?? one["air"].Text() ?? "without a name"}"
            : version is null ? $"\"{name}\""
            : $"\"{name}\" (version {version})";
    }

    /// <summary>The type in a name such as <c>urn:air:wanvideo:lora:civitai:1302719@1833157</c>.</summary>
    private static string? TypeIn(string? air) => air?.Split(':') is [_, _, _, var type, ..] ? type : null;

    /// <summary>A line without one of its members, whose value is JSON.</summary>
    private static string Without(string line, string name, out JsonNode? value, out bool isThere)
    {
        (value, var at) = (null, line.IndexOf(name, StringComparison.OrdinalIgnoreCase));
        isThere = at >= 0;
        if (!isThere)
        {
            return line;
        }

        var start = at + name.Length;
        var bytes = Encoding.UTF8.GetBytes(line[start..]);
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = 16 });
        try
        {
            value = JsonNode.Parse(ref reader);
            start += Encoding.UTF8.GetCharCount(bytes.AsSpan(0, (int)reader.BytesConsumed));
        }
        catch (JsonException)
        {
            start = line.Length; // what follows cannot be told from it
        }

        return line[..at].TrimEnd(' ', ',') + line[start..];
    }
}
