using System.Collections.Concurrent;
using System.Net;
using System.Security.Claims;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using WanSharp.Server.Http;

namespace WanSharp.Server.Security;

/// <summary>Lets requests in that bring a key which may do what they ask for, and not more of them a minute than it may.</summary>
/// <param name="keys">The keys.</param>
/// <param name="options">Where the server listens.</param>
internal sealed class KeyCheck(KeyFile keys, ServerOptions options) : IDisposable
{
    /// <summary>A browser keeps a page's key here, where no script sees it.</summary>
    public const string Cookie = "wan_key";

    private const string Bearer = "Bearer ";

    /// <summary>How often requests come back at most: timers do not tell shorter spans from none.</summary>
    private static readonly TimeSpan ShortestRefill = TimeSpan.FromMilliseconds(10);

    private volatile bool _isRequired = options.Endpoints.Any(endpoint => !IPAddress.IsLoopback(endpoint.Address));

    private readonly ConcurrentDictionary<(string Name, int Rate), RateLimiter> _limiters = new();

    /// <summary>
    /// Whether requests need a key: where others reach the server always, else once there was one. A server whose last key was removed is
    /// open to nobody, rather than to everybody.
    /// </summary>
    public bool IsRequired => _isRequired |= HasKeys();

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var needed = context.GetEndpoint()?.Metadata.GetMetadata<Needs>()?.Scope ?? ScopeOf(context.Request.Method);
        if (needed != KeyScope.None && IsRequired)
        {
            var key = keys.Find(TextOf(context.Request) ?? "") ?? throw Unknown(context);
            var caller = Caller.Of(key);
            context.User = new ClaimsPrincipal(new CallerIdentity(caller));
            if (key.Scope < needed)
            {
                throw new ApiException(403, "scope_missing", $"The key '{key.Name}' may not do this: it needs the scope {Name(needed)}.");
            }

            if (!caller.SeesAll && context.GetEndpoint()?.Metadata.GetMetadata<TellsKeysApart>() is null)
            {
                throw new ApiException(
                    403,
                    "own_videos_only",
                    $"The key '{key.Name}' sees its own videos alone, and {context.Request.Path} does not tell keys apart."
                );
            }

            RequireRate(key);
        }

        return next(context);
    }

    /// <summary>Ends the counting.</summary>
    public void Dispose()
    {
        foreach (var limiter in _limiters.Values)
        {
            limiter.Dispose();
        }
    }

    private bool HasKeys()
    {
        try
        {
            return keys.All().Count > 0;
        }
        catch (InvalidDataException exception)
        {
            throw new ApiException(503, "unavailable", "The server cannot read its keys: nobody gets in until it can.", cause: exception);
        }
    }

    /// <summary>How a key's requests come back: so many each time, after so long.</summary>
    /// <param name="rate">Its requests a minute.</param>
    public static (int Requests, TimeSpan Every) RefillOf(int rate)
    {
        var requests = (int)Math.Ceiling(rate * ShortestRefill.TotalMinutes);
        return (requests, TimeSpan.FromMinutes((double)requests / rate));
    }

    private void RequireRate(ApiKey key)
    {
        if (key.RequestsPerMinute is not { } rate)
        {
            return;
        }

        var limiter = _limiters.GetOrAdd(
            (key.Name, rate),
            static one =>
            {
                var (requests, every) = RefillOf(one.Rate);
                return new TokenBucketRateLimiter(
                    new TokenBucketRateLimiterOptions
                    {
                        TokenLimit = one.Rate,
                        TokensPerPeriod = requests,
                        ReplenishmentPeriod = every,
                        QueueLimit = 0,
                        AutoReplenishment = true,
                    }
                );
            }
        );
        using var lease = limiter.AttemptAcquire();
        if (!lease.IsAcquired)
        {
            throw new ApiException(429, "rate_limited", $"The key '{key.Name}' has {rate} requests a minute: ask less often.")
            {
                RetryAfter = lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromMinutes(1.0 / rate),
            };
        }
    }

    private static string? TextOf(HttpRequest request) =>
        request.Headers.Authorization.FirstOrDefault() is { } sent && sent.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? sent[Bearer.Length..].Trim()
            : request.Headers["X-Api-Key"].FirstOrDefault() ?? request.Cookies[Cookie];

    private static KeyScope ScopeOf(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) ? KeyScope.Read : KeyScope.Write;

    private static ApiException Unknown(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return new ApiException(401, "invalid_key", "This server asks for a key: send it as 'Authorization: Bearer KEY'.");
    }

    private static string Name(KeyScope scope) => scope.ToString().ToLowerInvariant();
}
