using SkiaSharp;

namespace WanSharp.Media.Images;

/// <summary>Writes pictures for pages and answers. Thread-safe.</summary>
public static class PictureBytes
{
    /// <summary>A picture as WebP.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="quality">From 1, smallest, to 100.</param>
    /// <exception cref="MediaException">Skia cannot write it: it is larger than WebP allows.</exception>
    public static byte[] Webp(RgbImage picture, int quality)
    {
        ArgumentNullException.ThrowIfNull(picture);
        using var bitmap = new SKBitmap(new SKImageInfo(picture.Width, picture.Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        RgbPixels.Widen(picture.Pixels, bitmap.GetPixelSpan());
        using var pixels = bitmap.PeekPixels();
        using var webp = pixels.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossy, quality));
        return webp?.ToArray() ?? throw new MediaException($"{picture.Width}x{picture.Height} pixels cannot be written as WebP.");
    }
}
