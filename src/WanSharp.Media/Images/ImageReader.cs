using WanSharp.Media.Ffmpeg;
using WanSharp.Media.Metadata;
using WanSharp.Tensors;

namespace WanSharp.Media.Images;

/// <summary>Reads pictures as the official pipelines' library does. Thread-safe.</summary>
public static class ImageReader
{
    private const long MaxFileLength = 256L << 20;

    /// <summary>
    /// Decodes a PNG, JPEG, WebP, BMP, TIFF or GIF (its first frame), recognized by content; transparency is dropped, as in the
    /// official pipelines. A picture is turned as its camera was held. One that ends early is refused.
    /// </summary>
    /// <param name="ffmpeg">The program, which reads TIFF; null for none.</param>
    /// <param name="path">The file: at most 256 MiB and <see cref="RgbImage.MaxPixels"/>.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="MediaException">There is no such file, it is not a picture, too large, or damaged.</exception>
    public static async Task<RgbImage> ReadAsync(string? ffmpeg, string path, CancellationToken cancellationToken)
    {
        var purpose = $"{path} cannot be read as a picture";
        MediaFile.Require(path);
        var file = await MediaFile
            .ReadAllAsync(path, MaxFileLength, $"{path} is too large for a picture", cancellationToken)
            .ConfigureAwait(false);
        if (!IsPicture(file))
        {
            throw new MediaException(
                KindOf(file) is { } kind
                    ? $"{purpose}: it is {kind}, whatever its name says; save it as PNG or JPEG."
                    : $"{purpose}: png, jpeg, webp, bmp, tiff and gif can."
            );
        }

        cancellationToken.ThrowIfCancellationRequested();
        var orientation = CheckedOrientation(file, path);
        var tiff = TiffBytes.Of(file);
        if (tiff is { } start && TiffStart.ProblemOf(start) is { } problem)
        {
            throw new MediaException($"{purpose}: {problem}");
        }

        var image = tiff is not null
            ? await ReadTiffAsync(FfmpegRequired.Of(ffmpeg, $"{path} is a TIFF, which is read"), path, cancellationToken)
                .ConfigureAwait(false)
            : Decode(file, purpose);
        cancellationToken.ThrowIfCancellationRequested();
        return ExifOrientation.Apply(image, orientation);
    }

    /// <summary>Whether a file holds one picture: PNG, GIF and WebP may be clips, and a clip of one frame is a picture.</summary>
    /// <exception cref="MediaException">There is no such file, it cannot be read, or it is damaged.</exception>
    internal static async Task<bool> IsStillAsync(string path, CancellationToken cancellationToken)
    {
        MediaFile.Require(path);
        var start = await MediaFile.ReadStartAsync(path, cancellationToken).ConfigureAwait(false);
        if (!IsPicture(start))
        {
            return false;
        }

        try
        {
            var file = PlainFile.OpenRead(path);
            await using (file.ConfigureAwait(false))
            {
                return !(
                    start.AsSpan().StartsWith(PngText.Signature) ? PngText.HasSeveral(file)
                    : start.AsSpan().StartsWith(GifComment.Signature) ? GifComment.HasSeveral(file, path)
                    : WebpFile.IsOne(start) && WebpFile.HasSeveral(file)
                );
            }
        }
        catch (EndOfStreamException)
        {
            return true; // the decoder says what is missing, or forgives it
        }
        catch (Exception exception) when (exception is not MediaException and (IOException or UnauthorizedAccessException))
        {
            throw new MediaException($"{path} cannot be read: {exception.Message}", exception);
        }
    }

    private static RgbImage Decode(byte[] file, string purpose)
    {
        (byte, byte, byte) background = file.AsSpan().StartsWith(GifComment.Signature) ? GifStart.MakeOpaque(file) : default;
        using var picture = SkiaPicture.Open(file, purpose);
        return picture.DecodeFirst(background);
    }

    private static async Task<RgbImage> ReadTiffAsync(string ffmpeg, string path, CancellationToken cancellationToken)
    {
        // The decoder is named, so that nobody's file makes ffmpeg open a playlist; "file:" and no pattern, so that a
        // colon or a percent sign in the path means nothing.
        string[] arguments =
        [
            "-protocol_whitelist",
            "file",
            "-max_pixels",
            FfmpegInput.MaxPixels,
            "-noautorotate",
            "-f",
            "image2",
            "-pattern_type",
            "none",
            "-c:v",
            "tiff",
            "-i",
            "file:" + Path.GetFullPath(path),
            "-frames:v",
            "1",
            .. PpmStream.OutputArguments,
        ];
        var purpose = $"{path} cannot be read as a picture";
        var process = FfmpegProcess.Start(ffmpeg, arguments);
        await using (process.ConfigureAwait(false))
        {
            using var registration = process.KillOn(cancellationToken);
            process.CloseInput();
            var image = await PpmStream.ReadAsync(process.Output, path).ConfigureAwait(false);
            await process.FinishAsync(purpose, cancellationToken).ConfigureAwait(false);
            return image ?? throw new MediaException($"{purpose}: it holds no pixels.");
        }
    }

    /// <summary>How the camera was held. Refuses what decoders forgive: a JPEG or GIF without its end.</summary>
    private static int CheckedOrientation(byte[] file, string path)
    {
        using var stream = new MemoryStream(file, writable: false);
        try
        {
            if (file.AsSpan().StartsWith(GifComment.Signature))
            {
                GifComment.RequirePicture(stream, path);
            }
            else if (file is [0xFF, 0xD8, ..])
            {
                JpegEnd.Require(stream);
            }

            return ExifOrientation.Read(stream);
        }
        catch (EndOfStreamException exception)
        {
            throw new MediaException($"{path} cannot be read as a picture: it ends early. Is it complete?", exception);
        }
    }

    /// <summary>What may stand before the text of a page: a mark of its order, and space.</summary>
    private static ReadOnlySpan<byte> Blank => [0xEF, 0xBB, 0xBF, (byte)' ', (byte)'\r', (byte)'\n', (byte)'\t'];

    /// <summary>What a file is that programs save as a picture, or instead of one; null where that is not known.</summary>
    private static string? KindOf(ReadOnlySpan<byte> start) =>
        start.Length > 12 && start[4..8].SequenceEqual("ftyp"u8)
            ? start[8..12].StartsWith("avi"u8)
                ? "an AVIF picture"
                : start[8..11].SequenceEqual("hei"u8) || start[8..11].SequenceEqual("hev"u8) || start[8..12].SequenceEqual("mif1"u8)
                    ? "a HEIC picture, as phones take them"
                    : "a video"
            : start is [0xFF, 0x0A, ..] or [0, 0, 0, 12, (byte)'J', (byte)'X', (byte)'L', (byte)' ', ..]
                ? "a JPEG XL picture"
                : start.StartsWith("version https://git-lfs"u8)
                    ? "a pointer of Git LFS, not the picture (run `git lfs pull`)"
                    : start.TrimStart(Blank).StartsWith("<"u8)
                        ? "a page or a drawing in text (HTML, SVG)"
                        : null;

    private static bool IsPicture(ReadOnlySpan<byte> start) =>
        start.StartsWith(PngText.Signature)
        || start.StartsWith(GifComment.Signature)
        || WebpFile.IsOne(start)
        || IsTiff(start)
        || start is [0xFF, 0xD8, 0xFF, ..] or [(byte)'B', (byte)'M', ..];

    private static bool IsTiff(ReadOnlySpan<byte> start) => start is [(byte)'I', (byte)'I', 42, 0, ..] or [(byte)'M', (byte)'M', 0, 42, ..];
}
