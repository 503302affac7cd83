using System.Text;
using System.Text.Json;
using WanSharp.Engine.Requests;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Batches.Reading;

/// <summary>The jobs of a file of JSON: an object a line; or objects over several lines, in an array or one after the other.</summary>
internal static class JsonRecords
{
    private const int MostLineLength = 64 * 1024;

    /// <summary>Reads a file of JSON.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="text">Its text.</param>
    /// <param name="most">The most jobs to read.</param>
    /// <exception cref="InvalidRequestException">It is an array that cannot be read.</exception>
    public static IEnumerable<BatchRecord> Read(string path, string text, int most)
    {
        var lines = TextLines.Of(text).Where(line => !string.IsNullOrWhiteSpace(line.Text)).Take(most).ToList();
        if (lines.Count == 0)
        {
            return [];
        }

        var start = text.AsSpan().TrimStart();
        var isArray = start.StartsWith('[') && start[1..].TrimStart() is ['{' or ']', ..];
        if (isArray || (Line(lines[0].Number, lines[0].Text).Problem is not null && lines.Count > 1))
        {
            try
            {
                return Values(text, most);
            }
            catch (JsonException exception) when (isArray)
            {
                throw new InvalidRequestException(
                    "file",
                    $"{path}:{exception.LineNumber + 1}:{exception.BytePositionInLine + 1}: this is not JSON: {Reason(exception)}"
                );
            }
            catch (JsonException)
            {
                // An object a line, one of which is bad: each says what is wrong with it.
            }
        }

        return lines.Select(line => Line(line.Number, line.Text));
    }

    /// <summary>Whether a line is an object of JSON, whatever it holds.</summary>
    public static bool IsObject(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Whether a whole text is one list or object of JSON: no line of it is a prompt then.</summary>
    public static bool IsDocument(string text)
    {
        if (text.AsSpan().TrimStart() is not ['[' or '{', ..])
        {
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static BatchRecord Line(int number, string line)
    {
        if (line.Length > MostLineLength)
        {
            return new BatchRecord(number, [], new BatchProblem(number, $"The line is longer than {MostLineLength} characters."));
        }

        var bytes = Encoding.UTF8.GetBytes(line);
        var reader = new Utf8JsonReader(bytes);
        var places = new JsonPlaces(line, bytes, number);
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                return new BatchRecord(number, [], NotAnObject(places.Of(reader.TokenStartIndex)));
            }

            var record = Object(ref reader, places);
            reader.Read(); // throws if something follows
            return record;
        }
        catch (JsonException exception)
        {
            return new BatchRecord(number, [], Problem((number, ColumnOf(bytes, exception)), $"It is not JSON: {Reason(exception)}"));
        }
    }

    /// <summary>All objects of a text, whatever lines they are on.</summary>
    /// <exception cref="JsonException">It is not a sequence of values.</exception>
    private static List<BatchRecord> Values(string text, int most)
    {
        var (records, bytes) = (new List<BatchRecord>(), Encoding.UTF8.GetBytes(text));
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { AllowMultipleValues = true });
        var places = new JsonPlaces(text, bytes, firstLine: 1);
        while (records.Count < most && reader.Read())
        {
            if (reader is { TokenType: JsonTokenType.StartArray or JsonTokenType.EndArray, CurrentDepth: 0 })
            {
                continue;
            }

            if (reader.TokenType == JsonTokenType.StartObject)
            {
                records.Add(Object(ref reader, places));
                continue;
            }

            var place = places.Of(reader.TokenStartIndex);
            records.Add(new BatchRecord(place.Line, [], NotAnObject(place)));
            reader.Skip();
        }

        return records;
    }

    /// <summary>Reads a field that holds more than a value; says whether it did.</summary>
    /// <param name="name">The field's name.</param>
    /// <param name="reader">At the beginning of its value; at its end, if it was read.</param>
    public delegate bool NestedField(string name, ref Utf8JsonReader reader);

    /// <summary>The object whose beginning was read.</summary>
    /// <param name="reader">At the beginning; afterwards at the end.</param>
    /// <param name="places">Tells lines and columns.</param>
    /// <param name="nested">Reads the fields that hold more than a value; null where there are none.</param>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static BatchRecord Object(ref Utf8JsonReader reader, JsonPlaces places, NestedField? nested = null)
    {
        var (fields, problem) = (new List<BatchField>(), (BatchProblem?)null);
        var (seen, line) = (new HashSet<string>(StringComparer.OrdinalIgnoreCase), places.Of(reader.TokenStartIndex).Line);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var place = places.Of(reader.TokenStartIndex);
            if (!TryText(ref reader, out var name))
            {
                problem ??= Problem(place, "This name is not JSON text: it holds half of a character.");
            }
            else if (!seen.Add(name))
            {
                problem ??= Problem(place, $"The field '{name}' occurs twice: remove one.");
            }

            reader.Read();
            place = places.Of(reader.TokenStartIndex);
            if (nested?.Invoke(name, ref reader) == true)
            {
                continue;
            }

            if (reader.TokenType == JsonTokenType.StartArray && SettingFields.Find(name) is { IsList: true } list)
            {
                using var value = JsonDocument.ParseValue(ref reader);
                if (SettingField.TextOf(value.RootElement) is { } texts)
                {
                    fields.Add(new BatchField(name, texts, place.Line, place.Column));
                }
                else
                {
                    problem ??= Problem(place, $"The field '{name}' takes {list.Expected}, or a list of them.");
                }
            }
            else if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                problem ??= Problem(place, $"The field '{name}' takes a text, a number, true or false.");
                reader.Skip();
            }
            else if (IsPrompt(name) && reader.TokenType is (JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False))
            {
                problem ??= Problem(place, "A prompt is a text: put it in quotes.");
            }
            else if (!TryText(ref reader, out var value))
            {
                problem ??= Problem(
                    place,
                    $"The field '{name}' is not JSON text: it holds half of a character (\\ud800 to \\udfff come in pairs)."
                );
            }
            else if (reader.TokenType != JsonTokenType.Null)
            {
                fields.Add(new BatchField(name, value, place.Line, place.Column));
            }
        }

        return new BatchRecord(line, fields, problem);
    }

    private static bool IsPrompt(string name) => name.Equals("prompt", StringComparison.OrdinalIgnoreCase);

    private static bool TryText(ref Utf8JsonReader reader, out string text)
    {
        try
        {
            text = reader.TokenType switch
            {
                JsonTokenType.String or JsonTokenType.PropertyName => reader.GetString()!,
                JsonTokenType.Null => "",
                _ => Encoding.UTF8.GetString(reader.ValueSpan),
            };
            return true;
        }
        catch (InvalidOperationException)
        {
            text = "";
            return false;
        }
    }

    private static int ColumnOf(byte[] bytes, JsonException exception) =>
        Encoding.UTF8.GetCharCount(bytes.AsSpan(0, Math.Clamp((int)(exception.BytePositionInLine ?? 0), 0, bytes.Length))) + 1;

    private static BatchProblem Problem((int Line, int Column) place, string message) => new(place.Line, message, place.Column);

    private static BatchProblem NotAnObject((int Line, int Column) place) =>
        Problem(place, "It is not a JSON object: write {\"prompt\": \"…\"}.");

    /// <summary>Why a text is not JSON; the place is told by us, and there is no reader to change.</summary>
    public static string Reason(JsonException exception) =>
        exception
            .Message.Split(" LineNumber")[0]
            .Replace(" Change the reader options.", "", StringComparison.Ordinal)
            .Replace(" which is not supported in this mode", "", StringComparison.Ordinal);
}
