using System.Security.Cryptography;
using System.Text;

namespace WanSharp.Storage;

/// <summary>SHA-256 in lower-case hexadecimal: what names things by their content.</summary>
public static class Digests
{
    /// <summary>The length of a digest, in digits.</summary>
    public const int Length = 2 * SHA256.HashSizeInBytes;

    private const int ChunkLength = 1 << 20;

    /// <summary>The digest of a text, as UTF-8.</summary>
    /// <param name="text">The text.</param>
    public static string OfText(string text) => OfBytes(Encoding.UTF8.GetBytes(text));

    /// <summary>The digest of bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    public static string OfBytes(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>The digest of several texts, each in its place: "ab" and "c" give another one than "a" and "bc".</summary>
    /// <param name="parts">The texts.</param>
    public static string OfParts(params IEnumerable<string> parts) => OfDigests(parts.Select(OfText));

    /// <summary>The digest of several digests, each in its place.</summary>
    /// <param name="digests">The digests, hexadecimal.</param>
    public static string OfDigests(IEnumerable<string> digests)
    {
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var digest in digests)
        {
            all.AppendData(Convert.FromHexString(digest));
        }

        return Convert.ToHexStringLower(all.GetHashAndReset());
    }

    /// <summary>The digest of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static async Task<string> OfFileAsync(string path, CancellationToken cancellationToken)
    {
        var file = new FileStream(
            path,
            FileMode.Open,
            FileAccess.Read,
            FileShare.Read,
            bufferSize: 0,
            FileOptions.SequentialScan | FileOptions.Asynchronous
        );
        await using (file.ConfigureAwait(false))
        {
            return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken).ConfigureAwait(false));
        }
    }

    /// <summary>The digest of a stream from where it stands, up to a length or its end.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="longest">The most bytes to read.</param>
    /// <param name="read">Called with the number of bytes of each piece that was read; null if not needed.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    internal static string OfStream(Stream stream, long longest, Action<long>? read, CancellationToken cancellationToken)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var chunk = new byte[Math.Min(ChunkLength, Math.Max(longest, 1))];
        while (longest > 0 && stream.Read(chunk, 0, (int)Math.Min(chunk.Length, longest)) is > 0 and var length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            digest.AppendData(chunk, 0, length);
            read?.Invoke(length);
            longest -= length;
        }

        return Convert.ToHexStringLower(digest.GetHashAndReset());
    }
}
