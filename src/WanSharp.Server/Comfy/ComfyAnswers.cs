using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using WanSharp.Server.Http;

namespace WanSharp.Server.Comfy;

/// <summary>Answers and bodies of ComfyUI's API.</summary>
internal static class ComfyAnswers
{
    private const int MostDepth = 64;
    private const long MostBytes = 4 << 20;

    /// <summary>What answers are.</summary>
    public const string ContentType = "application/json; charset=utf-8";

    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MostDepth, AllowDuplicateProperties = false };

    /// <summary>JSON as bytes.</summary>
    public static byte[] Bytes(JsonNode value) => System.Text.Encoding.UTF8.GetBytes(value.ToJsonString(Readable));

    /// <summary>Sends JSON.</summary>
    public static async Task SendAsync(this HttpContext context, JsonNode value, int status = StatusCodes.Status200OK)
    {
        var body = Bytes(value);
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = ContentType;
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "no-store";
        await response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Reads a body, whatever type the client says that it has; an empty one is an empty object.</summary>
    /// <exception cref="ApiException">It is no JSON object, or too long.</exception>
    public static async Task<JsonObject> ReadAsync(this HttpContext context)
    {
        using var body = new MemoryStream();
        var buffer = new byte[81920];
        while (await context.Request.Body.ReadAsync(buffer, context.RequestAborted).ConfigureAwait(false) is var count and > 0)
        {
            await body.WriteAsync(buffer.AsMemory(0, count), context.RequestAborted).ConfigureAwait(false);
            if (body.Length > MostBytes)
            {
                throw new ApiException(413, "body_too_large", $"The body has more than {MostBytes >> 20} MB.");
            }
        }

        try
        {
            return body.Length == 0
                ? []
                : JsonNode.Parse(body.ToArray(), documentOptions: Strict) as JsonObject
                    ?? throw new ApiException(400, "invalid_json", "The body is not an object.");
        }
        catch (ArgumentException)
        {
            throw new ApiException(400, "invalid_json", "The body is not JSON in UTF-8.");
        }
    }

    /// <summary>A text of an object; null where there is none.</summary>
    public static string? Text(this JsonNode? node, string name) =>
        (node as JsonObject)?[name] is { } value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    /// <summary>Whether a member of an object is true.</summary>
    public static bool Flag(this JsonNode? node, string name) => (node as JsonObject)?[name]?.GetValueKind() == JsonValueKind.True;

    /// <summary>The texts of a list.</summary>
    public static IReadOnlyList<string> Texts(this JsonNode? node, string name) =>
        [
            .. ((node as JsonObject)?[name] as JsonArray ?? [])
                .Where(one => one?.GetValueKind() == JsonValueKind.String)
                .Select(one => one!.GetValue<string>()),
        ];
}
