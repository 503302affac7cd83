using System.Text.Json;
using System.Text.Json.Nodes;

namespace WanSharp.Server.Comfy;

/// <summary>An input of a class of nodes, as <c>/object_info</c> describes it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">What it takes: INT, FLOAT, STRING, BOOLEAN, COMBO, or the type of a link; <c>*</c> for what is ignored.</param>
/// <param name="Choices">The values of a COMBO that are always the same.</param>
/// <param name="List">The name of a COMBO's list that depends on the server: its models, its pictures.</param>
/// <param name="Options">Default, least and most, and for a BOOLEAN the <c>only</c> value that is understood.</param>
/// <param name="IsRequired">Whether it has to be there.</param>
internal sealed record NodeInput(string Name, string Type, IReadOnlyList<string> Choices, string? List, JsonObject Options, bool IsRequired)
{
    public const string Combo = "COMBO";

    private static readonly string[] Plain = ["INT", "FLOAT", "STRING", "BOOLEAN", Combo];

    /// <summary>Whether it takes a value, rather than another node's output alone.</summary>
    public bool TakesValue => Plain.Contains(Type);

    public double? Least => Number("min");

    public double? Most => Number("max");

    /// <summary>The only value of a BOOLEAN that is understood.</summary>
    public bool? Only => Options["only"]?.GetValue<bool>();

    public static NodeInput Read(string name, JsonArray source, bool isRequired)
    {
        var options = source.Count > 1 ? source[1]!.AsObject() : [];
        if (source[0] is JsonArray choices)
        {
            return new NodeInput(name, Combo, [.. choices.Select(choice => choice!.GetValue<string>())], null, options, isRequired);
        }

        var type = source[0]!.GetValue<string>();
        return type.StartsWith('@')
            ? new NodeInput(name, Combo, [], type[1..], options, isRequired)
            : new NodeInput(name, type, [], null, options, isRequired);
    }

    /// <summary>The input as <c>/object_info</c> shows it.</summary>
    /// <param name="list">The values of the list that it takes one of.</param>
    public JsonArray Show(IReadOnlyList<string> list)
    {
        JsonNode type =
            Type == Combo ? new JsonArray([.. (List is null ? Choices : list).Select(choice => JsonValue.Create(choice))]) : Type;
        return Options.Count > 0 ? [type, Options.DeepClone()] : [type];
    }

    private double? Number(string name) =>
        Options[name] is { } value && value.GetValueKind() == JsonValueKind.Number ? value.GetValue<double>() : null;
}
