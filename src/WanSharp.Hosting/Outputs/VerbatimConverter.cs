using System.Text.Json;
using System.Text.Json.Serialization;

namespace WanSharp.Hosting.Outputs;

/// <summary>Writes values that have their own JSON form in that form.</summary>
/// <param name="write">The JSON of a value.</param>
internal sealed class VerbatimConverter<T>(Func<T, string> write) : JsonConverter<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("Outputs are written, not read.");

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteRawValue(write(value));
}
