namespace WanSharp.Media.Images;

/// <summary>Pixels of three bytes, and of four.</summary>
internal static class RgbPixels
{
    /// <summary>Adds an opaque fourth byte: [pixels, 3] to [pixels, 4].</summary>
    public static void Widen(ReadOnlySpan<byte> rgb, Span<byte> rgba)
    {
        for (int from = 0, to = 0; from < rgb.Length; from += 3, to += 4)
        {
            (rgba[to], rgba[to + 1], rgba[to + 2], rgba[to + 3]) = (rgb[from], rgb[from + 1], rgb[from + 2], byte.MaxValue);
        }
    }
}
