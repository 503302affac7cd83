using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Tensors;

namespace WanSharp.Tools.Optimize;

/// <summary>A way as a preset of the user's.</summary>
public static class SavedPreset
{
    // What tells presets that may be replaced from those that somebody wrote.
    private const string Mark = "wan optimize: ";

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>Whether <c>wan optimize</c> wrote a preset.</summary>
    public static bool IsOurs(Preset preset)
    {
        ArgumentNullException.ThrowIfNull(preset);
        return preset.About.StartsWith(Mark, StringComparison.Ordinal);
    }

    /// <summary>Checks before anything is measured that a preset can be saved.</summary>
    /// <param name="folder">The user's configuration folder.</param>
    /// <param name="name">The preset's name.</param>
    /// <exception cref="InvalidRequestException">Another preset has the name, or the file has comments, which would be lost.</exception>
    public static void RequireWritable(string folder, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var file = Path.Combine(folder, PresetCatalog.FileName);
        if (name.Length == 0 || name.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
        {
            throw new InvalidRequestException("save", $"'{name}' is not a name: it is not empty, and has no spaces.");
        }

        var known = File.Exists(file) ? PresetCatalog.Load([file]) : PresetCatalog.Shipped;
        if (known.All.TryGetValue(name, out var other) && !IsOurs(other))
        {
            throw new InvalidRequestException(
                "save",
                $"There is a preset '{name}' that wan optimize did not write: give another name to --save."
            );
        }

        if (File.Exists(file) && HasComments(File.ReadAllBytes(file)))
        {
            throw new InvalidRequestException(
                "save",
                $"{file} has comments, which would be lost: move it next to the model, or give --save none."
            );
        }
    }

    /// <summary>Saves a way as a preset, in place of one of the same name.</summary>
    /// <param name="folder">The user's configuration folder.</param>
    /// <param name="name">The preset's name.</param>
    /// <param name="model">The name of the model that it is for.</param>
    /// <param name="way">The way.</param>
    /// <param name="about">What it was measured at.</param>
    /// <returns>The file.</returns>
    public static string Save(string folder, string name, string model, SavedWay way, string about)
    {
        ArgumentNullException.ThrowIfNull(way);
        var file = Path.Combine(folder, PresetCatalog.FileName);
        var presets = File.Exists(file)
            ? JsonNode.Parse(File.ReadAllBytes(file), documentOptions: new JsonDocumentOptions { AllowTrailingCommas = true })!.AsObject()
            : [];
        var form = new JsonObject { ["settings"] = SettingsOf(way.Settings) };
        if (way.Precision != Precision.Full)
        {
            form["precision"] = way.Precision;
        }

        foreach (
            var old in presets.Select(preset => preset.Key).Where(key => key.Equals(name, StringComparison.OrdinalIgnoreCase)).ToList()
        )
        {
            presets.Remove(old);
        }

        presets[name] = new JsonObject
        {
            ["about"] = Mark + about,
            ["models"] = new JsonObject { [model] = form },
        };
        Directory.CreateDirectory(folder);
        AtomicFile.Write(file, Encoding.UTF8.GetBytes(presets.ToJsonString(Json) + "\n"));
        return file;
    }

    private static JsonObject SettingsOf(ClipSettings settings)
    {
        var all = JsonSerializer.SerializeToNode(settings)!.AsObject();
        foreach (var empty in all.Where(setting => setting.Value is null).Select(setting => setting.Key).ToList())
        {
            all.Remove(empty);
        }

        return all;
    }

    private static bool HasComments(byte[] json)
    {
        var reader = new Utf8JsonReader(
            json,
            new JsonReaderOptions { CommentHandling = JsonCommentHandling.Allow, AllowTrailingCommas = true }
        );
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.Comment)
            {
                return true;
            }
        }

        return false;
    }
}
