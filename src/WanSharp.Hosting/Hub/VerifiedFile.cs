namespace WanSharp.Hosting.Hub;

/// <summary>What was found of a file. Immutable.</summary>
/// <param name="Repository">Its repository.</param>
/// <param name="Commit">Its commit; null when none is there.</param>
/// <param name="Name">Its path in the repository.</param>
/// <param name="Path">Where it is, or would be.</param>
/// <param name="Length">Its bytes; 0 when it is missing.</param>
/// <param name="Result">How it compares.</param>
/// <param name="Problem">What is wrong; null when nothing is.</param>
public sealed record VerifiedFile(
    string Repository,
    string? Commit,
    string Name,
    string Path,
    long Length,
    VerifyResult Result,
    string? Problem
);
