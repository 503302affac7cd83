namespace WanSharp.Server.Page;

/// <summary>How far a pull is.</summary>
/// <param name="Name">The alias.</param>
/// <param name="State">running, done, failed or cancelled.</param>
/// <param name="Done">Bytes that are there.</param>
/// <param name="Total">All bytes; 0 before they are known.</param>
/// <param name="File">The file that it is at.</param>
/// <param name="Error">Why it failed.</param>
internal sealed record PullObject(string Name, string State, long Done, long Total, string? File, string? Error);

/// <summary>The pulls of this run of the server.</summary>
internal sealed record PullList(IReadOnlyList<PullObject> Data);
