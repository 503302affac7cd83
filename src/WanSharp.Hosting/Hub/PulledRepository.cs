namespace WanSharp.Hosting.Hub;

/// <summary>What is there of a repository. Immutable.</summary>
/// <param name="Repository">The repository.</param>
/// <param name="Commits">Its commits that have files here.</param>
/// <param name="Bytes">Bytes of its contents.</param>
/// <param name="Unfinished">Bytes of files that have not come whole.</param>
public sealed record PulledRepository(string Repository, IReadOnlyList<PulledCommit> Commits, long Bytes, long Unfinished);
