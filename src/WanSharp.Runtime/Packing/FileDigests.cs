using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace WanSharp.Runtime.Packing;

/// <summary>
/// SHA-256 of files, noted in a folder so that gigabytes are read once: a file of the same path, length and time of its
/// last change is taken to have the same content.
/// </summary>
/// <param name="folder">Where the notes are; made when the first one is.</param>
internal sealed class FileDigests(string folder)
{
    /// <summary>The digest of several files together, in their order, in lower-case hexadecimal.</summary>
    public string Of(IEnumerable<string> paths, CancellationToken cancellationToken)
    {
        var digests = string.Join('\n', paths.Select(path => Of(path, cancellationToken)));
        return Hex(Encoding.UTF8.GetBytes(digests));
    }

    private string Of(string path, CancellationToken cancellationToken)
    {
        var file = new FileInfo(path);
        var identity = string.Create(CultureInfo.InvariantCulture, $"{file.FullName}\n{file.Length}\n{file.LastWriteTimeUtc.Ticks}");
        var note = Path.Combine(folder, Hex(Encoding.UTF8.GetBytes(identity)));
        if (File.Exists(note) && File.ReadAllText(note) is { Length: 2 * SHA256.HashSizeInBytes } known)
        {
            return known;
        }

        var digest = Read(path, cancellationToken);
        TryWrite(note, digest);
        return digest;
    }

    private void TryWrite(string note, string digest)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var partial = $"{note}.{Path.GetRandomFileName()}.partial";
            File.WriteAllText(partial, digest);
            File.Move(partial, note, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A folder that cannot be written: the file is read again the next time.
        }
    }

    private static string Read(string path, CancellationToken cancellationToken)
    {
        const int ChunkLength = 1 << 20;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var chunk = new byte[ChunkLength];
        while (stream.Read(chunk) is > 0 and var length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            digest.AppendData(chunk, 0, length);
        }

        return Convert.ToHexStringLower(digest.GetHashAndReset());
    }

    private static string Hex(byte[] text) => Convert.ToHexStringLower(SHA256.HashData(text));
}
