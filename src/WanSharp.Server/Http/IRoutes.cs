using Microsoft.AspNetCore.Routing;

namespace WanSharp.Server.Http;

/// <summary>The routes of one part of the API.</summary>
internal interface IRoutes
{
    /// <summary>Whether each caller is shown what it may see; else keys that see their own videos alone are refused.</summary>
    bool TellsKeysApart => false;

    /// <summary>Adds them.</summary>
    void Map(IEndpointRouteBuilder routes);
}
