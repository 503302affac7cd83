using Microsoft.AspNetCore.Http;
using WanSharp.Server.Http;
using WanSharp.Server.Security;

namespace WanSharp.Server.Videos;

/// <summary>What a client sends with a request that it may send again, so that it is done once.</summary>
/// <param name="Owner">Whose it is, and of which route: another's key of the same text is another one.</param>
/// <param name="Text">The key.</param>
internal sealed record IdempotencyKey(string Owner, string Text)
{
    private const string Header = "Idempotency-Key";
    private const int Longest = 256;

    /// <summary>The key of a request; null where it brings none.</summary>
    /// <exception cref="ApiException">It is too long.</exception>
    public static IdempotencyKey? Of(HttpContext context) =>
        context.Request.Headers[Header].FirstOrDefault() is not { Length: > 0 } text ? null
        : text.Length > Longest ? throw ApiException.Invalid(Header, $"The {Header} is longer than {Longest} characters.")
        : new IdempotencyKey($"{Caller.Of(context).Name} {context.Request.Path}", text);

    /// <summary>Says that an answer is that of an earlier request.</summary>
    public static void Replayed(HttpContext context) => context.Response.Headers["Idempotent-Replayed"] = "true";
}
