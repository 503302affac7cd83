using System.Security.Cryptography;
using WanSharp.Hosting.Downloads;
using WanSharp.Tensors;

namespace WanSharp.Hosting.Installation;

/// <summary>
/// Fetches a package in as many attempts as it takes: what an earlier one brought is kept and continued, and the whole is checked.
/// </summary>
/// <param name="http">Asks for it.</param>
/// <param name="clock">The clock.</param>
internal sealed class PackageDownload(HttpClient http, TimeProvider clock)
{
    /// <summary>The most bytes that a package may have.</summary>
    public long LargestPackage { get; init; } = 4L << 30;

    /// <summary>Brings a package into a file and checks it.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="sha512">What its SHA-512 is, in base 64.</param>
    /// <param name="file">Where it goes; may hold the beginning already.</param>
    /// <param name="progress">Receives how many bytes are there.</param>
    /// <param name="cancellationToken">Stops; what has come stays for the next attempt.</param>
    /// <exception cref="IOException">The source failed, or sent too much.</exception>
    /// <exception cref="InvalidDataException">The file is not the package; it is deleted.</exception>
    public async Task FetchAsync(Uri address, string sha512, string file, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        if (address.IsFile)
        {
            await CopyAsync(address.LocalPath, file, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            var options = new DownloadOptions { Longest = LargestPackage, Retries = 0 }; // another source may be asked instead
            await new FileDownload(options, clock)
                .FetchAsync(new AddressSource(http, address), file, progress is null ? null : new Total(file, progress), cancellationToken)
                .ConfigureAwait(false);
        }

        await CheckAsync(address, sha512, file, cancellationToken).ConfigureAwait(false);
    }

    private async Task CopyAsync(string source, string file, CancellationToken cancellationToken)
    {
        PartialFile.Delete(file);
        var (from, to) = (PlainFile.OpenRead(source), File.Create(file));
        await using (from.ConfigureAwait(false))
        await using (to.ConfigureAwait(false))
        {
            if (from.Length > LargestPackage)
            {
                throw new IOException($"{source} has more than {LargestPackage} bytes, more than any package that WanSharp installs.");
            }

            await from.CopyToAsync(to, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task CheckAsync(Uri address, string sha512, string file, CancellationToken cancellationToken)
    {
        string actual;
        var stream = PlainFile.OpenRead(file);
        await using (stream.ConfigureAwait(false))
        {
            actual = Convert.ToBase64String(await SHA512.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
        }

        if (actual != sha512)
        {
            PartialFile.Delete(file);
            throw new InvalidDataException(
                $"{address} is not the package that this version of WanSharp was tested with: its SHA-512 is {actual}, not {sha512}. "
                    + "It was deleted, and nothing was unpacked. Name another --source."
            );
        }
    }

    /// <summary>Adds up what comes to what is there.</summary>
    private sealed class Total(string file, IProgress<long> progress) : IProgress<long>
    {
        private long _count = PartialFile.CountOf(file);

        public void Report(long value) => progress.Report(Interlocked.Add(ref _count, value));
    }
}
