namespace WanSharp.Media.Images;

/// <summary>A picture in memory. The array is the image's: whoever has it may write to it.</summary>
/// <param name="Width">Pixels in a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Pixels">Red, green and blue of each pixel, row by row: [height, width, 3].</param>
public sealed record RgbImage(int Width, int Height, byte[] Pixels)
{
    /// <summary>The most pixels that are read from a file: 64 megapixels.</summary>
    public const int MaxPixels = MediaFile.MaxPixels;

    /// <summary>The part of <paramref name="width"/> × <paramref name="height"/> pixels in the middle.</summary>
    /// <exception cref="ArgumentException">It is larger than the image.</exception>
    public RgbImage CropCentre(int width, int height)
    {
        if (width > Width || height > Height || width < 1 || height < 1)
        {
            throw new ArgumentException($"{width}×{height} pixels cannot be cut out of {Width}×{Height}.");
        }

        var (left, top) = ((Width - width) / 2, (Height - height) / 2);
        var pixels = new byte[width * height * 3];
        for (var y = 0; y < height; y++)
        {
            Pixels.AsSpan((((top + y) * Width) + left) * 3, width * 3).CopyTo(pixels.AsSpan(y * width * 3));
        }

        return new RgbImage(width, height, pixels);
    }
}
