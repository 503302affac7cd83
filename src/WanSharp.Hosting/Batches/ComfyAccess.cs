using WanSharp.Jobs.Comfy;
using WanSharp.Tensors;

namespace WanSharp.Hosting.Batches;

/// <summary>
/// How to sign in at ComfyUI servers, and how long to wait for them. What signs in is for one run: nothing here is stored or
/// shown.
/// </summary>
public sealed record ComfyAccess
{
    /// <summary>The variable that holds a token, so that it is not in the list of processes.</summary>
    public const string TokenVariable = "WAN_COMFY_TOKEN";

    /// <summary>The variable that holds headers, one per line.</summary>
    public const string HeadersVariable = "WAN_COMFY_HEADERS";

    /// <summary>Nothing to sign in with.</summary>
    public static ComfyAccess None { get; } = new();

    /// <summary>How long to wait for servers; null for the default.</summary>
    public TimeSpan? Wait { get; init; }

    /// <summary>A token; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>Headers as they were typed.</summary>
    public IReadOnlyList<string> Headers { get; init; } = [];

    /// <summary>Whether an option asks for any of it.</summary>
    public bool IsAsked { get; init; }

    /// <summary>The servers as they were typed in this run, with a name and a password, say.</summary>
    public IReadOnlyList<ComfyAddress> Typed { get; init; } = [];

    /// <summary>The servers, with what signs in.</summary>
    /// <param name="stored">The servers of the batch.</param>
    /// <exception cref="InvalidRequestException">A header or the token is not one.</exception>
    public IReadOnlyList<ComfyAddress> Addresses(IReadOnlyList<Uri> stored) =>
        [
            .. (Typed.Count > 0 ? Typed : stored.Select(server => ComfyAddress.Parse(server.OriginalString)))
                .Select(address => Token is null ? address : address.WithToken(Token))
                .Select(address => address.WithHeaders(Headers)),
        ];

    /// <summary>Options that wait as long as was asked for.</summary>
    public ComfyBackendOptions Patience(ComfyBackendOptions options) =>
        Wait is { } wait ? options with { ServerWait = wait, FirstWait = wait } : options;

    /// <inheritdoc/>
    public override string ToString() => nameof(ComfyAccess);
}
