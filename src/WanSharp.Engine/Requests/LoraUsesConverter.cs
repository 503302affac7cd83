using System.Text.Json;
using System.Text.Json.Serialization;

namespace WanSharp.Engine.Requests;

/// <summary>LoRAs as JSON: an array of texts such as <c>"style.safetensors:0.8"</c>; one text is read, too.</summary>
public sealed class LoraUsesConverter : JsonConverter<LoraUses>
{
    /// <inheritdoc/>
    public override LoraUses Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var json = JsonDocument.ParseValue(ref reader);
        var isOfTexts =
            json.RootElement.ValueKind != JsonValueKind.Array
            || json.RootElement.EnumerateArray().All(one => one.ValueKind == JsonValueKind.String);
        return isOfTexts && SettingField.TextOf(json.RootElement) is { } text && LoraUses.TryParse(text, out var uses)
            ? uses
            : throw new JsonException("LoRAs are texts such as \"style.safetensors:0.8\".");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, LoraUses value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        writer.WriteStartArray();
        foreach (var use in value)
        {
            writer.WriteStringValue(use.ToString());
        }

        writer.WriteEndArray();
    }
}
