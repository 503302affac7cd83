using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Server.Http;
using WanSharp.Server.Security;

namespace WanSharp.Server.OpenApi;

/// <summary>Says what the server takes, in a document that is made from its routes.</summary>
internal sealed class OpenApiRoutes : IRoutes
{
    /// <inheritdoc/>
    public bool TellsKeysApart => true;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        var document = new Lazy<string>(() => OpenApiDocument.Of(routes.DataSources.SelectMany(source => source.Endpoints)).ToJsonString());
        routes
            .MapGet("/openapi.json", context => Results.Text(document.Value, "application/json").ExecuteAsync(context))
            .WithMetadata(new Needs(KeyScope.None))
            .Describe("This document.");
    }
}
