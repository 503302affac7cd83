namespace WanSharp.Hosting.Outputs;

/// <summary>How a pulled file compares with what the hub says of it.</summary>
/// <param name="Repository">Its repository.</param>
/// <param name="Commit">Its commit; null when none is there.</param>
/// <param name="Name">Its path in the repository.</param>
/// <param name="Path">Where it is, or would be.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="Result"><c>right</c>, <c>damaged</c>, <c>missing</c> or <c>unknown</c>.</param>
/// <param name="Problem">What is wrong; null when nothing is.</param>
/// <param name="Removed">Whether it was removed.</param>
public sealed record VerifiedFileOutput(
    string Repository,
    string? Commit,
    string Name,
    string Path,
    long Bytes,
    string Result,
    string? Problem,
    bool Removed
);
