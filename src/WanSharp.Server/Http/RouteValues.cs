using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace WanSharp.Server.Http;

/// <summary>What the path of a request says.</summary>
internal static class RouteValues
{
    /// <summary>The id of what it is about.</summary>
    public static string? Id(this HttpContext context) => context.GetRouteValue("id") as string;
}
