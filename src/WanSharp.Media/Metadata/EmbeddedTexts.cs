using System.Text;
using WanSharp.Tensors;

namespace WanSharp.Media.Metadata;

/// <summary>Finds all texts that some program put into a clip or picture. Thread-safe.</summary>
public static class EmbeddedTexts
{
    /// <summary>The most bytes of all texts of a file.</summary>
    internal const int MostBytes = 16 << 20;

    private const int StartLength = 12;

    /// <summary>The texts, in the order of the file.</summary>
    /// <param name="ffmpeg">The program, which reads mp4, webm and mkv; null for none.</param>
    /// <param name="path">The file; what it is, its content tells.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="MediaException">There is no such file, or it is not a clip or picture, or damaged.</exception>
    public static async Task<IReadOnlyList<EmbeddedText>> ReadAsync(string? ffmpeg, string path, CancellationToken cancellationToken)
    {
        MediaFile.Require(path);
        try
        {
            var file = PlainFile.OpenRead(path);
            await using var fileEnd = file.ConfigureAwait(false);
            var start = new byte[StartLength];
            var length = await file.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken)
                .ConfigureAwait(false);
            file.Position = 0;
            return Picture(file, start.AsSpan(0, length), path)
                ?? await MetadataReader.ReadContainerAsync(ffmpeg, path, MostBytes, cancellationToken).ConfigureAwait(false);
        }
        catch (EndOfStreamException exception)
        {
            throw new MediaException($"{path} is cut short.", exception);
        }
        catch (Exception exception)
            when (exception is not MediaException and (IOException or UnauthorizedAccessException or InvalidDataException))
        {
            throw new MediaException($"{path} cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>The texts of a picture; null if the file is none that is read here.</summary>
    internal static IReadOnlyList<EmbeddedText>? Picture(Stream file, ReadOnlySpan<byte> start, string path) =>
        start.StartsWith(PngText.Signature) ? [.. PngTexts.Read(file)]
        : start.StartsWith(GifComment.Signature) ? (GifComment.Read(file, path) is { } comment ? [new("comment", comment)] : [])
        : WebpFile.IsOne(start) ? [.. WebpFile.ReadTexts(file)]
        : start is [0xFF, 0xD8, ..] ? [.. JpegTexts.Read(file)]
        : null;

    /// <summary>Bytes as text: UTF-8 if they are that, otherwise Latin-1, as PNG's older chunks have it.</summary>
    internal static string Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(bytes);
        }
    }
}
