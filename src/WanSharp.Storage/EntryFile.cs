using System.Text.Json.Serialization;
using WanSharp.Tensors;

namespace WanSharp.Storage;

/// <summary>A file of an entry.</summary>
/// <param name="Name">Its name in the entry's folder.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Start">SHA-256 of its first 64 KiB, hexadecimal.</param>
/// <param name="Whole">SHA-256 of all of it.</param>
/// <param name="Written">When it was written, in ticks of UTC: a file that was written to since is read whole. Null in manifests that
/// do not say.</param>
internal sealed record EntryFile(
    string Name,
    long Bytes,
    string Start,
    string Whole,
    [property: JsonPropertyOrder(-1)] long? Written = null
)
{
    private const int StartLength = 64 << 10;

    /// <summary>Whether the name is one of a file in the folder: manifests may come from strangers.</summary>
    [JsonIgnore]
    public bool IsPlain => Name is { Length: > 0 } and not "." and not ".." && Name.IndexOfAny(Path.GetInvalidFileNameChars()) < 0;

    public static EntryFile Describe(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        DurableFiles.Flush(stream);
        var written = File.GetLastWriteTimeUtc(stream.SafeFileHandle).Ticks;
        return new EntryFile(
            Path.GetFileName(path),
            stream.Length,
            DigestOf(stream, StartLength, default),
            DigestOf(stream, stream.Length, default),
            written
        );
    }

    public bool Fits(string path, EntryCheck check, CancellationToken cancellationToken)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            return stream.Length == Bytes
                && (
                    check == EntryCheck.Start && (Written is null || Written == File.GetLastWriteTimeUtc(stream.SafeFileHandle).Ticks)
                        ? DigestOf(stream, StartLength, cancellationToken) == Start
                        : DigestOf(stream, stream.Length, cancellationToken) == Whole
                );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    public bool Fits(byte[] content) => content.LongLength == Bytes && Digests.OfBytes(content) == Whole;

    /// <summary>The digest of a file from its beginning, up to a length.</summary>
    private static string DigestOf(FileStream stream, long length, CancellationToken cancellationToken)
    {
        stream.Position = 0;
        return Digests.OfStream(stream, length, read: null, cancellationToken);
    }
}
