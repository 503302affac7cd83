using System.Text.RegularExpressions;

namespace WanSharp.Models.Hub;

/// <summary>A repository of a model hub at a revision, written <c>ORG/NAME</c> or <c>ORG/NAME@REVISION</c>.</summary>
/// <param name="Repository">The repository: <c>ORG/NAME</c>.</param>
/// <param name="Revision">A branch, a tag or a commit.</param>
public sealed partial record HubReference(string Repository, string Revision = HubReference.MainRevision)
{
    /// <summary>The revision that a reference without one means.</summary>
    public const string MainRevision = "main";

    /// <summary>Whether the revision is a commit, which never changes.</summary>
    public bool IsCommit => IsCommitId(Revision);

    /// <summary>Reads a reference.</summary>
    /// <returns>The reference, or null when the text is none.</returns>
    public static HubReference? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (repository, revision) = text.Split('@', 2) is [var name, var given] ? (name, given) : (text, MainRevision);
        return IsRepository(repository) && IsRevision(revision) ? new HubReference(repository, revision) : null;
    }

    /// <summary>Whether a text is a commit's full id.</summary>
    internal static bool IsCommitId(string text) => CommitId().IsMatch(text);

    /// <summary>Whether a text can name a repository: what huggingface_hub's validate_repo_id accepts, with an owner.</summary>
    internal static bool IsRepository(string text) =>
        Names().IsMatch(text)
        && !text.Contains("--", StringComparison.Ordinal)
        && !text.Contains("..", StringComparison.Ordinal)
        && !text.EndsWith(".git", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Revision == MainRevision ? Repository : $"{Repository}@{Revision}";

    private static bool IsRevision(string text) =>
        Revisions().IsMatch(text)
        && text.Split('/').All(part => part is not ("" or "." or "..") && !part.EndsWith(".tmp", StringComparison.Ordinal));

    [GeneratedRegex("^[0-9a-f]{40}$")]
    private static partial Regex CommitId();

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}$")]
    private static partial Regex Names();

    [GeneratedRegex(@"^[A-Za-z0-9_.+#/-]{1,200}$")]
    private static partial Regex Revisions();
}
