using System.Text.Json;
using System.Text.RegularExpressions;
using WanSharp.Models.Hub;

namespace WanSharp.Hosting.Hub;

/// <summary>Reads what the hub answers.</summary>
internal static partial class HubAnswer
{
    /// <summary>The files of a page of a list; null when it is none.</summary>
    public static IEnumerable<HubFile>? Files(JsonElement answer) =>
        answer.ValueKind == JsonValueKind.Array
            ? answer.EnumerateArray().Where(entry => Text(entry, "type") == "file").Select(FileOf).OfType<HubFile>()
            : null;

    /// <summary>The address of the next page of a list (RFC 8288); null on the last one.</summary>
    public static string? NextPage(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Link", out var links)
            ? links.Select(link => Next().Match(link)).Where(match => match.Success).Select(match => match.Groups[1].Value).FirstOrDefault()
            : null;

    /// <summary>A file; null for one whose name this machine could not keep, which no model of ours has.</summary>
    private static HubFile? FileOf(JsonElement entry)
    {
        var lfs = entry.TryGetProperty("lfs", out var found) && found.ValueKind == JsonValueKind.Object ? found : (JsonElement?)null;
        var length = (lfs ?? entry).TryGetProperty("size", out var size) && size.TryGetInt64(out var bytes) ? bytes : -1;
        var (path, blob, sha256) = (Text(entry, "path"), Text(entry, "oid"), lfs is null ? null : Text(lfs.Value, "oid"));
        return
            path is not null
            && blob is not null
            && length >= 0
            && (lfs is null || sha256 is { Length: 64 })
            && HubETag.IsOne(sha256 ?? blob)
            && HubPath.IsSafe(path)
            ? new HubFile(path, length, blob, sha256)
            : null;
    }

    private static string? Text(JsonElement entry, string name) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    [GeneratedRegex("<([^>]*)>\\s*;[^,]*rel=\"?next\"?")]
    private static partial Regex Next();
}
