using System.Globalization;
using System.Text;

namespace WanSharp.Media.Images;

/// <summary>
/// Frames from ffmpeg as binary PPM: <c>P6\nwidth height\n255\n</c> and the pixels, so that each tells its size.
/// </summary>
internal static class PpmStream
{
    private const int MaxHeaderLength = 32;

    /// <summary>Makes ffmpeg write such frames to standard output, with colours converted at full precision.</summary>
    public static readonly string[] OutputArguments =
    [
        "-sws_flags",
        "bicubic+accurate_rnd+full_chroma_int",
        "-pix_fmt",
        "rgb24",
        "-c:v",
        "ppm",
        "-f",
        "image2pipe",
        "pipe:1",
    ];

    /// <summary>The next frame, or null at the end of the stream or where it breaks off: ffmpeg's exit code tells which.</summary>
    /// <exception cref="MediaException">The frame is too large.</exception>
    public static async Task<RgbImage?> ReadAsync(Stream stream, string path)
    {
        var header = new StringBuilder();
        var next = new byte[1];
        while (header.Length < MaxHeaderLength && header.ToString().Count(c => c == '\n') < 3)
        {
            if (await stream.ReadAsync(next).ConfigureAwait(false) == 0)
            {
                return null;
            }

            header.Append((char)next[0]);
        }

        var words = header.ToString().Split([' ', '\n']);
        if (
            words is not ["P6", var columns, var rows, "255", ""]
            || !int.TryParse(columns, NumberStyles.None, CultureInfo.InvariantCulture, out var width)
            || !int.TryParse(rows, NumberStyles.None, CultureInfo.InvariantCulture, out var height)
            || (long)width * height > RgbImage.MaxPixels
        )
        {
            throw new MediaException(
                $"{path} cannot be read: a picture of at most {RgbImage.MaxPixels} pixels was expected, ffmpeg gave '{header}'."
            );
        }

        var pixels = new byte[width * height * 3];
        var length = await stream.ReadAtLeastAsync(pixels, pixels.Length, throwOnEndOfStream: false).ConfigureAwait(false);
        return length == pixels.Length ? new RgbImage(width, height, pixels) : null;
    }
}
