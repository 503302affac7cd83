using System.Security.Claims;

namespace WanSharp.Server.Security;

/// <summary>A caller as the web server hands users on: also to what runs later than the request.</summary>
/// <param name="caller">The caller.</param>
internal sealed class CallerIdentity(Caller caller) : ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, caller.Name)], "key")
{
    /// <summary>The caller.</summary>
    public Caller Caller { get; } = caller;
}
