namespace WanSharp.Server.Contract;

/// <summary>Whether the server lives, or is ready for requests, and why not.</summary>
internal sealed record HealthObject(string Status, string? Reason);
