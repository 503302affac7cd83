using System.IO.Compression;

namespace WanSharp.Hosting.Installation;

/// <summary>
/// Takes the native libraries for one platform out of a package. Packages come from outside: names and sizes are not trusted.
/// </summary>
internal sealed class NativeArchive
{
    private const int MostFiles = 64;

    /// <summary>The most bytes that all libraries together may have once unpacked.</summary>
    public long LargestTotal { get; init; } = 8L << 30;

    /// <summary>Unpacks the files right in <c>runtimes/&lt;rid&gt;/native</c>, and nothing else.</summary>
    /// <param name="package">The package's file.</param>
    /// <param name="rid">The platform, such as "linux-x64".</param>
    /// <param name="folder">An empty folder.</param>
    /// <param name="cancellationToken">Stops between two blocks.</param>
    /// <returns>How many files there were.</returns>
    /// <exception cref="InvalidDataException">The package is damaged, names a file elsewhere, or is a bomb.</exception>
    public async Task<int> UnpackAsync(string package, string rid, string folder, CancellationToken cancellationToken)
    {
        var prefix = $"runtimes/{rid}/native/";
        var archive = await ZipFile.OpenReadAsync(package, cancellationToken).ConfigureAwait(false);
        await using var archiveEnd = archive.ConfigureAwait(false);
        var files = 0;
        long total = 0;
        foreach (
            var entry in archive.Entries.Where(entry =>
                entry.FullName.StartsWith(prefix, StringComparison.Ordinal) && entry.FullName.Length > prefix.Length
            )
        )
        {
            var name = entry.FullName[prefix.Length..];
            if (name is "." or ".." || name.AsSpan().ContainsAny("/\\:\0"))
            {
                throw new InvalidDataException(
                    $"{package} names a file outside its folder: '{entry.FullName}'. It is not a package of ONNX Runtime."
                );
            }

            if (++files > MostFiles)
            {
                throw new InvalidDataException($"{package} has more than {MostFiles} libraries: it is not a package of ONNX Runtime.");
            }

            var source = await entry.OpenAsync(cancellationToken).ConfigureAwait(false);
            await using var sourceEnd = source.ConfigureAwait(false);
            var target = new FileStream(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write);
            await using var targetEnd = target.ConfigureAwait(false);
            total += await CopyAsync(source, target, LargestTotal - total, package, cancellationToken).ConfigureAwait(false);
        }

        return files;
    }

    private static async Task<long> CopyAsync(
        Stream source,
        FileStream target,
        long most,
        string package,
        CancellationToken cancellationToken
    )
    {
        var buffer = new byte[1 << 16];
        long written = 0;
        int count;
        while ((count = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0) // what comes counts, not what the header says
        {
            written += count;
            if (written > most)
            {
                throw new InvalidDataException($"{package} unpacks to more than its limit: it is not a package of ONNX Runtime.");
            }

            await target.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
        }

        return written;
    }
}
