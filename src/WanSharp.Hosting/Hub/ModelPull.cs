using WanSharp.Hosting.Downloads;
using WanSharp.Models.Hub;
using WanSharp.Tensors;

namespace WanSharp.Hosting.Hub;

/// <summary>
/// Brings files of a repository into the cache that all programs for Hugging Face's hub share. Several processes may pull at once: a file
/// gets its name when it is whole and its digest is right.
/// </summary>
/// <param name="options">Where from and where to.</param>
/// <param name="clock">The clock.</param>
public sealed class ModelPull(HubOptions options, TimeProvider clock)
{
    private const int FilesAtOnce = 4;
    private const int ConnectionsOfAFile = 4;
    private const int MostConnections = 8;

    /// <summary>How files are fetched.</summary>
    internal DownloadOptions Download { get; init; } = new() { Connections = ConnectionsOfAFile };

    /// <summary>How many bytes a folder has room for.</summary>
    internal Func<string, long> FreeSpace { get; init; } = folder => new DriveInfo(folder).AvailableFreeSpace;

    /// <summary>Says what a pull would bring, and fetches nothing but lists.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="IOException">The hub cannot be reached, or has no such files.</exception>
    /// <exception cref="InvalidRequestException">A pattern matches no file.</exception>
    public async Task<PulledModel> PlanAsync(PullRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var client = new Lazily(() => new HubClient(options, Download, clock));
        return (await PlanAsync(request, client, cancellationToken).ConfigureAwait(false)).Model;
    }

    /// <summary>Brings what is missing.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="progress">Receives the progress, on any thread, one report at a time.</param>
    /// <param name="cancellationToken">Cancels the pull; a later call resumes where this one ended.</param>
    /// <exception cref="IOException">The hub failed, has no such files, or the disk has no room.</exception>
    /// <exception cref="InvalidDataException">What came is not what the hub lists; it was deleted.</exception>
    /// <exception cref="InvalidRequestException">A pattern matches no file.</exception>
    public async Task<PulledModel> PullAsync(PullRequest request, IProgress<PullProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var client = new Lazily(() => new HubClient(options, Download, clock));
        var (model, files) = await PlanAsync(request, client, cancellationToken).ConfigureAwait(false);
        var repository = new HubCache(options.CacheFolder).Of(request.Reference.Repository);
        RequireRoom(model.Missing);
        using var gate = new SemaphoreSlim(MostConnections);
        var download = new FileDownload(Download with { Gate = gate }, clock);
        var counter = new PullCounter(model, progress);
        await Parallel
            .ForEachAsync(
                files.Where(file => !repository.Has(model.Commit, file)).OrderByDescending(file => file.Length),
                new ParallelOptions { MaxDegreeOfParallelism = FilesAtOnce, CancellationToken = cancellationToken },
                async (file, stop) =>
                {
                    var blob = new BlobFetch(repository, download, options.MayLink, clock);
                    await blob.BringAsync(model.Commit, file, () => client.Value.Open(request.Reference, model.Commit, file), counter, stop)
                        .ConfigureAwait(false);
                }
            )
            .ConfigureAwait(false);
        repository.KeepCommit(request.Reference.Revision, model.Commit);
        return model;
    }

    private async Task<(PulledModel Model, IReadOnlyList<HubFile> Files)> PlanAsync(
        PullRequest request,
        Lazily client,
        CancellationToken cancellationToken
    )
    {
        var reference = request.Reference;
        var repository = new HubCache(options.CacheFolder).Of(reference.Repository);
        var known = reference.IsCommit || options.IsOffline ? repository.CommitOf(reference.Revision) : null;
        var commit = known ?? await client.Value.ResolveAsync(reference, cancellationToken).ConfigureAwait(false);
        var files = repository.FilesOf(commit);
        if (files is null)
        {
            files = await client.Value.ListAsync(reference, commit, cancellationToken).ConfigureAwait(false);
            repository.KeepFiles(commit, files);
        }

        List<HubFile> chosen = [.. Choose(request, files).OrderBy(file => file.Path, StringComparer.Ordinal)];
        var pulled = chosen.Select(file => new PulledFile(
            file.Path,
            repository.PathOf(commit, file.Path),
            file.Length,
            repository.Has(commit, file) ? 0 : file.Length - BlobFetch.CountOf(repository, file)
        ));
        return (new PulledModel(reference, commit, repository.SnapshotOf(commit), [.. pulled]), chosen);
    }

    private static IEnumerable<HubFile> Choose(PullRequest request, IReadOnlyList<HubFile> files)
    {
        if (request.Patterns.FirstOrDefault(pattern => !files.Any(file => HubPath.Matches(file.Path, [pattern]))) is { } unmatched)
        {
            throw new InvalidRequestException(
                "files",
                $"{request.Reference} has no file '{unmatched}'.{NearestName.Hint(unmatched, files.Select(file => file.Path))} "
                    + $"It has {files.Count}: {string.Join(", ", files.Take(8).Select(file => file.Path))}"
                    + (files.Count > 8 ? " and others." : ".")
            );
        }

        return request.Patterns.Count == 0 ? files : files.Where(file => HubPath.Matches(file.Path, request.Patterns));
    }

    private void RequireRoom(long missing)
    {
        var folder = Path.GetFullPath(options.CacheFolder);
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } parent)
        {
            folder = parent;
        }

        if (FreeSpace(folder) is var free && free < missing)
        {
            throw new IOException(
                $"{ByteSize.Text(missing)} are missing, and {options.CacheFolder} has room for {ByteSize.Text(free)}: "
                    + "make room, or set HF_HUB_CACHE to a folder on another disk."
            );
        }
    }

    /// <summary>Connects when it is first needed: what is there already needs no hub.</summary>
    private sealed class Lazily(Func<HubClient> open) : IDisposable
    {
        private readonly Lazy<HubClient> _client = new(open);

        public HubClient Value => _client.Value;

        public void Dispose()
        {
            if (_client.IsValueCreated)
            {
                _client.Value.Dispose();
            }
        }
    }
}
