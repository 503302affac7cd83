namespace WanSharp.Testing.Hub;

/// <summary>What a hub was asked.</summary>
/// <param name="IsHub">Whether it was the hub itself, rather than the host that it redirects to.</param>
/// <param name="Path">The path.</param>
/// <param name="Range">The bytes that were asked for, or nothing.</param>
/// <param name="Authorization">Who asks, or nothing.</param>
/// <param name="Sent">Bytes of a file that were sent.</param>
/// <param name="Signature">What the address was signed with, or nothing.</param>
public sealed record HubRequest(bool IsHub, string Path, string Range, string Authorization, long Sent, string Signature);
