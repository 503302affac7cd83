using System.Globalization;
using System.Text.Json;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>
/// What stands next to the tensors and settles what their names and shapes leave open: the notes inside the checkpoint,
/// then the <c>config.json</c> in its folder, official, Diffusers' or of a whole model.
/// </summary>
internal sealed class ModelHints
{
    private const int MaximumBytes = 1 << 20;

    private readonly Dictionary<string, string> _values = [];

    private ModelHints(string source) => Source = source;

    /// <summary>What gives the hints, for errors: the description if there is one, or else the checkpoint.</summary>
    public string Source { get; }

    /// <summary>The hints for a checkpoint.</summary>
    /// <exception cref="CheckpointException">The <c>config.json</c> is not a JSON object.</exception>
    public static ModelHints For(ICheckpoint checkpoint)
    {
        var path = ModelDescription.FileNextTo(checkpoint.Path);
        var hints = new ModelHints(File.Exists(path) ? path : checkpoint.Path);
        foreach (var (key, value) in checkpoint.Metadata)
        {
            hints._values.TryAdd(key, value);
        }

        if (File.Exists(path))
        {
            var config = JsonFile.Read(path, ModelJson.Default.JsonElement, MaximumBytes);
            if (config.ValueKind != JsonValueKind.Object)
            {
                throw new CheckpointException(path, "it is not a JSON object: not a description of a network.");
            }

            try
            {
                foreach (var property in SectionOf(config, Path.GetFileName(checkpoint.Path)))
                {
                    hints._values.TryAdd(property.Name, property.Value.ToString());
                }
            }
            catch (InvalidOperationException e)
            {
                throw new CheckpointException(path, $"it is not Unicode text: {e.Message}", e);
            }
        }

        return hints;
    }

    /// <summary>What a description says of a file: all of it, or of a model's the section that names the file.</summary>
    private static IEnumerable<JsonProperty> SectionOf(JsonElement config, string file)
    {
        var isModel =
            config.TryGetProperty("format", out var format)
            && format.ValueKind == JsonValueKind.String
            && format.ValueEquals(ModelDescription.FormatName);
        return isModel
            ? config
                .EnumerateObject()
                .Select(section => section.Value)
                .Where(section => IsOf(section, file))
                .SelectMany(section => section.EnumerateObject())
            : config.EnumerateObject();
    }

    private static bool IsOf(JsonElement section, string file) =>
        section.ValueKind == JsonValueKind.Object
        && section.TryGetProperty("file", out var name)
        && name.ValueKind == JsonValueKind.String
        && name.ValueEquals(file);

    /// <summary>A text, or null.</summary>
    public string? Text(string name) => _values.GetValueOrDefault(name);

    /// <summary>The first of the names that has a whole number, or null.</summary>
    public int? Integer(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (int.TryParse(Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return number;
            }
        }

        return null;
    }

    /// <summary>A number, or null.</summary>
    public float? Number(string name) =>
        float.TryParse(Text(name), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
}
