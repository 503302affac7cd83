using WanSharp.Tensors;

namespace WanSharp.Jobs.Comfy;

/// <summary>The formats of clips that ComfyUI's nodes write: known from a node before it runs, and from a file's first bytes.</summary>
internal static class ClipFormats
{
    private const int HeadBytes = 16;

    /// <summary>All extensions, with their dots.</summary>
    public static IReadOnlyList<string> All { get; } = [".mp4", ".webm", ".gif", ".png", ".mov", ".mkv", ".webp"];

    /// <summary>What a node writes: an extension with its dot; null when it does not tell.</summary>
    /// <remarks>ComfyUI comfy_extras/nodes_video.py, nodes_images.py; ComfyUI-VideoHelperSuite videohelpersuite/nodes.py,
    /// video_formats.</remarks>
    public static string? Of(ComfyNode node) =>
        node.ClassType switch
        {
            "SaveVideo" => OfSaveVideo(node),
            "SaveWEBM" => ".webm",
            "SaveAnimatedWEBP" => ".webp",
            "SaveAnimatedPNG" => ".png",
            "VHS_VideoCombine" => OfCombine(node.Inputs["format"].Text()),
            _ => null,
        };

    /// <summary>Why what a node writes is not a clip; null when it may be one.</summary>
    public static string? WhyNoClip(ComfyNode node) =>
        node.ClassType == "VHS_VideoCombine"
        && node.Inputs["format"].Text() is { } format
        && format.EndsWith("-png", StringComparison.Ordinal)
            ? $"{node} writes {format}, a file for each frame"
            : null;

    /// <summary>Whether a file begins as its format does; true for formats that are not known.</summary>
    public static bool Is(string path, string format)
    {
        Span<byte> head = stackalloc byte[HeadBytes];
        using var file = PlainFile.OpenRead(path);
        head = head[..file.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false)];
        var box = head.Length >= 8 ? head[4..8] : [];
        return format switch
        {
            ".mp4" or ".m4v" => box.SequenceEqual("ftyp"u8),
            ".mov" => box.SequenceEqual("ftyp"u8)
                || box.SequenceEqual("moov"u8)
                || box.SequenceEqual("mdat"u8)
                || box.SequenceEqual("wide"u8)
                || box.SequenceEqual("free"u8),
            ".mkv" or ".webm" => head.StartsWith((ReadOnlySpan<byte>)[0x1A, 0x45, 0xDF, 0xA3]),
            ".webp" => head.StartsWith("RIFF"u8) && head.Length >= 12 && head[8..12].SequenceEqual("WEBP"u8),
            ".gif" => head.StartsWith("GIF8"u8),
            ".png" => head.StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47]),
            _ => true,
        };
    }

    /// <summary>The codec decides where the format is "auto"; newer servers call it <c>format.codec</c>.</summary>
    private static string? OfSaveVideo(ComfyNode node) =>
        (node.Inputs["format"].Text(), (node.Inputs["format.codec"] ?? node.Inputs["codec"]).Text()) switch
        {
            (null or "auto", "av1") => ".webm",
            (null or "auto", null or "auto" or "h264") => ".mp4",
            ("mp4", _) => ".mp4",
            ("mkv", _) => ".mkv",
            ("webm", _) => ".webm",
            ("mov", _) => ".mov",
            _ => null,
        };

    /// <summary>Formats are named after files that people may add to: these are the ones that come with the node.</summary>
    private static string? OfCombine(string? format) =>
        format switch
        {
            "image/gif" or "video/ffmpeg-gif" or "video/gifski" => ".gif",
            "image/webp" => ".webp",
            "video/ProRes" => ".mov",
            { } name when name.EndsWith("-mp4", StringComparison.Ordinal) => ".mp4",
            { } name when name.EndsWith("-mkv", StringComparison.Ordinal) => ".mkv",
            { } name when name.EndsWith("-webm", StringComparison.Ordinal) || name == "video/webm" => ".webm",
            { } name when name.EndsWith("-mov", StringComparison.Ordinal) => ".mov",
            _ => null,
        };
}
