using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Hosting;
using WanSharp.Hosting.Hub;
using WanSharp.Server.Http;
using WanSharp.Server.Security;

namespace WanSharp.Server.Page;

/// <summary>Fetches models that are known by name, while somebody looks on or not.</summary>
internal sealed class PullRoutes(WanHost host, ModelPulls pulls) : IRoutes
{
    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        var admin = new Needs(KeyScope.Admin);
        routes
            .MapGet("/v1/models/pulls", context => context.SendAsync(new PullList(pulls.All), PageJson.Readable.PullList))
            .WithMetadata(new TellsKeysApart()) // there is nothing of anybody in it
            .Describe("Models that are being fetched, or were.", PageJson.Readable.PullList);
        routes
            .MapPost("/v1/models/pulls/{id}", StartAsync)
            .WithMetadata(admin)
            .Describe("Fetches a model by the name that the list of known models has for it.", PageJson.Readable.PullObject);
        routes
            .MapDelete("/v1/models/pulls/{id}", CancelAsync)
            .WithMetadata(admin)
            .Describe("Stops fetching a model; what has come stays.", PageJson.Readable.PullList);
    }

    private Task StartAsync(HttpContext context)
    {
        var aliases = host.HubModels.Aliases;
        var name = context.Id()!;
        return aliases.All.Any(alias => alias.Name == name)
            ? context.SendAsync(pulls.Start(PullRequest.Parse(name, [], aliases)), PageJson.Readable.PullObject)
            : throw ApiException.NotFound($"There is no model '{name}' to fetch: GET /v1/models/known lists those that there are.");
    }

    private async Task CancelAsync(HttpContext context)
    {
        if (!await pulls.CancelAsync(context.Id()!).ConfigureAwait(false))
        {
            throw ApiException.NotFound($"'{context.Id()}' is not being fetched.");
        }

        await context.SendAsync(new PullList(pulls.All), PageJson.Readable.PullList).ConfigureAwait(false);
    }
}
