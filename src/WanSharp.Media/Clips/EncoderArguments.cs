using System.Globalization;

namespace WanSharp.Media.Clips;

/// <summary>The arguments of ffmpeg for each format. All are understood by ffmpeg 4.1 (2018) and later.</summary>
internal static class EncoderArguments
{
    /// <summary>Colours are converted with BT.709 and marked so; unmarked, players guess by the picture's size.</summary>
    private const string ToYuv = "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int,format=yuv420p";

    /// <summary>Two branches, one to find the palette in, so that the frames are piped once.</summary>
    private const string ToPalette = "split[seen][kept];[seen]palettegen[palette];[kept][palette]paletteuse";

    /// <summary>The arguments that turn raw frames on standard input into the file <paramref name="name"/>.</summary>
    /// <param name="kind">The format.</param>
    /// <param name="format">The clip's measures.</param>
    /// <param name="name">The file in the folder that ffmpeg runs in, without characters that mean something to it.</param>
    /// <param name="settings">What goes into the comment, or null.</param>
    /// <param name="chapters">A file of chapters in that folder, in ffmpeg's metadata format; null for none.</param>
    public static IEnumerable<string> For(OutputKind kind, ClipFormat format, string name, string? settings, string? chapters = null)
    {
        var isSmall = format.IsSmall;
        string[] tagged = ["-vf", ToYuv, "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"];
        string[] comment = settings is null ? [] : ["-metadata", $"comment={settings}"];
        string[] encoder = kind switch
        {
            OutputKind.Mp4 =>
            [
                .. tagged,
                "-c:v",
                "libx264",
                "-preset",
                "medium",
                "-crf",
                isSmall ? "10" : "17",
                "-movflags",
                "+faststart",
                .. comment,
                "-f",
                "mp4",
            ],
            OutputKind.WebM =>
            [
                .. tagged,
                "-c:v",
                "libvpx-vp9",
                "-b:v",
                "0",
                "-crf",
                isSmall ? "8" : "18",
                "-deadline",
                "good",
                "-cpu-used",
                "2",
                "-row-mt",
                "1",
                .. comment,
                "-f",
                "webm",
            ],
            OutputKind.Gif => ["-filter_complex", ToPalette, "-f", "gif"],
            OutputKind.Lossless => ["-vf", "format=gbrp", "-c:v", "ffv1", "-level", "3", "-slices", "4", .. comment, "-f", "matroska"],
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "ffmpeg does not write it."),
        };
        return [.. Input(format, chapters), .. encoder, name];
    }

    /// <summary>The arguments that put clips of the same format one after the other into the file <paramref name="name"/>.</summary>
    /// <param name="kind">The format.</param>
    /// <param name="list">The file that lists the clips, in the folder that ffmpeg runs in.</param>
    /// <param name="name">The file that is written there.</param>
    /// <param name="settings">What goes into the comment, or null.</param>
    /// <param name="chapters">A file of chapters there, in ffmpeg's metadata format; null for none.</param>
    public static IEnumerable<string> ForJoining(OutputKind kind, string list, string name, string? settings, string? chapters) =>
        [
            "-f",
            "concat",
            "-safe",
            "0",
            "-i",
            list,
            .. Metadata(chapters),
            "-c",
            "copy",
            .. kind == OutputKind.Mp4 ? (string[])["-movflags", "+faststart"] : [],
            .. settings is null ? [] : (string[])["-metadata", $"comment={settings}"],
            "-f",
            kind switch
            {
                OutputKind.Mp4 => "mp4",
                OutputKind.WebM => "webm",
                _ => "matroska",
            },
            name,
        ];

    private static string[] Input(ClipFormat format, string? chapters) =>
        [
            "-f",
            "rawvideo",
            "-pixel_format",
            "rgb24",
            "-video_size",
            string.Create(CultureInfo.InvariantCulture, $"{format.Width}x{format.Height}"),
            "-framerate",
            format.Fps.ToString(CultureInfo.InvariantCulture),
            "-i",
            "pipe:0",
            .. Metadata(chapters),
        ];

    private static string[] Metadata(string? chapters) =>
        [
            .. chapters is null ? [] : (string[])["-f", "ffmetadata", "-i", chapters, "-map", "0:v", "-map_chapters", "1"],
            "-map_metadata",
            chapters is null ? "-1" : "1", // with -1 the chapters' titles go, too
            "-fflags",
            "+bitexact",
        ];
}
