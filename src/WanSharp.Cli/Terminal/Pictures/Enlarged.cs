using WanSharp.Media.Images;

namespace WanSharp.Cli.Terminal.Pictures;

/// <summary>Pictures of few pixels made larger, and several of them next to each other.</summary>
internal static class Enlarged
{
    /// <summary>A picture that is a whole number of times as large, smooth between the centres of its pixels.</summary>
    public static RgbImage Of(RgbImage picture, int times)
    {
        if (times == 1)
        {
            return picture;
        }

        var (width, height) = (picture.Width * times, picture.Height * times);
        var pixels = new byte[3 * width * height];
        for (var y = 0; y < height; y++)
        {
            var (above, below, down) = Between(y, times, picture.Height);
            for (var x = 0; x < width; x++)
            {
                var (left, right, across) = Between(x, times, picture.Width);
                for (var color = 0; color < 3; color++)
                {
                    var top = Mix(At(left, above, color), At(right, above, color), across);
                    var bottom = Mix(At(left, below, color), At(right, below, color), across);
                    pixels[(3 * ((y * width) + x)) + color] = (byte)(Mix(top, bottom, down) + 0.5f);
                }
            }
        }

        return new RgbImage(width, height, pixels);

        float At(int x, int y, int color) => picture.Pixels[(3 * ((y * picture.Width) + x)) + color];
        static float Mix(float from, float to, float share) => from + ((to - from) * share);
    }

    /// <summary>Frames of one size in a row.</summary>
    public static RgbImage Row(IReadOnlyList<RgbImage> frames)
    {
        var (width, height) = (frames[0].Width, frames[0].Height);
        var pixels = new byte[3 * width * frames.Count * height];
        for (var i = 0; i < frames.Count; i++)
        {
            for (var y = 0; y < height; y++)
            {
                frames[i].Pixels.AsSpan(3 * y * width, 3 * width).CopyTo(pixels.AsSpan(3 * width * ((y * frames.Count) + i)));
            }
        }

        return new RgbImage(width * frames.Count, height, pixels);
    }

    private static (int From, int To, float Share) Between(int position, int times, int length)
    {
        var at = Math.Clamp(((position + 0.5f) / times) - 0.5f, 0, length - 1);
        var from = (int)at;
        return (from, Math.Min(from + 1, length - 1), at - from);
    }
}
