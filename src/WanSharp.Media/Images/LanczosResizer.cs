namespace WanSharp.Media.Images;

/// <summary>
/// Resizes pictures as Pillow's <c>Image.resize(…, LANCZOS)</c> does (python-pillow/Pillow:src/libImaging/Resample.c):
/// rows first, then columns, each pass in 22-bit fixed point and rounded to bytes, widened when it shrinks.
/// </summary>
internal static class LanczosResizer
{
    private const double Support = 3;
    private const int PrecisionBits = 22; // 32 bits less 8 for the pixel and 2 for overshoot and sign

    public static RgbImage Resize(RgbImage image, int width, int height)
    {
        var pixels = image.Pixels; // [height, width, 3]
        if (width != image.Width)
        {
            pixels = Resample(
                pixels,
                lines: image.Height,
                lineStride: image.Width * 3,
                step: 3,
                Taps(image.Width, width),
                newLineStride: width * 3,
                newStep: 3
            ); // [height, new width, 3]
        }

        if (height != image.Height)
        {
            pixels = Resample(
                pixels,
                lines: width,
                lineStride: 3,
                step: width * 3,
                Taps(image.Height, height),
                newLineStride: 3,
                newStep: width * 3
            ); // [new height, new width, 3]
        }

        return new RgbImage(width, height, pixels);
    }

    /// <summary>Filters every line of pixels; lines are rows or columns, by their strides in bytes.</summary>
    private static byte[] Resample(byte[] source, int lines, int lineStride, int step, Tap[] taps, int newLineStride, int newStep)
    {
        var result = new byte[lines * taps.Length * 3];
        for (var line = 0; line < lines; line++)
        {
            for (var i = 0; i < taps.Length; i++)
            {
                var (first, weights) = taps[i];
                for (var channel = 0; channel < 3; channel++)
                {
                    var sum = 1 << (PrecisionBits - 1);
                    var from = (line * lineStride) + (first * step) + channel;
                    foreach (var weight in weights)
                    {
                        sum += source[from] * weight;
                        from += step;
                    }

                    result[(line * newLineStride) + (i * newStep) + channel] = (byte)Math.Clamp(sum >> PrecisionBits, 0, 255);
                }
            }
        }

        return result;
    }

    private static Tap[] Taps(int size, int newSize)
    {
        var scale = (double)size / newSize;
        var stretch = Math.Max(scale, 1);
        var taps = new Tap[newSize];
        for (var i = 0; i < newSize; i++)
        {
            var centre = (i + 0.5) * scale;
            var first = Math.Max((int)(centre - (Support * stretch) + 0.5), 0);
            var end = Math.Min((int)(centre + (Support * stretch) + 0.5), size);
            var weights = new double[end - first];
            for (var j = 0; j < weights.Length; j++)
            {
                weights[j] = Lanczos((j + first - centre + 0.5) / stretch);
            }

            var sum = weights.Sum();
            taps[i] = new Tap(
                first,
                [.. weights.Select(weight => (int)Math.Round(weight / sum * (1 << PrecisionBits), MidpointRounding.AwayFromZero))]
            );
        }

        return taps;
    }

    private static double Lanczos(double x) => x is >= -Support and < Support ? Sinc(x) * Sinc(x / Support) : 0;

    private static double Sinc(double x) => x == 0 ? 1 : Math.Sin(Math.PI * x) / (Math.PI * x);

    /// <summary>The pixels that one new pixel is made of.</summary>
    private readonly record struct Tap(int First, int[] Weights);
}
