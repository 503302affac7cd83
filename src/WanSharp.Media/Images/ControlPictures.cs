namespace WanSharp.Media.Images;

/// <summary>What models that follow a control can be given of a plain picture. Thread-safe.</summary>
/// <remarks>
/// Source of the numbers: opencv/opencv:modules/imgproc/src/canny.cpp, color_yuv (weights of 14 bits); the thresholds are those that
/// ControlNet's tools begin with (lllyasviel/ControlNet: gradio_canny2image.py).
/// </remarks>
internal static class ControlPictures
{
    private const int LowThreshold = 100;
    private const int HighThreshold = 200;
    private const int TangentBits = 15;
    private const int Tangent22 = 13573; // tan(22.5°) in 15 bits

    /// <summary>The picture in grey.</summary>
    public static RgbImage Luma(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return InGrey(image, LumaOf(image));
    }

    /// <summary>The picture's edges, white on black (Canny): where the brightness changes most, and what is connected to that.</summary>
    public static RgbImage Edges(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var (width, height) = (image.Width, image.Height);
        var luma = LumaOf(image);
        var (dx, dy) = (new int[luma.Length], new int[luma.Length]);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                // Sobel's kernels; the border repeats its pixels
                var right = At(x + 1, y - 1) + (2 * At(x + 1, y)) + At(x + 1, y + 1);
                var left = At(x - 1, y - 1) + (2 * At(x - 1, y)) + At(x - 1, y + 1);
                var below = At(x - 1, y + 1) + (2 * At(x, y + 1)) + At(x + 1, y + 1);
                var above = At(x - 1, y - 1) + (2 * At(x, y - 1)) + At(x + 1, y - 1);
                (dx[(y * width) + x], dy[(y * width) + x]) = (right - left, below - above);
            }
        }

        return InGrey(image, Connected(Thinned(dx, dy, width, height), width, height));

        int At(int x, int y) => luma[(Math.Clamp(y, 0, height - 1) * width) + Math.Clamp(x, 0, width - 1)];
    }

    /// <summary>The change in each pixel where it is larger than on both sides across the edge; 0 elsewhere.</summary>
    private static int[] Thinned(int[] dx, int[] dy, int width, int height)
    {
        var thin = new int[dx.Length];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var i = (y * width) + x;
                var change = Change(x, y);
                if (change <= LowThreshold)
                {
                    continue;
                }

                var (across, down) = (Math.Abs(dx[i]), Math.Abs(dy[i]) << TangentBits);
                var flat = across * Tangent22;
                var steep = flat + (across << (TangentBits + 1));
                var (stepX, stepY) =
                    down < flat ? (1, 0)
                    : down > steep ? (0, 1)
                    : ((dx[i] ^ dy[i]) < 0 ? -1 : 1, 1);
                // of two that are alike the first one stays, except on diagonals
                var isDiagonal = stepX != 0 && stepY != 0;
                var (before, after) = (Change(x - stepX, y - stepY), Change(x + stepX, y + stepY));
                thin[i] = change > before && (isDiagonal ? change > after : change >= after) ? change : 0;
            }
        }

        return thin;

        int Change(int x, int y) =>
            x >= 0 && y >= 0 && x < width && y < height ? Math.Abs(dx[(y * width) + x]) + Math.Abs(dy[(y * width) + x]) : 0;
    }

    /// <summary>255 for strong pixels, and for weak ones that are connected to them.</summary>
    private static byte[] Connected(int[] thin, int width, int height)
    {
        var edges = new byte[thin.Length];
        var open = new Stack<int>();
        for (var i = 0; i < thin.Length; i++)
        {
            if (thin[i] > HighThreshold)
            {
                Take(i);
            }
        }

        while (open.TryPop(out var at))
        {
            var (x, y) = (at % width, at / width);
            for (var ny = Math.Max(0, y - 1); ny <= Math.Min(height - 1, y + 1); ny++)
            {
                for (var nx = Math.Max(0, x - 1); nx <= Math.Min(width - 1, x + 1); nx++)
                {
                    Take((ny * width) + nx);
                }
            }
        }

        return edges;

        void Take(int i)
        {
            if (thin[i] > 0 && edges[i] == 0)
            {
                edges[i] = byte.MaxValue;
                open.Push(i);
            }
        }
    }

    private static byte[] LumaOf(RgbImage image)
    {
        var luma = new byte[image.Width * image.Height];
        for (var i = 0; i < luma.Length; i++)
        {
            var (r, g, b) = (image.Pixels[3 * i], image.Pixels[(3 * i) + 1], image.Pixels[(3 * i) + 2]);
            luma[i] = (byte)(((r * 4899) + (g * 9617) + (b * 1868) + 8192) >> 14);
        }

        return luma;
    }

    private static RgbImage InGrey(RgbImage image, byte[] values)
    {
        var pixels = new byte[3 * values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            pixels.AsSpan(3 * i, 3).Fill(values[i]);
        }

        return image with
        {
            Pixels = pixels,
        };
    }
}
