using System.Globalization;
using System.Runtime.CompilerServices;
using WanSharp.Hosting.Downloads;
using WanSharp.Models.Hub;
using WanSharp.Tensors;

namespace WanSharp.Hosting.Hub;

/// <summary>
/// Reads every byte of what was pulled, and compares digests with the hub's: from the list that a pull keeps, or from the content's name,
/// which is its digest. Opens a connection only where it may.
/// </summary>
/// <param name="options">Where the cache is.</param>
/// <param name="clock">The clock.</param>
public sealed class ModelVerify(HubOptions options, TimeProvider clock)
{
    private readonly HubCache _cache = new(options.CacheFolder);
    private readonly Dictionary<string, string> _digests = []; // by real path: several snapshots share contents

    /// <summary>Whether the hub may be asked for lists that are not here. Default: false.</summary>
    public bool MayAsk { get; init; }

    /// <summary>The repositories that are there, at each of their commits.</summary>
    public IEnumerable<PullRequest> Everything() =>
        from repository in _cache.Repositories()
        from commit in repository.Commits()
        select new PullRequest(repository.Repository, new HubReference(repository.Repository, commit), []);

    /// <summary>Compares the files of a repository that are there, and those that are named.</summary>
    /// <param name="request">The repository at a revision, and the files that must be there.</param>
    /// <param name="progress">Receives how many bytes were read since the last report.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="CheckpointException">Nothing of it is there.</exception>
    /// <exception cref="IOException">A file cannot be read, or the hub cannot be asked.</exception>
    public async IAsyncEnumerable<VerifiedFile> VerifyAsync(
        PullRequest request,
        IProgress<long>? progress,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        var reference = request.Reference;
        var repository = _cache.Of(reference.Repository);
        var commit = repository.CommitOf(reference.Revision);
        if (commit is null || !Directory.Exists(repository.SnapshotOf(commit)))
        {
            throw new CheckpointException(
                request.Name,
                $"nothing of {reference} is in {_cache.Folder}. To download it: wan models pull {request.Name}."
            );
        }

        var listed = (await ListAsync(repository, reference, commit, cancellationToken).ConfigureAwait(false)).ToDictionary(file =>
            file.Path
        );
        var there = SnapshotFiles.Of(repository.SnapshotOf(commit));
        var wanted = request.Patterns.Count == 0 ? there : there.Where(name => HubPath.Matches(name, request.Patterns));
        foreach (var name in wanted)
        {
            var path = repository.PathOf(commit, name);
            yield return await CompareAsync(
                    repository.Repository,
                    commit,
                    name,
                    path,
                    listed.GetValueOrDefault(name),
                    progress,
                    cancellationToken
                )
                .ConfigureAwait(false);
        }

        foreach (var pattern in request.Patterns.Where(pattern => !there.Any(name => HubPath.Matches(name, [pattern]))))
        {
            yield return new VerifiedFile(
                repository.Repository,
                commit,
                pattern,
                repository.PathOf(commit, pattern),
                0,
                VerifyResult.Missing,
                $"it is missing: wan models pull {request.Name}"
            );
        }
    }

    /// <summary>Removes a file that is damaged, so that the next pull brings it again.</summary>
    public static void Remove(VerifiedFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        File.Delete(FileFacts.RealPath(file.Path));
        File.Delete(file.Path);
    }

    private async Task<IReadOnlyList<HubFile>> ListAsync(
        HubRepositoryCache repository,
        HubReference reference,
        string commit,
        CancellationToken cancellationToken
    )
    {
        if (repository.FilesOf(commit) is { } files)
        {
            return files;
        }

        if (!MayAsk)
        {
            return [];
        }

        using var client = new HubClient(options, new DownloadOptions(), clock);
        files = await client.ListAsync(reference, commit, cancellationToken).ConfigureAwait(false);
        repository.KeepFiles(commit, files);
        return files;
    }

    private async Task<VerifiedFile> CompareAsync(
        string repository,
        string commit,
        string name,
        string path,
        HubFile? listed,
        IProgress<long>? progress,
        CancellationToken cancellationToken
    )
    {
        var real = FileFacts.RealPath(path);
        var length = File.Exists(real) ? FileFacts.Of(real).Length : 0;
        var expected = listed?.ETag ?? (HubETag.IsOne(Path.GetFileName(real)) ? Path.GetFileName(real) : null);
        var (result, problem) =
            !File.Exists(real) ? (VerifyResult.Missing, "its content is missing")
            : expected is null ? (VerifyResult.Unknown, "its digest is not known locally; --online asks the hub")
            : listed is not null && listed.Length != length
                ? (VerifyResult.Damaged, string.Create(CultureInfo.InvariantCulture, $"it has {length} bytes instead of {listed.Length}"))
            : await DigestOfAsync(real, expected.Length == 64, progress, cancellationToken).ConfigureAwait(false) is var actual
            && actual == expected
                ? (VerifyResult.Right, (string?)null)
            : (VerifyResult.Damaged, $"its digest is {actual} instead of {expected}");
        return new VerifiedFile(repository, commit, name, path, length, result, problem);
    }

    private async Task<string> DigestOfAsync(string path, bool isLarge, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        if (!_digests.TryGetValue(path, out var digest))
        {
            digest = await ContentCheck.DigestAsync(path, isLarge, progress, cancellationToken).ConfigureAwait(false);
            _digests[path] = digest;
        }

        return digest;
    }
}
