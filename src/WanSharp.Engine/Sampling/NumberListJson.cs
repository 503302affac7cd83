using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace WanSharp.Engine.Sampling;

/// <summary>A <see cref="NumberList"/> as JSON: an array of numbers. A text of them is read, too.</summary>
public sealed class NumberListJson : JsonConverter<NumberList>
{
    /// <inheritdoc/>
    public override NumberList Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var json = JsonDocument.ParseValue(ref reader);
        var text = json.RootElement.ValueKind switch
        {
            JsonValueKind.String => json.RootElement.GetString(),
            JsonValueKind.Array when json.RootElement.EnumerateArray().All(one => one.ValueKind == JsonValueKind.Number) =>
                json.RootElement.GetRawText(),
            _ => null,
        };
        return NumberList.TryParse(text?.ReplaceLineEndings(" "), CultureInfo.InvariantCulture, out var list)
            ? list
            : throw new JsonException("It is not a list of numbers.");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, NumberList value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        writer.WriteStartArray();
        foreach (var number in value.Values)
        {
            writer.WriteNumberValue(number);
        }

        writer.WriteEndArray();
    }
}
