namespace WanSharp.Hosting.Outputs;

/// <summary>What is there of a repository.</summary>
/// <param name="Repository">The repository.</param>
/// <param name="Commits">Its commits that have files here.</param>
/// <param name="Bytes">Bytes of its contents.</param>
/// <param name="UnfinishedBytes">Bytes of files that have not come whole.</param>
public sealed record PulledRepositoryOutput(string Repository, IReadOnlyList<PulledCommitOutput> Commits, long Bytes, long UnfinishedBytes);
