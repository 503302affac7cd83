using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Server.Http;
using WanSharp.Server.Security;

namespace WanSharp.Server.OpenApi;

/// <summary>Says what the server takes, in a document that is made from its routes.</summary>
/// <param name="all">All routes of the server.</param>
internal sealed class OpenApiRoutes(EndpointDataSource all) : IRoutes
{
    private readonly Lazy<string> _document = new(() => OpenApiDocument.Of(all.Endpoints).ToJsonString());

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/openapi.json", context => Results.Text(_document.Value, "application/json").ExecuteAsync(context))
            .WithMetadata(new Needs(KeyScope.None))
            .Describe("This document.")
            .Sends("application/json");
}
