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
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("Settings are an object, such as {\"guidance\": 5.5}.");
        }

        ClipSettings settings = new();
        var given = new List<SettingField>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject) // what is thrown in here gets the line of the reader
        {
            var name = reader.GetString()!;
            reader.Read();
            if (reader.TokenType == JsonTokenType.Null)
            {
                continue;
            }

            var field = Find(name);
            if (given.FirstOrDefault(one => one == field || one.Excludes.Contains(field.Name)) is { } rival)
            {
                throw new JsonException($"There are both {rival.Name} and {field.Name}: leave one out.");
            }

            given.Add(field);
            using var value = JsonDocument.ParseValue(ref reader);
            settings = Set(settings, field, value.RootElement);
        }

        return settings;
    }

    private static SettingField Find(string name)
    {
        var names = SettingFields.All.Select(field => field.Name);
        return SettingFields.Find(name)
            ?? throw new JsonException(
                $"There is no setting '{name}': there are {string.Join(", ", names)}.{NearestName.Hint(name, names)}"
            );
    }

    private static ClipSettings Set(ClipSettings settings, SettingField field, JsonElement value)
    {
        var isNumber = value.ValueKind == JsonValueKind.Number;
        var isList = value.ValueKind == JsonValueKind.Array;
        return
            isNumber == (field.Range is not null)
            && (field.IsList || !isList)
            && SettingField.TextOf(value) is { } text
            && field.TrySet(settings, text, out var changed)
            ? changed
            : throw new JsonException($"The {field.Name} is {field.Expected}, not {value.GetRawText().ReplaceLineEndings(" ")}.");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ClipSettings value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value, options);
}
