using WanSharp.Hosting;
using WanSharp.Media;
using WanSharp.Media.Images;
using WanSharp.Server.Http;
using WanSharp.Server.Security;

namespace WanSharp.Server.Pictures;

/// <summary>Keeps the pictures of requests. Thread-safe.</summary>
/// <param name="host">Where ffmpeg is, which reads TIFF.</param>
/// <param name="files">Where the pictures are kept.</param>
/// <param name="fetch">Fetches those that are addresses.</param>
internal sealed class PictureStore(WanHost host, UploadFolder files, PictureFetch fetch)
{
    private const string Data = "data:";
    private const string Base64 = ";base64";

    /// <summary>The longest file of a picture.</summary>
    private const int MostBytes = 32 << 20;

    private readonly string? _ffmpeg = host.FindFfmpeg();

    /// <summary>Keeps a picture.</summary>
    /// <returns>Its file.</returns>
    /// <exception cref="ApiException">It is none, too large, or not to be had; or there is no room for it.</exception>
    public Task<string> SaveAsync(PictureSource source, Caller caller, CancellationToken cancellationToken) =>
        files.SaveAsync(
            caller,
            async (stream, token) =>
                await stream.WriteAsync(await ReadAsync(source, token).ConfigureAwait(false), token).ConfigureAwait(false),
            (path, token) => CheckAsync(source.Field, path, token),
            cancellationToken
        );

    private async Task CheckAsync(string field, string path, CancellationToken cancellationToken)
    {
        try
        {
            _ = await ImageReader.ReadAsync(_ffmpeg, path, cancellationToken).ConfigureAwait(false);
        }
        catch (MediaException exception)
        {
            throw ApiException.Invalid(field, exception.Message.Replace(path, $"The {field}", StringComparison.Ordinal));
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
