using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Server.Http;

namespace WanSharp.Server.Security;

/// <summary>Signs a browser in: it keeps the key where no script sees it.</summary>
internal sealed class SessionRoutes(KeyFile keys, KeyCheck check) : IRoutes
{
    private const int MostBytes = 4096;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/v1/session", SignInAsync)
            .WithMetadata(new Needs(KeyScope.None))
            .Describe("Signs a browser in.", answer: null, BodyKind.Key);
        routes.MapDelete("/v1/session", SignOutAsync).WithMetadata(new Needs(KeyScope.None)).Describe("Signs a browser out.");
    }

    private async Task SignInAsync(HttpContext context)
    {
        if (context.Request.ContentLength is null or > MostBytes)
        {
            throw new ApiException(413, "body_too_large", "A key is shorter than that.");
        }

        using var body = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted).ConfigureAwait(false);
        var text =
            body.RootElement.ValueKind == JsonValueKind.Object
            && body.RootElement.TryGetProperty("key", out var value)
            && value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : throw ApiException.Invalid("key", "Send {\"key\": \"the key\"}.");
        if (check.IsRequired && keys.Find(text) is null)
        {
            throw new ApiException(401, "invalid_key", "This key is not one of this server's.", "key");
        }

        context.Response.Cookies.Append(
            KeyCheck.Cookie,
            text,
            new CookieOptions
            {
                HttpOnly = true,
                SameSite = SameSiteMode.Strict,
                Secure = context.Request.IsHttps,
                Path = "/",
                IsEssential = true,
            }
        );
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static Task SignOutAsync(HttpContext context)
    {
        context.Response.Cookies.Delete(KeyCheck.Cookie);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
