using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace WanSharp.Tensors;

/// <summary>Reads the JSON files that users write, all by the same rules: lists of things by name.</summary>
/// <remarks>
/// snake_case; comments are welcome. What would be left out without a word is refused: misspelt members, and names that are there twice,
/// also with another case. Thread-safe.
/// </remarks>
public static partial class UserJson
{
    // Styles within models of styles, with their settings, and some more.
    private const int MostDepth = 16;

    // By reflection: generated readers forget the defaults of what is left out.
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        MaxDepth = MostDepth,
    };

    private static readonly Encoding[] Encodings =
    [
        new UTF8Encoding(encoderShouldEmitUTF8Identifier: true, throwOnInvalidBytes: true),
        // Before UTF-16, whose mark its own begins with.
        new UTF32Encoding(bigEndian: false, byteOrderMark: true, throwOnInvalidCharacters: true),
        new UnicodeEncoding(bigEndian: false, byteOrderMark: true, throwOnInvalidBytes: true),
        new UnicodeEncoding(bigEndian: true, byteOrderMark: true, throwOnInvalidBytes: true),
    ];

    /// <summary>Reads an object whose members are things by name.</summary>
    /// <param name="content">The file's bytes: UTF-8, or what a byte order mark says.</param>
    /// <exception cref="JsonException">It is not such an object; the message says where and why.</exception>
    public static IReadOnlyDictionary<string, T> ReadNamed<T>(ReadOnlySpan<byte> content)
    {
        try
        {
            var named = JsonSerializer.Deserialize<Dictionary<string, T>>(Decode(content), Options) ?? [];
            foreach (var names in named.Keys.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).Where(names => names.Count() > 1))
            {
                throw new JsonException($"'{names.First()}' and '{names.Last()}' differ in case alone: give one of them another name.");
            }

            return named.FirstOrDefault(one => one.Value is null) is { Key: { } name }
                ? throw new JsonException($"'{name}' is null: remove it, or say what it is.")
                : named;
        }
        catch (JsonException exception) when (exception.LineNumber is { } before)
        {
            throw new JsonException($"line {before + 1}: {Reason(exception)}", exception.Path, before, exception.BytePositionInLine);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            throw new JsonException(exception.Message, exception); // lone surrogates are not text, and are reported in another way
        }
    }

    /// <summary>What is wrong, without the place, and without what only whoever wrote the reader knows.</summary>
    private static string Reason(JsonException exception)
    {
        var text = exception
            .Message.Split(" Path: ")[0]
            .Split(" LineNumber: ")[0]
            .Replace(" Change the reader options.", "", StringComparison.Ordinal);
        return UnknownMember().Match(text) is { Success: true, Groups: [_, var name, ..] }
            ? $"There is no member '{name.Value}' here: correct its name, or remove it."
            : text;
    }

    [GeneratedRegex("^The JSON property '(.*)' could not be mapped to any .NET member")]
    private static partial Regex UnknownMember();

    private static string Decode(ReadOnlySpan<byte> content)
    {
        foreach (var encoding in Encodings)
        {
            if (content.StartsWith(encoding.Preamble))
            {
                return encoding.GetString(content[encoding.Preamble.Length..]);
            }
        }

        return Encodings[0].GetString(content);
    }
}
