using System.Globalization;

namespace WanSharp.Media.Ffmpeg;

/// <summary>How ffmpeg opens a clip of a stranger: it can make ffmpeg read nothing else, and no frame that is too large.</summary>
internal static class FfmpegInput
{
    /// <summary>The containers and pictures that are taken for clips: none that names other files or addresses.</summary>
    private const string Containers = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,gif,png_pipe,apng,avi,mpegts";

    /// <summary>The value of ffmpeg's option <c>-max_pixels</c>.</summary>
    public static string MaxPixels => MediaFile.MaxPixels.ToString(CultureInfo.InvariantCulture);

    /// <summary>The arguments that name the input.</summary>
    /// <param name="path">The clip.</param>
    public static string[] Arguments(string path) =>
        ["-protocol_whitelist", "file", "-format_whitelist", Containers, "-max_pixels", MaxPixels, "-i", "file:" + Path.GetFullPath(path)];
}
