namespace WanSharp.Tensors;

/// <summary>Finds what Hugging Face's programs left of downloads that are not complete.</summary>
/// <remarks>
/// Source: huggingface/huggingface_hub:src/huggingface_hub/file_download.py. With <c>--local-dir X</c> parts are in
/// <c>X/.cache/huggingface/download</c>, else in the cache's <c>blobs</c>, two folders above a snapshot's files.
/// </remarks>
public static class HubDownloads
{
    private const string Pattern = "*.incomplete";
    private const int MostSteps = 4; // a shard is at most some folders below what was downloaded

    private static readonly string Local = Path.Combine(".cache", "huggingface", "download");

    private static readonly EnumerationOptions All = new()
    {
        RecurseSubdirectories = true,
        IgnoreInaccessible = true,
        AttributesToSkip = FileAttributes.None, // the folder is hidden
        MaxRecursionDepth = 8,
    };

    /// <summary>Part of a file, in a folder or what belongs to one of those above it; null if there is none.</summary>
    /// <param name="folder">The folder of a model, or of one of its files.</param>
    public static string? FindPart(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var above = Path.GetFullPath(folder);
        for (var step = 0; step < MostSteps && above is not null; step++, above = Path.GetDirectoryName(above))
        {
            var isSnapshot = Path.GetFileName(Path.GetDirectoryName(above)) == "snapshots";
            var blobs = isSnapshot ? Path.Combine(above, "..", "..", "blobs") : Path.Combine(above, "blobs");
            var isCache = isSnapshot || Directory.Exists(Path.Combine(above, "snapshots"));
            string[] places = isCache ? [Path.Combine(above, Local), Path.GetFullPath(blobs)] : [Path.Combine(above, Local)];
            var part = places.Where(Directory.Exists).SelectMany(place => Directory.EnumerateFiles(place, Pattern, All)).FirstOrDefault();
            if (part is not null || isCache)
            {
                return part;
            }
        }

        return null;
    }
}
