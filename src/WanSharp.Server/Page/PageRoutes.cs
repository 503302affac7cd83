using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Server.Http;
using WanSharp.Server.Security;

namespace WanSharp.Server.Page;

/// <summary>The page itself: anybody may load it, for it holds nothing of anybody's; what it shows it asks the API for.</summary>
internal sealed class PageRoutes : IRoutes
{
    /// <summary>Nothing but the page's own files runs or is loaded: no inline scripts or styles, nothing of other servers.</summary>
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
        + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    /// <inheritdoc/>
    public bool TellsKeysApart => true;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        var open = new Needs(KeyScope.None);
        routes.MapMethods("/", Methods, context => SendAsync(context, "index.html")).WithMetadata(open);
        routes
            .MapMethods("/page/{**path}", Methods, context => SendAsync(context, context.GetRouteValue("path") as string ?? ""))
            .WithMetadata(open);
    }

    private static Task SendAsync(HttpContext context, string path)
    {
        var file = PageFiles.Find(path) ?? throw ApiException.NotFound($"There is no {context.Request.Path} here: the page is at /.");
        var (request, response) = (context.Request, context.Response);
        response.Headers.ETag = file.Tag;
        response.Headers.CacheControl = "no-cache"; // kept, and asked for again: a new version of the server has a new page
        response.Headers.ContentSecurityPolicy = Policy;
        if (request.Headers.IfNoneMatch.Any(tags => tags?.Contains(file.Tag, StringComparison.Ordinal) == true))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        response.ContentType = file.Type;
        response.ContentLength = file.Content.Length;
        return HttpMethods.IsHead(request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(file.Content, context.RequestAborted).AsTask();
    }
}
