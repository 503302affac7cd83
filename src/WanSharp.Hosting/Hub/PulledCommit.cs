namespace WanSharp.Hosting.Hub;

/// <summary>What is there of a commit. Immutable.</summary>
/// <param name="Commit">Its id.</param>
/// <param name="Revisions">The branches and tags that it was when they were asked for.</param>
/// <param name="Folder">Where its files are.</param>
/// <param name="Files">How many are there.</param>
/// <param name="Of">How many it has; null when that is not known here.</param>
public sealed record PulledCommit(string Commit, IReadOnlyList<string> Revisions, string Folder, int Files, int? Of);
