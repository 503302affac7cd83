using System.Text.RegularExpressions;
using WanSharp.Storage;

namespace WanSharp.Server.Work;

/// <summary>The ids of videos. A video's file has its id as name, so an id is checked before it names anything.</summary>
internal static partial class VideoId
{
    /// <summary>A new one; those that come later sort later.</summary>
    public static string New() => $"video_{Guid.CreateVersion7():N}";

    /// <summary>The id of what a client asked for with a key of its own: asked for again, it is the same.</summary>
    public static string Of(string owner, string key) => $"video_{Digests.OfText($"{owner}\n{key}")[..32]}";

    /// <summary>The id of the video that a file is.</summary>
    public static string OfFile(string output) => Path.GetFileNameWithoutExtension(output);

    /// <summary>The id that goes with a UUID, as clients of ComfyUI's API give one.</summary>
    public static string Of(Guid id) => $"video_{id:N}";

    /// <summary>The UUID that goes with an id; null where the text is none.</summary>
    public static Guid? ToGuid(string id) => IsOne(id) ? Guid.ParseExact(id["video_".Length..], "N") : null;

    public static bool IsOne(string text) => Pattern().IsMatch(text);

    [GeneratedRegex(@"\Avideo_[0-9a-f]{32}\z")]
    private static partial Regex Pattern();
}
