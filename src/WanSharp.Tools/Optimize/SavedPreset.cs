using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Hosting;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Tools.Optimize;

/// <summary>A way as a preset of the user's.</summary>
public static class SavedPreset
{
    // What tells presets that may be replaced from those that somebody wrote.
    private const string Mark = "wan optimize: ";

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Whether <c>wan optimize</c> wrote a preset.</summary>
    public static bool IsOurs(Preset preset)
    {
        ArgumentNullException.ThrowIfNull(preset);
        return preset.About.StartsWith(Mark, StringComparison.Ordinal);
    }

    /// <summary>A way as it is written: a preset names no other, so what the one that the way takes says is in it.</summary>
    /// <param name="way">The way.</param>
    /// <param name="precision">What networks computed in.</param>
    /// <param name="presets">The presets that the way may take.</param>
    /// <param name="model">The model.</param>
    internal static PresetForm FormOf(Way way, Precision precision, PresetChoice presets, WanModel model)
    {
        var settings = way.Settings(new ClipSettings());
        var form = settings.Preset is { } name ? presets.FormOf(name, model) : new PresetForm();
        settings = settings with { Preset = null };
        return form with
        {
            Settings = SettingFields.Fill(settings, form.Settings),
            Loras = [.. form.Loras.Select(loras => loras with { Settings = SettingFields.Fill(settings, loras.Settings) })],
            Precision = precision.Name, // other devices choose another by themselves, which was not measured
        };
    }

    /// <summary>Checks before anything is measured that a preset can be saved.</summary>
    /// <param name="folder">The user's configuration folder.</param>
    /// <param name="name">The preset's name.</param>
    /// <exception cref="InvalidRequestException">Another preset has the name, or the file has comments, which would be lost.</exception>
    /// <exception cref="InvalidDataException">The file is not a list of presets.</exception>
    public static void RequireWritable(string folder, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var file = Path.Combine(folder, PresetCatalog.FileName);
        if (name.Length == 0 || name.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
        {
            throw new InvalidRequestException("save", $"'{name}' is not a name: it is not empty, and has no spaces.");
        }

        var known = File.Exists(file) ? PresetCatalog.Load([file]) : PresetCatalog.Shipped;
        if (
            known.FindByAnyName(name) is { } other
            && !(IsOurs(other.Preset) && other.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        )
        {
            throw new InvalidRequestException(
                "save",
                $"There is a preset '{name}' that wan optimize did not write: give another name to --save."
            );
        }

        if (File.Exists(file) && HasComments(PlainFile.ReadAllBytes(file)))
        {
            throw new InvalidRequestException(
                "save",
                $"{file} has comments, which would be lost: move it next to the model, or give --save none."
            );
        }
    }

    /// <summary>Saves a way as a preset, in place of one of the same name. What others save meanwhile stays.</summary>
    /// <param name="host">Knows the user's configuration folder, and keeps others waiting.</param>
    /// <param name="name">The preset's name.</param>
    /// <param name="model">The name of the model that it is for.</param>
    /// <param name="form">What it is for the model.</param>
    /// <param name="about">What it was measured at.</param>
    /// <param name="cancellationToken">Ends the wait for others.</param>
    /// <returns>The file.</returns>
    /// <exception cref="InvalidRequestException">It cannot be saved any more, as for <see cref="RequireWritable"/>.</exception>
    /// <exception cref="InvalidDataException">The file would not be a list of presets.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static async Task<string> SaveAsync(
        WanHost host,
        string name,
        string model,
        PresetForm form,
        string about,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(form);
        var folder = host.Options.ConfigFolder;
        var file = Path.Combine(folder, PresetCatalog.FileName);
        using var store = host.OpenTunings();
        using var alone = await store
            .LockAsync(Digests.OfText($"presets {Path.GetFullPath(file)}"), cancellationToken)
            .ConfigureAwait(false);
        RequireWritable(folder, name);
        var text = Encoding.UTF8.GetBytes(With(file, name, model, form, Mark + about) + "\n");
        _ = PresetCatalog.Shipped.With(file, text); // every command reads it from now on
        Directory.CreateDirectory(folder);
        AtomicFile.Write(file, text);
        return file;
    }

    private static string With(string file, string name, string model, PresetForm form, string about)
    {
        var presets = File.Exists(file)
            ? JsonNode
                .Parse(PlainFile.ReadAllBytes(file), documentOptions: new JsonDocumentOptions { AllowTrailingCommas = true })!
                .AsObject()
            : [];
        var models = new JsonObject();
        foreach (
            var old in presets.Select(preset => preset.Key).Where(key => key.Equals(name, StringComparison.OrdinalIgnoreCase)).ToList()
        )
        {
            foreach (var (other, kept) in presets[old]?["models"]?.AsObject() ?? [])
            {
                models[other] = kept?.DeepClone(); // what it is for other models stays
            }

            presets.Remove(old);
        }

        models[model] = Pruned(JsonSerializer.SerializeToNode(form, Json)!.AsObject());
        presets[name] = new JsonObject { ["about"] = about, ["models"] = models };
        return presets.ToJsonString(Json);
    }

    /// <summary>Without what says nothing.</summary>
    private static JsonObject Pruned(JsonObject json)
    {
        foreach (var (name, value) in json.ToList())
        {
            if (value is null or JsonArray { Count: 0 })
            {
                json.Remove(name);
            }

            foreach (var inner in value as JsonArray is { } list ? list.OfType<JsonObject>() : new[] { value }.OfType<JsonObject>())
            {
                Pruned(inner);
            }
        }

        return json;
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
