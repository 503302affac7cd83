using System.Net;
using Microsoft.AspNetCore.Http;
using WanSharp.Server.Http;

namespace WanSharp.Server.Security;

/// <summary>
/// Refuses what a browser sends for a page of somebody else: requests by a name that is not the server's (DNS rebinding), and those that
/// another origin's script makes. Programs send no origin, and are not touched.
/// </summary>
/// <param name="hosts">Names of the server beyond its addresses, localhost and the machine's name.</param>
internal sealed class OriginCheck(IReadOnlyList<string> hosts)
{
    private static readonly string Machine = Dns.GetHostName();

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var host = context.Request.Host;
        if (!IsOurs(host.Host))
        {
            throw new ApiException(
                421,
                "host_not_allowed",
                $"'{host.Host}' is not a name of this server: use its address, or name it in the server's option host."
            );
        }

        foreach (var origin in context.Request.Headers.Origin)
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var address) || !IsSame(address, host))
            {
                throw new ApiException(403, "origin_not_allowed", "Requests from scripts on other sites are refused.");
            }
        }

        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.ContentSecurityPolicy =
            "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; "
            + "form-action 'self'; frame-ancestors 'none'";
        return next(context);
    }

    private bool IsOurs(string name) =>
        IPAddress.TryParse(name.Trim('[', ']'), out _)
        || name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || name.Equals(Machine, StringComparison.OrdinalIgnoreCase)
        || hosts.Contains(name, StringComparer.OrdinalIgnoreCase);

    private static bool IsSame(Uri origin, HostString host) =>
        origin.Host.Trim('[', ']').Equals(host.Host.Trim('[', ']'), StringComparison.OrdinalIgnoreCase)
        && origin.Port == (host.Port ?? (origin.Scheme == Uri.UriSchemeHttps ? 443 : 80));
}
