using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>
/// What stands next to the tensors and settles what their names and shapes leave open: the notes inside the checkpoint,
/// then the <c>config.json</c> in its folder, official, Diffusers' or of a whole model.
/// </summary>
internal sealed partial class ModelHints
{
    private const int MaximumBytes = 1 << 20;

    private static readonly string[] ModelTypes = ["t2v", "i2v", "ti2v", "flf2v", "vace", TransformerSection.Fun];

    private readonly Dictionary<string, string> _values = [];
    private readonly Dictionary<string, string> _described;

    private ModelHints(string source, IEnumerable<KeyValuePair<string, string>> described)
    {
        Source = source;
        _described = described.DistinctBy(value => value.Key).ToDictionary();
    }

    /// <summary>What gives the hints, for errors: the description if there is one, or else the checkpoint.</summary>
    public string Source { get; }

    /// <summary>The hints for a checkpoint.</summary>
    /// <exception cref="CheckpointException">The <c>config.json</c> is not a JSON object.</exception>
    public static ModelHints For(ICheckpoint checkpoint)
    {
        var path = ModelDescription.FileNextTo(checkpoint.Path);
        var described = File.Exists(path) ? ReadDescription(path, checkpoint.Path) : null;
        var hints = new ModelHints(described is null ? checkpoint.Path : path, described ?? []);
        foreach (var (key, value) in checkpoint.Metadata.Concat(described ?? []))
        {
            hints._values.TryAdd(key, value);
        }

        return hints;
    }

    /// <summary>What the description next to a checkpoint says of it, and whether it describes a whole model.</summary>
    /// <exception cref="CheckpointException">The <c>config.json</c> is not a JSON object.</exception>
    public static (bool IsModel, List<JsonProperty> Section) SectionNextTo(string checkpoint)
    {
        var path = ModelDescription.FileNextTo(checkpoint);
        if (!File.Exists(path))
        {
            return (false, []);
        }

        var config = Object(path);
        return (IsModel(config), [.. SectionOf(config, Path.GetFileName(checkpoint))]);
    }

    /// <summary>
    /// The class that the description next to a checkpoint says that it is of: Diffusers' <c>_class_name</c>, transformers'
    /// <c>architectures</c>; null if there is none.
    /// </summary>
    /// <inheritdoc cref="SectionNextTo" path="/exception"/>
    public static string? ClassNextTo(string checkpoint)
    {
        var section = SectionNextTo(checkpoint).Section;
        var name = section.Find(property => property.NameEquals("_class_name")).Value;
        var architectures = section.Find(property => property.NameEquals("architectures")).Value;
        var first = architectures.ValueKind == JsonValueKind.Array ? architectures.EnumerateArray().FirstOrDefault() : default;
        return name.ValueKind == JsonValueKind.String ? name.GetString()
            : first.ValueKind == JsonValueKind.String ? first.GetString()
            : null;
    }

    /// <summary>Whether a transformer's class says that it makes clips in chunks, of which none sees a later one.</summary>
    public static bool IsCausal(string? name) => name is not null && CausalClass().IsMatch(name);

    private static JsonElement Object(string path) =>
        JsonFile.Read(path, ModelJson.Default.JsonElement, MaximumBytes) is { ValueKind: JsonValueKind.Object } config
            ? config
            : throw new CheckpointException(path, "it is not a JSON object: not a description of a network.");

    /// <summary>What a description says of a transformer; null if it describes something else, such as CLIP in a flat folder.</summary>
    private static List<KeyValuePair<string, string>>? ReadDescription(string path, string checkpoint)
    {
        var config = Object(path);
        List<KeyValuePair<string, string>> values;
        try
        {
            values =
            [
                .. SectionOf(config, Path.GetFileName(checkpoint))
                    .Select(property => KeyValuePair.Create(property.Name, property.Value.ToString())),
            ];
        }
        catch (InvalidOperationException e)
        {
            throw new CheckpointException(path, $"it is not Unicode text: {e.Message}", e);
        }

        if (!IsModel(config) && !values.Exists(value => value.Key == "_class_name") && !SaysDimensions(values))
        {
            values.RemoveAll(value => value.Key is "eps" or "text_len"); // nothing that tensors tell shows whose these are
        }

        if (values.Find(value => value.Key == "_class_name").Value is { } name)
        {
            return WanClass().IsMatch(name) ? values
                : !OtherTransformer().IsMatch(name) ? null
                : throw new CheckpointException(
                    checkpoint,
                    $"{path} says that it is a {name}, which is not supported; WanModel and WanTransformer3DModel are."
                );
        }

        return IsModel(config) || !values.Exists(IsOfAnother) ? values : null;
    }

    /// <summary>Whether a description has all dimensions of a transformer, which are compared with its tensors.</summary>
    private static bool SaysDimensions(List<KeyValuePair<string, string>> values) =>
        values.Exists(value => value.Key is "num_layers")
        && values.Exists(value => value.Key is "num_heads" or "num_attention_heads")
        && values.Exists(value => value.Key is "dim" or "attention_head_dim");

    /// <summary>Whether a description is that of another network, such as CLIP's: it has layers and heads, too, of another width.</summary>
    private static bool IsOfAnother(KeyValuePair<string, string> value) =>
        value.Key is "architectures" or "hidden_size" or "d_model" or "block_out_channels"
        || (value.Key == "model_type" && !ModelTypes.Contains(value.Value));

    private static bool IsModel(JsonElement config) =>
        config.TryGetProperty("format", out var format)
        && format.ValueKind == JsonValueKind.String
        && format.ValueEquals(ModelDescription.FormatName);

    /// <summary>What a description says of a file: all of it, or of a model's the section that names the file.</summary>
    private static IEnumerable<JsonProperty> SectionOf(JsonElement config, string file)
    {
        return IsModel(config)
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

    /// <summary>A text of the description alone, or null: what stands in the checkpoint itself may be anything of a tool's.</summary>
    public string? Described(string name) => _described.GetValueOrDefault(name);

    /// <summary>The first of the names that has a whole number, or null.</summary>
    public int? Integer(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (
                double.TryParse(Text(name), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && number is >= 0 and <= int.MaxValue
                && double.IsInteger(number)
            )
            {
                return (int)number;
            }
        }

        return null;
    }

    /// <summary>A number, or null.</summary>
    public float? Number(string name) =>
        float.TryParse(Text(name), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>
    /// The classes of Wan's own code, of Diffusers, and of VideoX-Fun, whose networks are the same; of causal ones (Self-Forcing and its
    /// kin) and SkyReels V2, whose tensors tell where they are not.
    /// </summary>
    [GeneratedRegex("^(Causal|Vace)?Wan(2_[12])?(VACE)?(Model|Transformer3DModel)$|^SkyReelsV2Transformer3DModel$")]
    private static partial Regex WanClass();

    [GeneratedRegex("^Causal")]
    private static partial Regex CausalClass();

    [GeneratedRegex("Transformer|WanModel|DiT", RegexOptions.IgnoreCase)]
    private static partial Regex OtherTransformer();
}
