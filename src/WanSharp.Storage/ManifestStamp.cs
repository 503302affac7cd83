using WanSharp.Tensors;

namespace WanSharp.Storage;

/// <summary>
/// What tells one manifest of an entry from the next: an entry may be removed and made again while somebody waits for its lock.
/// </summary>
/// <param name="Length">The manifest's length.</param>
/// <param name="Used">Its time of change, which is that of the entry's last use.</param>
internal readonly record struct ManifestStamp(long Length, DateTime Used)
{
    /// <summary>The stamp of an open manifest, wherever it is now.</summary>
    public static ManifestStamp Of(FileStream manifest) => new(manifest.Length, File.GetLastWriteTimeUtc(manifest.SafeFileHandle));

    /// <summary>The stamp of the manifest that is in a place now; of no manifest if there is none.</summary>
    public static ManifestStamp? At(string path) =>
        FileFacts.Of(path) is { Exists: true } file ? new ManifestStamp(file.Length, file.LastWriteTimeUtc) : null;
}
