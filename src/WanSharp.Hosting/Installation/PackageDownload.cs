using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace WanSharp.Hosting.Installation;

/// <summary>
/// Fetches a file in as many attempts as it takes: what an earlier one brought is kept and continued, and the whole is checked.
/// </summary>
/// <param name="http">Asks for it.</param>
internal sealed class PackageDownload(HttpClient http)
{
    private const int BufferLength = 1 << 16;

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
        var target = new FileStream(file, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        await using (target.ConfigureAwait(false))
        {
            target.Seek(0, SeekOrigin.End);
            try
            {
                await (
                    address.IsFile
                        ? CopyAsync(address.LocalPath, target, progress, cancellationToken)
                        : DownloadAsync(address, target, progress, cancellationToken)
                ).ConfigureAwait(false);
            }
            catch (Exception e) when (e is HttpRequestException or HttpIOException)
            {
                throw new IOException(
                    $"{address} could not be fetched: {e.Message} Run the command again: it goes on from {target.Length} bytes.",
                    e
                );
            }
        }

        await CheckAsync(address, sha512, file, cancellationToken).ConfigureAwait(false);
    }

    private async Task CopyAsync(string source, FileStream target, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        target.SetLength(0);
        var stream = File.OpenRead(source);
        await using (stream.ConfigureAwait(false))
        {
            await AppendAsync(stream, target, progress, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task DownloadAsync(Uri address, FileStream target, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (target.Length > 0)
        {
            request.Headers.Range = new RangeHeaderValue(target.Length, null);
        }

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
            .ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return; // it is there already, or is something else: the check tells
        }

        response.EnsureSuccessStatusCode();
        if (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange?.From != target.Length)
        {
            target.SetLength(0); // the source sends all of it again
        }

        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            await AppendAsync(stream, target, progress, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task AppendAsync(Stream source, FileStream target, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferLength];
        int count;
        while ((count = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            if (target.Length + count > LargestPackage)
            {
                throw new IOException($"The package has more than {LargestPackage} bytes, more than any package that WanSharp installs.");
            }

            await target.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            progress?.Report(target.Length);
        }
    }

    private static async Task CheckAsync(Uri address, string sha512, string file, CancellationToken cancellationToken)
    {
        string actual;
        var stream = File.OpenRead(file);
        await using (stream.ConfigureAwait(false))
        {
            actual = Convert.ToBase64String(await SHA512.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
        }

        if (actual != sha512)
        {
            File.Delete(file);
            throw new InvalidDataException(
                $"{address} is not the package that this version of WanSharp was tested with: its SHA-512 is {actual}, not {sha512}. "
                    + "It was deleted, and nothing was unpacked. Name another --source."
            );
        }
    }
}
