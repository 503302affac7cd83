using Microsoft.AspNetCore.Routing;

namespace WanSharp.Server.Http;

/// <summary>The routes of one part of the API.</summary>
internal interface IRoutes
{
    /// <summary>Adds them.</summary>
    void Map(IEndpointRouteBuilder routes);
}
