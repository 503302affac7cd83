using System.Net;
using WanSharp.Hosting.Downloads;
using WanSharp.Tensors;

namespace WanSharp.Hosting.Installation;

/// <summary>Installs a package for the current user, from the user's own package sources.</summary>
/// <param name="root">The user's folder for such packages.</param>
/// <param name="package">The package.</param>
/// <param name="clock">The clock. Default: the system's.</param>
public sealed class ExtraInstaller(string root, ExtraPackage package, TimeProvider? clock = null)
{
    private const long LargestDocument = 16 << 20;

    /// <summary>Finds the package, fetches what is not there yet, checks it and puts its files in place, all or nothing.</summary>
    /// <param name="sources">Folders and addresses, in the order to ask them.</param>
    /// <param name="progress">Receives how many bytes have been fetched.</param>
    /// <param name="cancellationToken">Cancels the installation; a later call resumes the download.</param>
    /// <returns>The file that the program loads or runs.</returns>
    /// <exception cref="IOException">No source has the package, or a source failed.</exception>
    /// <exception cref="InvalidDataException">The package is not what it should be.</exception>
    public async Task<string> InstallAsync(IReadOnlyList<string> sources, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(sources);
        using var handler = new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All };
        using var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = LargestDocument };
        var downloads = Directory.CreateDirectory(Path.Combine(root, "downloads")).FullName;
        var file = Path.Combine(downloads, $"{package.Id.Replace('/', '-')}.{package.Version}.part");
        await FetchAsync(sources, http, file, progress, cancellationToken).ConfigureAwait(false);
        await PlaceAsync(file, cancellationToken).ConfigureAwait(false);
        PartialFile.Delete(file);
        return package.FindIn(root)
            ?? throw new InvalidDataException($"{package.Id} {package.Version} has none of {string.Join(", ", package.Files)}.");
    }

    /// <summary>Asks the sources in turn: one that fails, or gives something else, does not keep the next from being asked.</summary>
    private async Task FetchAsync(
        IReadOnlyList<string> sources,
        HttpClient http,
        string file,
        IProgress<long>? progress,
        CancellationToken cancellationToken
    )
    {
        var failures = new List<Exception>();
        foreach (var source in sources)
        {
            try
            {
                var address = await PackageSource
                    .Open(source, package.Registry, http)
                    .FindAsync(package, cancellationToken)
                    .ConfigureAwait(false);
                if (address is not null)
                {
                    await new PackageDownload(http, clock ?? TimeProvider.System)
                        .FetchAsync(address, package.Sha512, file, progress, cancellationToken)
                        .ConfigureAwait(false);
                    return;
                }
            }
            catch (Exception exception) when (exception is IOException or InvalidDataException)
            {
                failures.Add(exception);
            }
        }

        throw failures switch
        {
            [(ServerAnswerException or { InnerException: HttpRequestException or HttpIOException }) and var only] => new IOException(
                $"{only.Message} Or {WayOut}.",
                only
            ),
            [var only] => only,
            [var first, ..] => new IOException($"{first.Message} {failures.Count - 1} other sources failed, too.", first),
            _ => new IOException(
                sources.Count == 0
                    ? $"No package source is configured: {WayOut}."
                    : $"No package source has {package.Id} {package.Version}: asked {string.Join(", ", sources)}. "
                        + $"{char.ToUpperInvariant(WayOut[0])}{WayOut[1..]}."
            ),
        };
    }

    private string WayOut =>
        package.Registry == PackageRegistry.Npm
            ? $"run `npm pack {package.Id}@{package.Version}` where npm reaches it, and name the folder with --source"
            : $"name an address, or a folder that has {package.Id}.{package.Version}.nupkg, with --source";

    private async Task PlaceAsync(string archive, CancellationToken cancellationToken)
    {
        var target = package.FolderIn(root);
        var parent = Directory.CreateDirectory(Path.GetDirectoryName(target)!).FullName;
        var unpacked = Directory.CreateDirectory(Path.Combine(parent, $".{Path.GetFileName(target)}.{Guid.NewGuid():N}")).FullName;
        try
        {
            if (await new PackageArchive().UnpackAsync(archive, package, unpacked, cancellationToken).ConfigureAwait(false) == 0)
            {
                throw new InvalidDataException($"{package.Id} {package.Version} has no files in {package.Folder}.");
            }

            AtomicFolder.Publish(unpacked, target);
        }
        catch when (Directory.Exists(unpacked))
        {
            Directory.Delete(unpacked, recursive: true);
            throw;
        }
    }
}
