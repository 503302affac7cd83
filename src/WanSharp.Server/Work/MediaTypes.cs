using WanSharp.Jobs.Comfy;
using WanSharp.Media.Clips;

namespace WanSharp.Server.Work;

/// <summary>The media types of clips and pictures.</summary>
internal static class MediaTypes
{
    public const string Webp = "image/webp";

    /// <summary>
    /// The formats of clips, as extensions: a video's file has one of them, whichever backend made it. What can be asked for is
    /// <see cref="ServedFormats"/>.
    /// </summary>
    public static IReadOnlyList<string> ClipFormats { get; } = [.. OutputTarget.Formats.Union(ComfyBackend.AllFormats)];

    /// <summary>The types of clips and of their pictures.</summary>
    public static string[] Clips { get; } = [.. ClipFormats.Select(Of).Distinct()];

    public static string Of(string file) =>
        Path.GetExtension(file).ToLowerInvariant() switch
        {
            ".mp4" => "video/mp4",
            ".webm" => "video/webm",
            ".gif" => "image/gif",
            ".webp" => Webp,
            ".png" => "image/png",
            ".mov" => "video/quicktime",
            ".mkv" => "video/x-matroska",
            _ => "application/octet-stream",
        };
}
