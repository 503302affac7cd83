using System.Formats.Tar;
using System.IO.Compression;
using WanSharp.Tensors;

namespace WanSharp.Hosting.Installation;

/// <summary>
/// Takes the files of one folder out of a package. Packages come from outside: names and sizes are not trusted, though the content
/// was checked before.
/// </summary>
internal sealed class PackageArchive
{
    private const int MostFiles = 64;
    private const UnixFileMode Program =
        UnixFileMode.UserRead
        | UnixFileMode.UserWrite
        | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherExecute;

    /// <summary>The most bytes that all files together may have once unpacked.</summary>
    public long LargestTotal { get; init; } = 8L << 30;

    /// <summary>Unpacks the files right in the package's folder, and nothing else.</summary>
    /// <param name="file">The package's file.</param>
    /// <param name="package">What it is.</param>
    /// <param name="folder">An empty folder.</param>
    /// <param name="cancellationToken">Stops between two blocks.</param>
    /// <returns>How many files there were.</returns>
    /// <exception cref="InvalidDataException">The package is damaged, names a file elsewhere, or is a bomb.</exception>
    public async Task<int> UnpackAsync(string file, ExtraPackage package, string folder, CancellationToken cancellationToken)
    {
        var place = new Place(this, file, package, folder);
        await (
            package.Registry == PackageRegistry.Npm
                ? UnpackTarAsync(file, place, cancellationToken)
                : UnpackZipAsync(file, place, cancellationToken)
        ).ConfigureAwait(false);
        return place.Files;
    }

    private static async Task UnpackZipAsync(string file, Place place, CancellationToken cancellationToken)
    {
        var archive = await ZipFile.OpenReadAsync(file, cancellationToken).ConfigureAwait(false);
        await using (archive.ConfigureAwait(false))
        {
            foreach (var entry in archive.Entries)
            {
                if (place.NameOf(entry.FullName) is { } name)
                {
                    var source = await entry.OpenAsync(cancellationToken).ConfigureAwait(false);
                    await using (source.ConfigureAwait(false))
                    {
                        await place.WriteAsync(name, source, isProgram: false, cancellationToken).ConfigureAwait(false);
                    }
                }
            }
        }
    }

    private static async Task UnpackTarAsync(string file, Place place, CancellationToken cancellationToken)
    {
        var packed = PlainFile.OpenRead(file);
        await using (packed.ConfigureAwait(false))
        {
            var gzip = new GZipStream(packed, CompressionMode.Decompress);
            await using (gzip.ConfigureAwait(false))
            {
                var tar = new TarReader(gzip);
                await using (tar.ConfigureAwait(false))
                {
                    while (await tar.GetNextEntryAsync(copyData: false, cancellationToken).ConfigureAwait(false) is { } entry)
                    {
                        var isFile = entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile;
                        if (isFile && entry.DataStream is { } data && place.NameOf(entry.Name) is { } name)
                        {
                            await place
                                .WriteAsync(name, data, entry.Mode.HasFlag(UnixFileMode.UserExecute), cancellationToken)
                                .ConfigureAwait(false);
                        }
                    }
                }
            }
        }
    }

    /// <summary>Where the files go, and what has come so far.</summary>
    private sealed class Place(PackageArchive limits, string file, ExtraPackage package, string folder)
    {
        private long _total;

        public int Files { get; private set; }

        /// <summary>The name of a file that is wanted; null for others.</summary>
        public string? NameOf(string path)
        {
            if (
                !path.StartsWith(package.Folder, StringComparison.Ordinal)
                || path.Length == package.Folder.Length
                || package.LeftOut.Any(end => path.EndsWith(end, StringComparison.Ordinal))
            )
            {
                return null;
            }

            var name = path[package.Folder.Length..];
            return name is "." or ".." || name.AsSpan().ContainsAny("/\\:\0")
                ? throw new InvalidDataException($"{file} names a file outside its folder: '{path}'. It is not {package.Id}.")
                : name;
        }

        public async Task WriteAsync(string name, Stream source, bool isProgram, CancellationToken cancellationToken)
        {
            if (++Files > MostFiles)
            {
                throw new InvalidDataException($"{file} has more than {MostFiles} files: it is not {package.Id}.");
            }

            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (isProgram && !OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = Program;
            }

            var target = new FileStream(Path.Combine(folder, name), options);
            await using (target.ConfigureAwait(false))
            {
                var buffer = new byte[1 << 16];
                int count;
                while ((count = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0) // what comes counts
                {
                    _total += count;
                    if (_total > limits.LargestTotal)
                    {
                        throw new InvalidDataException($"{file} unpacks to more than its limit: it is not {package.Id}.");
                    }

                    await target.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }
}
