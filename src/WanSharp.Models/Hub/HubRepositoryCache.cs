using WanSharp.Tensors;

namespace WanSharp.Models.Hub;

/// <summary>
/// A repository in a cache folder of Hugging Face's layout: contents in <c>blobs</c>, links to them by commit in <c>snapshots</c>, names
/// of commits in <c>refs</c>, lists of files in <c>trees</c>. Source: huggingface_hub's <c>file_download.py</c>.
/// </summary>
internal sealed class HubRepositoryCache
{
    private const int LongestRef = 200;
    private readonly string _locks;

    public HubRepositoryCache(string root, string repository)
    {
        (Repository, Folder) = (repository, Path.Combine(root, NameOf(repository)));
        _locks = Path.Combine(root, ".locks", NameOf(repository));
    }

    /// <summary>The repository: <c>ORG/NAME</c>.</summary>
    public string Repository { get; }

    /// <summary>Its folder.</summary>
    public string Folder { get; }

    /// <summary>Where contents are.</summary>
    public string Blobs => Path.Combine(Folder, "blobs");

    /// <summary>Where each commit has a folder.</summary>
    public string Snapshots => Path.Combine(Folder, "snapshots");

    /// <summary>The commits that have files, in the order of their ids.</summary>
    public IReadOnlyList<string> Commits() =>
        Directory.Exists(Snapshots)
            ?
            [
                .. Directory
                    .EnumerateDirectories(Snapshots)
                    .Select(folder => Path.GetFileName(folder))
                    .Where(HubReference.IsCommitId)
                    .Order(StringComparer.Ordinal),
            ]
            : [];

    /// <summary>The commit that a revision was when its files were fetched; null when that is not known here.</summary>
    public string? CommitOf(string revision)
    {
        ArgumentNullException.ThrowIfNull(revision);
        if (HubReference.IsCommitId(revision))
        {
            return revision;
        }

        var path = HubPath.In(Path.Combine(Folder, "refs"), revision);
        var text = File.Exists(path) && FileFacts.Of(path).Length < LongestRef ? PlainFile.ReadAllText(path).Trim() : "";
        return HubReference.IsCommitId(text) ? text : null;
    }

    /// <summary>The folder with a commit's files.</summary>
    public string SnapshotOf(string commit) => Path.Combine(Snapshots, commit);

    /// <summary>
    /// The commit that has all of some files: the revision's, or else, for <c>main</c>, the newest that has. A pull of other files of the
    /// repository moves <c>main</c> and leaves these where they are.
    /// </summary>
    /// <param name="revision">The revision.</param>
    /// <param name="files">The files' paths in the repository.</param>
    /// <returns>The commit; the revision's where none has them all, and null where that is not known either.</returns>
    public string? CommitWith(string revision, IReadOnlyList<string> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var asked = CommitOf(revision);
        if (revision != HubReference.MainRevision || (asked is not null && HasAll(asked)))
        {
            return asked;
        }

        return NewestFirst().FirstOrDefault(HasAll) ?? asked;

        bool HasAll(string commit) => files.All(file => File.Exists(PathOf(commit, file)));
    }

    /// <summary>The commits that have files, that of <c>main</c> first, then the newest; none where the folder cannot be read.</summary>
    public IReadOnlyList<string> NewestFirst()
    {
        try
        {
            var main = CommitOf(HubReference.MainRevision);
            return Directory.Exists(Snapshots)
                ?
                [
                    .. new DirectoryInfo(Snapshots)
                        .EnumerateDirectories()
                        .OrderByDescending(folder => folder.Name == main)
                        .ThenByDescending(folder => folder.LastWriteTimeUtc)
                        .ThenBy(folder => folder.Name, StringComparer.Ordinal)
                        .Select(folder => folder.Name),
                ]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The place of a file of a commit, whether or not it exists.</summary>
    public string PathOf(string commit, string path) => HubPath.In(SnapshotOf(commit), path);

    /// <summary>The place of a content, whether or not it exists.</summary>
    public string BlobOf(HubFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Path.Combine(Blobs, file.ETag);
    }

    /// <summary>The file that whoever fetches a content holds alone.</summary>
    public string LockOf(HubFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Path.Combine(_locks, file.ETag + ".lock");
    }

    /// <summary>The list of a commit's files; null when it was never fetched.</summary>
    public IReadOnlyList<HubFile>? FilesOf(string commit) => HubTree.Read(TreeOf(commit));

    /// <summary>Keeps the list of a commit's files.</summary>
    public void KeepFiles(string commit, IEnumerable<HubFile> files) => HubTree.Write(TreeOf(commit), files);

    /// <summary>Notes which commit a revision is.</summary>
    public void KeepCommit(string revision, string commit)
    {
        ArgumentNullException.ThrowIfNull(revision);
        if (!HubReference.IsCommitId(revision) && CommitOf(revision) != commit)
        {
            HubText.Write(HubPath.In(Path.Combine(Folder, "refs"), revision), commit);
        }
    }

    /// <summary>Whether a file of a commit exists at its full length.</summary>
    public bool Has(string commit, HubFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var path = PathOf(commit, file.Path);
        return File.Exists(path) && FileFacts.Of(path).Length == file.Length;
    }

    internal static string NameOf(string repository) => $"models--{repository.Replace("/", "--", StringComparison.Ordinal)}";

    private string TreeOf(string commit) => Path.Combine(Folder, "trees", $"{commit}.json");
}
