using SkiaSharp;

namespace WanSharp.Media.Images;

/// <summary>Writes pictures for pages and answers. Thread-safe.</summary>
public static class PictureBytes
{
    /// <summary>A picture as WebP.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="quality">From 1, smallest, to 100.</param>
    /// <exception cref="MediaException">Skia cannot write it: it is larger than WebP allows.</exception>
    public static byte[] Webp(RgbImage picture, int quality) =>
        Write(picture, pixels => pixels.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossy, quality)), "WebP");

    /// <summary>A picture as JPEG.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="quality">From 1, smallest, to 100.</param>
    /// <exception cref="MediaException">Skia cannot write it: it is larger than JPEG allows.</exception>
    public static byte[] Jpeg(RgbImage picture, int quality) =>
        Write(picture, pixels => pixels.Encode(new SKJpegEncoderOptions(quality)), "JPEG");

    private static byte[] Write(RgbImage picture, Func<SKPixmap, SKData?> encode, string format)
    {
        ArgumentNullException.ThrowIfNull(picture);
        using var bitmap = new SKBitmap(new SKImageInfo(picture.Width, picture.Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        RgbPixels.Widen(picture.Pixels, bitmap.GetPixelSpan());
        using var pixels = bitmap.PeekPixels();
        using var data = encode(pixels);
        return data?.ToArray() ?? throw new MediaException($"{picture.Width}x{picture.Height} pixels cannot be written as {format}.");
    }
}
