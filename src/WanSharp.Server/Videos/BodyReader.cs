using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using WanSharp.Engine.Requests;
using WanSharp.Server.Http;

namespace WanSharp.Server.Videos;

/// <summary>Reads bodies of requests, within bounds.</summary>
internal static class BodyReader
{
    private const int MostFields = 256;
    private const int MostTextLength = 45 << 20; // pictures of 32 MB come as text, too, in base64
    private const int MostDepth = 16;

    /// <summary>Objects whose members are settings as much as those next to them: what clients add to the official fields.</summary>
    public static IReadOnlyList<string> Envelopes { get; } = ["extra_body", "extra_params"];

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="ApiException">It is of no form that is understood.</exception>
    public static async Task<RequestBody> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type))
        {
            throw Unsupported(request.ContentType);
        }

        if (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
        {
            using var document = await JsonDocument
                .ParseAsync(request.Body, new JsonDocumentOptions { MaxDepth = MostDepth }, cancellationToken)
                .ConfigureAwait(false);
            return Of(document.RootElement);
        }

        if (!request.HasFormContentType)
        {
            throw Unsupported(request.ContentType);
        }

        return Of(await FormOfAsync(request, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Reads a form.</summary>
    /// <exception cref="ApiException">It ends too early.</exception>
    public static async Task<IFormCollection> FormOfAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await request
                .ReadFormAsync(
                    new FormOptions
                    {
                        ValueCountLimit = MostFields,
                        ValueLengthLimit = MostTextLength,
                        KeyLengthLimit = 256,
                        MultipartBodyLengthLimit = long.MaxValue, // the body's own limit holds
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
        catch (IOException exception) when (exception is not BadHttpRequestException)
        {
            throw new ApiException(400, "invalid_body", $"The body ends before its last part does: {exception.Message}");
        }
        catch (InvalidDataException exception)
        {
            throw new ApiException(400, "invalid_body", exception.Message);
        }
    }

    /// <summary>A body of JSON.</summary>
    /// <exception cref="ApiException">It is no object of fields.</exception>
    public static RequestBody Of(JsonElement body)
    {
        var fields = new List<BodyField>();
        Add(fields, Object(body), prefix: "");
        return new RequestBody(Checked(fields), []);
    }

    private static RequestBody Of(IFormCollection form)
    {
        var fields = new List<BodyField>();
        foreach (var (name, values) in form)
        {
            var plain = name.EndsWith("[]", StringComparison.Ordinal) ? name[..^2] : name;
            if (Envelopes.Contains(plain))
            {
                using var document = JsonDocument.Parse(values.ToString(), new JsonDocumentOptions { MaxDepth = MostDepth });
                Add(fields, Object(document.RootElement), prefix: "");
            }
            else if (plain.EndsWith(']') && plain.IndexOf('[', StringComparison.Ordinal) is > 0 and var bracket)
            {
                fields.Add(new BodyField($"{plain[..bracket]}.{plain[(bracket + 1)..^1]}", values.ToString()));
            }
            else
            {
                fields.AddRange(
                    SettingFields.Find(plain) is { IsList: true }
                        ? [new BodyField(plain, string.Join(LoraUse.Separator, values.ToArray()))]
                        : values.Select(value => new BodyField(plain, value ?? ""))
                );
            }
        }

        return new RequestBody(Checked(fields), [.. form.Files]);
    }

    private static void Add(List<BodyField> fields, JsonElement body, string prefix)
    {
        foreach (var member in body.EnumerateObject())
        {
            switch (member.Value.ValueKind)
            {
                case JsonValueKind.Null:
                    break; // as if it were left out
                case JsonValueKind.Object when prefix.Length == 0 && Envelopes.Contains(member.Name):
                    Add(fields, member.Value, prefix: "");
                    break;
                case JsonValueKind.Object when prefix.Length == 0:
                    Add(fields, member.Value, member.Name + ".");
                    break;
                default:
                    fields.Add(
                        new BodyField(
                            prefix + member.Name,
                            SettingField.TextOf(member.Value)
                                ?? throw ApiException.Invalid(
                                    prefix + member.Name,
                                    $"The {prefix + member.Name} is a text, a number, or a list of either, not {member.Value.ValueKind}."
                                )
                        )
                    );
                    break;
            }
        }
    }

    private static JsonElement Object(JsonElement body) =>
        body.ValueKind == JsonValueKind.Object
            ? body
            : throw new ApiException(400, "invalid_json", "The body is not an object: send {\"prompt\": \"what the video shows\"}.");

    private static List<BodyField> Checked(List<BodyField> fields)
    {
        if (fields.Count > MostFields)
        {
            throw new ApiException(400, "invalid_request", $"The body has {fields.Count} fields, and {MostFields} are read at most.");
        }

        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var field in fields)
        {
            if (!names.Add(field.Name))
            {
                throw ApiException.Invalid(field.Name, $"The {field.Name} is there twice: leave one out.");
            }

            if (field.Text.Contains('\0', StringComparison.Ordinal))
            {
                throw ApiException.Invalid(field.Name, $"The {field.Name} holds a NUL character: remove it.");
            }
        }

        return fields;
    }

    private static ApiException Unsupported(string? type) =>
        new(
            415,
            "unsupported_media_type",
            $"The body's type is {(string.IsNullOrEmpty(type) ? "not said" : $"'{type}'")}: send application/json or multipart/form-data."
        );
}
