using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace WanSharp.Server.Security;

/// <summary>Who asks, and what they may have.</summary>
/// <param name="Name">The name of the key; empty where none is asked for.</param>
internal sealed record Caller(string Name)
{
    /// <summary>Whoever asks a server without keys; and the server itself.</summary>
    public static Caller Anyone { get; } = new("");

    /// <summary>Whether videos of other keys are seen, too.</summary>
    public bool SeesAll { get; init; } = true;

    /// <summary>How many videos may wait or run at once; null for any number.</summary>
    public int? MostOpen { get; init; }

    /// <summary>How many videos may be asked for within 24 hours; null for any number.</summary>
    public int? MostPerDay { get; init; }

    /// <summary>How many bytes of files that they brought are kept at a time; null for any number.</summary>
    public long? MostUploadBytes { get; init; }

    /// <summary>Whose the videos are that are asked for; null for nobody's.</summary>
    public string? Owner => Name.Length > 0 ? Name : null;

    /// <summary>Whose videos are seen; null for everybody's.</summary>
    public string? Only => SeesAll ? null : Name;

    /// <summary>Who asks in a request.</summary>
    public static Caller Of(HttpContext context) => Of(context.User);

    /// <summary>Who a user is.</summary>
    public static Caller Of(ClaimsPrincipal? user) => (user?.Identity as CallerIdentity)?.Caller ?? Anyone;

    /// <summary>The caller of a key.</summary>
    public static Caller Of(ApiKey key) =>
        new(key.Name)
        {
            SeesAll = !key.Limits.OnlyOwn,
            MostOpen = key.Limits.MostOpen,
            MostPerDay = key.Limits.MostPerDay,
            MostUploadBytes = key.Limits.MostUploadBytes,
        };

    /// <summary>Whether a video of an owner is seen.</summary>
    public bool Sees(string? owner) => SeesAll || owner == Name;
}
