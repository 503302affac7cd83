using System.Globalization;
using SkiaSharp;
using WanSharp.Media.Ffmpeg;
using WanSharp.Media.Images;
using WanSharp.Media.Metadata;

namespace WanSharp.Media.Clips;

/// <summary>Makes small pictures of clips. Thread-safe: each call decodes on its own.</summary>
public static class ThumbnailReader
{
    private const int JpegQuality = 85;
    private const long MaxFileLength = 1L << 30;

    /// <summary>A frame that is typical of a clip, as JPEG.</summary>
    /// <param name="ffmpeg">The program, from <see cref="FfmpegLocator"/>, for all but WebP and PNG; null for none.</param>
    /// <param name="path">The clip, or a picture.</param>
    /// <param name="width">Pixels across, even; the height follows.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="MediaException">There is no such file, it is not a clip, or damaged.</exception>
    public static async Task<byte[]> ReadAsync(string? ffmpeg, string path, int width, CancellationToken cancellationToken)
    {
        MediaFile.Require(path);
        var start = await MediaFile.ReadStartAsync(path, cancellationToken).ConfigureAwait(false);
        return WebpFile.IsOne(start) || start.AsSpan().StartsWith(PngText.Signature)
            ? await ReadWithSkiaAsync(path, width, cancellationToken).ConfigureAwait(false)
            : await ReadWithFfmpegAsync(FfmpegRequired.Of(ffmpeg, $"{path} is read"), path, width, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<byte[]> ReadWithSkiaAsync(string path, int width, CancellationToken cancellationToken)
    {
        var purpose = $"{path} cannot be read as a clip";
        using var picture = SkiaPicture.Open(
            await MediaFile.ReadAllAsync(path, MaxFileLength, purpose, cancellationToken).ConfigureAwait(false),
            purpose
        );
        var frame = picture.DecodeAll().ElementAt(picture.Frames / 2);
        return Encode(frame, width);
    }

    /// <summary>A frame as a small JPEG.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="width">Pixels across; the height follows.</param>
    /// <exception cref="MediaException">It cannot be made small.</exception>
    public static byte[] Encode(RgbImage frame, int width)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var small = new SKImageInfo(
            width,
            Math.Max(1, (int)Math.Round((double)frame.Height * width / frame.Width)),
            SKColorType.Rgba8888,
            SKAlphaType.Opaque
        );
        using var source = new SKBitmap(new SKImageInfo(frame.Width, frame.Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using var target = new SKBitmap(small);
        RgbPixels.Widen(frame.Pixels, source.GetPixelSpan());
        if (!source.ScalePixels(target, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear)))
        {
            throw new MediaException($"Skia cannot make a small picture of {frame.Width}×{frame.Height} pixels.");
        }

        using var pixels = target.PeekPixels();
        using var jpeg = pixels.Encode(new SKJpegEncoderOptions(JpegQuality));
        return jpeg?.ToArray() ?? throw new MediaException($"Skia cannot write a picture of {frame.Width}×{frame.Height} pixels.");
    }

    private static async Task<byte[]> ReadWithFfmpegAsync(string ffmpeg, string path, int width, CancellationToken cancellationToken)
    {
        string[] arguments =
        [
            .. FfmpegInput.Arguments(path),
            "-map",
            "0:v:0",
            "-vf",
            string.Create(CultureInfo.InvariantCulture, $"thumbnail=24,scale={width}:-2:flags=area"),
            "-frames:v",
            "1",
            "-c:v",
            "mjpeg",
            "-q:v",
            "4",
            "-f",
            "image2pipe",
            "pipe:1",
        ];
        var process = FfmpegProcess.Start(ffmpeg, arguments);
        await using (process.ConfigureAwait(false))
        {
            using var registration = process.KillOn(cancellationToken);
            process.CloseInput();
            using var picture = new MemoryStream();
            await process.Output.CopyToAsync(picture, cancellationToken).ConfigureAwait(false);
            await process.FinishReadingAsync(path, cancellationToken).ConfigureAwait(false);
            return picture.Length > 0
                ? picture.ToArray()
                : throw new MediaException($"{path} cannot be read as a clip: it holds no frame.");
        }
    }
}
