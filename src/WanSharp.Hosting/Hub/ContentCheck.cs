using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using WanSharp.Models.Hub;

namespace WanSharp.Hosting.Hub;

/// <summary>Compares a file's bytes with what the hub says of them.</summary>
internal static class ContentCheck
{
    private const int BufferLength = 1 << 20;

    /// <summary>The digest by which the hub knows these bytes: SHA-256, or Git's SHA-1 of a blob.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isLarge">Whether SHA-256 is wanted.</param>
    /// <param name="progress">Receives how many bytes were read since the last report.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public static async Task<string> DigestAsync(string path, bool isLarge, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var stream = new FileStream(
            path,
            FileMode.Open,
            FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete,
            bufferSize: 0,
            FileOptions.SequentialScan | FileOptions.Asynchronous
        );
        await using (stream.ConfigureAwait(false))
        {
#pragma warning disable CA5350 // Git names small files so: an identity, not a protection.
            using var digest = IncrementalHash.CreateHash(isLarge ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
#pragma warning restore CA5350
            if (!isLarge)
            {
                digest.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {stream.Length}\0")));
            }

            var buffer = new byte[BufferLength];
            while (await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var count)
            {
                digest.AppendData(buffer, 0, count);
                progress?.Report(count);
            }

            return Convert.ToHexStringLower(digest.GetHashAndReset());
        }
    }

    /// <summary>Requires a file's bytes to be those of the list.</summary>
    /// <exception cref="InvalidDataException">They are not.</exception>
    public static async Task RequireAsync(string path, HubFile file, CancellationToken cancellationToken)
    {
        var actual = await DigestAsync(path, file.Sha256 is not null, progress: null, cancellationToken).ConfigureAwait(false);
        if (actual != file.ETag)
        {
            var kind = file.Sha256 is not null ? "SHA-256" : "Git's SHA-1";
            throw new InvalidDataException(
                $"What was received for {file.Path} is a different file: its {kind} is {actual}, not {file.ETag}. "
                    + "It was deleted; run the command again."
            );
        }
    }
}
