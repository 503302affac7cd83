using Microsoft.AspNetCore.Http;

namespace WanSharp.Server.Security;

/// <summary>Who asks.</summary>
/// <param name="Name">The name of the key; empty where none is asked for.</param>
internal sealed record Caller(string Name)
{
    /// <summary>Who asks in a request.</summary>
    public static Caller Of(HttpContext context) => context.Features.Get<Caller>() ?? new Caller("");
}
