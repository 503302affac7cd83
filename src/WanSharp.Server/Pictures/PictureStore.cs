using WanSharp.Hosting;
using WanSharp.Media;
using WanSharp.Media.Images;
using WanSharp.Server.Http;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Server.Pictures;

/// <summary>
/// Keeps the pictures of requests as files named by their digests: what a client calls them is never a path, and one that comes again is
/// there already. Thread-safe.
/// </summary>
/// <param name="host">Where ffmpeg is, which reads TIFF.</param>
/// <param name="folder">Where the pictures are.</param>
/// <param name="fetch">Fetches those that are addresses.</param>
/// <param name="mostBytes">How many bytes of them there may be.</param>
internal sealed class PictureStore(WanHost host, string folder, PictureFetch fetch, long mostBytes)
{
    private const string Data = "data:";
    private const string Base64 = ";base64";

    /// <summary>The longest file of a picture.</summary>
    private const int MostBytes = 32 << 20;

    private readonly string? _ffmpeg = host.FindFfmpeg();

    /// <summary>Keeps a picture.</summary>
    /// <returns>Its file.</returns>
    /// <exception cref="ApiException">It is none, too large, or not to be had.</exception>
    public async Task<string> SaveAsync(PictureSource source, CancellationToken cancellationToken)
    {
        var content = await ReadAsync(source, cancellationToken).ConfigureAwait(false);
        var path = Path.Combine(folder, Digests.OfBytes(content));
        if (File.Exists(path))
        {
            File.SetLastWriteTimeUtc(path, host.Options.Clock.GetUtcNow().UtcDateTime); // whoever sweeps takes it for young
            return path;
        }

        DurableFiles.CreateFolder(folder);
        RequireRoom(content.Length);
        var trial = Path.Combine(folder, $".{Guid.NewGuid():N}");
        try
        {
            await File.WriteAllBytesAsync(trial, content, cancellationToken).ConfigureAwait(false);
            _ = await ImageReader.ReadAsync(_ffmpeg, trial, cancellationToken).ConfigureAwait(false);
            DurableFiles.Flush(trial);
            DurableFiles.Rename(trial, path, overwrite: true);
            return path;
        }
        catch (MediaException exception)
        {
            throw ApiException.Invalid(source.Field, exception.Message.Replace(trial, $"The {source.Field}", StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(trial);
        }
    }

    /// <summary>Refuses what would fill the disk: clients need not delete what they send, and it is kept for days.</summary>
    private void RequireRoom(long length)
    {
        if (new DirectoryInfo(folder).EnumerateFiles().Sum(file => file.Exists ? file.Length : 0) + length > mostBytes)
        {
            throw new ApiException(
                507,
                "storage_full",
                $"The server keeps {mostBytes >> 20} MiB of pictures already: wait until those that no video needs are cleared away."
            );
        }
    }

    private async Task<byte[]> ReadAsync(PictureSource source, CancellationToken cancellationToken)
    {
        if (source.File is { } file)
        {
            RequireLength(source.Field, file.Length);
            using var copy = new MemoryStream((int)file.Length);
            await file.CopyToAsync(copy, cancellationToken).ConfigureAwait(false);
            return copy.ToArray();
        }

        var text = source.Text!;
        if (text.StartsWith(Data, StringComparison.OrdinalIgnoreCase))
        {
            return Decode(source.Field, text);
        }

        return Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? await fetch.GetAsync(source.Field, address, MostBytes, cancellationToken).ConfigureAwait(false)
            : throw ApiException.Invalid(
                source.Field,
                $"The {source.Field} is neither a file, nor an http(s) address, nor a data: URL: send one of these."
            );
    }

    private static byte[] Decode(string field, string url)
    {
        var comma = url.IndexOf(',', StringComparison.Ordinal);
        if (comma < 0 || !url.AsSpan(0, comma).EndsWith(Base64, StringComparison.OrdinalIgnoreCase))
        {
            throw ApiException.Invalid(field, $"The {field} is a data: URL without base64: write data:image/png;base64,…");
        }

        RequireLength(field, (url.Length - comma) / 4L * 3);
        var bytes = new byte[((url.Length - comma) / 4 * 3) + 3];
        return Convert.TryFromBase64Chars(url.AsSpan(comma + 1), bytes, out var length)
            ? bytes[..length]
            : throw ApiException.Invalid(field, $"The {field} is a data: URL whose base64 is damaged: encode the picture again.");
    }

    private static void RequireLength(string field, long bytes)
    {
        if (bytes > MostBytes)
        {
            throw new ApiException(413, "body_too_large", $"The {field} has more than {MostBytes >> 20} MB: make it smaller.", field);
        }
    }
}
