using System.Text.Json;
using System.Text.Json.Serialization;
using WanSharp.Tensors;

namespace WanSharp.Engine.Requests;

/// <summary>
/// Reads the settings of a style or a preset by the names of <see cref="SettingFields"/>; a null leaves the model's default.
/// </summary>
public sealed class ClipSettingsJson : JsonConverter<ClipSettings>
{
    /// <inheritdoc/>
    public override ClipSettings Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var json = JsonDocument.ParseValue(ref reader);
        if (json.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("Settings are an object, such as {\"guidance\": 5.5}.");
        }

        ClipSettings settings = new();
        var given = new List<SettingField>();
        foreach (var property in json.RootElement.EnumerateObject().Where(property => property.Value.ValueKind != JsonValueKind.Null))
        {
            var names = SettingFields.All.Select(field => field.Name);
            var field =
                SettingFields.Find(property.Name)
                ?? throw new JsonException(
                    $"There is no setting '{property.Name}': there are {string.Join(", ", names)}.{NearestName.Hint(property.Name, names)}"
                );
            if (given.FirstOrDefault(one => one == field || one.Excludes.Contains(field.Name)) is { } rival)
            {
                throw new JsonException($"There are both {rival.Name} and {field.Name}: leave one out.");
            }

            given.Add(field);
            var isNumber = property.Value.ValueKind == JsonValueKind.Number;
            var isList = property.Value.ValueKind == JsonValueKind.Array;
            settings =
                isNumber == (field.Range is not null)
                && (field.IsList || !isList)
                && SettingField.TextOf(property.Value) is { } text
                && field.TrySet(settings, text, out var changed)
                    ? changed
                    : throw new JsonException($"The {field.Name} is {field.Expected}, not {property.Value.GetRawText()}.");
        }

        return settings;
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ClipSettings value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value, options);
}
