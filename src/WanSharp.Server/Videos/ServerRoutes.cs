using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Server.Contract;
using WanSharp.Server.Http;
using WanSharp.Server.Security;
using WanSharp.Server.Work;

namespace WanSharp.Server.Videos;

/// <summary>What the server serves, and whether it can.</summary>
internal sealed class ServerRoutes(VideoQueue queue, QueueRunner runner, TimeProvider clock) : IRoutes
{
    private readonly long _started = clock.GetUtcNow().ToUnixTimeSeconds();

    /// <inheritdoc/>
    public bool TellsKeysApart => true;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/models", ModelsAsync).Describe("The model that is served.", ServerJson.Readable.ModelList);
        routes.MapGet("/v1/models/{id}", ModelAsync).Describe("A model.", ServerJson.Readable.ModelObject);
        routes
            .MapGet("/healthz", HealthAsync)
            .WithMetadata(new Needs(KeyScope.None))
            .Describe("Whether the server lives.", ServerJson.Readable.HealthObject);
        routes
            .MapGet("/readyz", ReadyAsync)
            .WithMetadata(new Needs(KeyScope.None))
            .Describe("Whether it makes videos.", ServerJson.Readable.HealthObject);
    }

    private static Task HealthAsync(HttpContext context) =>
        context.SendAsync(new HealthObject("ok", null), ServerJson.Readable.HealthObject);

    private Task ModelsAsync(HttpContext context) =>
        context.SendAsync(new ModelList([new ModelObject(queue.Model, _started)]), ServerJson.Readable.ModelList);

    private Task ModelAsync(HttpContext context) =>
        context.Id() is { } id && id.Equals(queue.Model, StringComparison.OrdinalIgnoreCase)
            ? context.SendAsync(new ModelObject(queue.Model, _started), ServerJson.Readable.ModelObject)
            : throw ApiException.NotFound($"The model '{context.Id()}' is not served here: GET /v1/models names the one that is.");

    private Task ReadyAsync(HttpContext context)
    {
        // why exactly is in the log: everybody may ask this
        var trouble =
            runner.IsStopping ? "The server is stopping."
            : runner.Trouble is not null ? "No video can be made now: the server's log says why."
            : null;
        return context.SendAsync(
            new HealthObject(trouble is null ? "ready" : "unavailable", trouble),
            ServerJson.Readable.HealthObject,
            trouble is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable
        );
    }
}
