using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace WanSharp.Engine.Guidance;

/// <summary>A value whose JSON is text in its own format.</summary>
/// <typeparam name="T">The value's type; its text is what <see cref="object.ToString"/> gives.</typeparam>
public sealed class TextJson<T> : JsonConverter<T>
    where T : class, IParsable<T>
{
    /// <inheritdoc/>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && T.TryParse(reader.GetString(), CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new JsonException("The text does not have the form of the setting.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        writer.WriteStringValue(value.ToString());
    }
}
