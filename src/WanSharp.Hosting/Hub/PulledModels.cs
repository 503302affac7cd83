using WanSharp.Hosting.Downloads;
using WanSharp.Models.Hub;
using WanSharp.Tensors;

namespace WanSharp.Hosting.Hub;

/// <summary>Says what is in a cache of Hugging Face's layout, whoever fetched it. Opens no connection.</summary>
/// <param name="cache">The cache.</param>
public sealed class PulledModels(HubCache cache)
{
    private const string UnfinishedEnd = ".incomplete";

    /// <summary>The repositories, by name.</summary>
    public IReadOnlyList<PulledRepository> List() => [.. cache.Repositories().Select(Describe)];

    private static PulledRepository Describe(HubRepositoryCache repository)
    {
        var revisions = Revisions(repository).ToLookup(one => one.Commit, one => one.Revision);
        List<PulledCommit> commits = [];
        var contents = new HashSet<string>(StringComparer.Ordinal);
        foreach (var commit in repository.Commits())
        {
            var folder = repository.SnapshotOf(commit);
            var files = SnapshotFiles.Of(folder);
            contents.UnionWith(files.Select(name => FileFacts.RealPath(repository.PathOf(commit, name))));
            commits.Add(
                new PulledCommit(
                    commit,
                    [.. revisions[commit].Order(StringComparer.Ordinal)],
                    folder,
                    files.Count,
                    repository.FilesOf(commit)?.Count
                )
            );
        }

        return new PulledRepository(
            repository.Repository,
            commits,
            contents.Where(File.Exists).Sum(path => FileFacts.Of(path).Length),
            Unfinished(repository.Blobs)
        );
    }

    private static IEnumerable<(string Revision, string Commit)> Revisions(HubRepositoryCache repository)
    {
        var refs = Path.Combine(repository.Folder, "refs");
        return Directory.Exists(refs)
            ? SnapshotFiles
                .Of(refs)
                .Select(name =>
                    (name, Commit: HubReference.Parse($"{repository.Repository}@{name}") is null ? null : repository.CommitOf(name))
                )
                .Where(one => one.Commit is not null)
                .Select(one => (one.name, one.Commit!))
            : [];
    }

    private static long Unfinished(string blobs) =>
        Directory.Exists(blobs) ? Directory.EnumerateFiles(blobs, "*" + UnfinishedEnd).Sum(PartialFile.Glance) : 0;
}
