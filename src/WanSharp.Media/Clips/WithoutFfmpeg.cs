using WanSharp.Media.Ffmpeg;

namespace WanSharp.Media.Clips;

/// <summary>What clips are written as where there is no ffmpeg. Thread-safe.</summary>
public static class WithoutFfmpeg
{
    /// <summary>The format of clips that ffmpeg would write, as an extension: animated WebP, which every browser plays.</summary>
    public const string Extension = ".webp";

    /// <summary>Whether a format is written without ffmpeg.</summary>
    /// <param name="kind">The format.</param>
    public static bool CanWrite(OutputKind kind) => kind is OutputKind.WebP or OutputKind.ContactSheet or OutputKind.PngSequence;

    /// <summary>Where a clip really goes: the place that was asked for, or next to it as WebP.</summary>
    /// <param name="ffmpeg">The program; null for none.</param>
    /// <param name="target">The place that was asked for.</param>
    public static OutputTarget TargetFor(string? ffmpeg, OutputTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return ffmpeg is not null || CanWrite(target.Kind) ? target : target.AsWebP();
    }

    /// <summary>One line that says what happened and how to get the format that was asked for.</summary>
    /// <param name="asked">The extension that was asked for, with its dot.</param>
    /// <param name="written">What is written: <c>the clip is written as clip.webp</c>.</param>
    public static string Notice(string asked, string written) =>
        $"ffmpeg was not found, so {written} (animated WebP, which every browser plays); for {asked}, {FfmpegRequired.WayOut}";
}
