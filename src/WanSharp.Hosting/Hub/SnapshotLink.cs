using WanSharp.Tensors;

namespace WanSharp.Hosting.Hub;

/// <summary>Puts a content into a snapshot: as a link, or where there are none as huggingface_hub does it on Windows.</summary>
internal static class SnapshotLink
{
    private const int CopyChunk = 1 << 20;

    /// <summary>Makes a file of a snapshot.</summary>
    /// <param name="blob">The content.</param>
    /// <param name="path">The file.</param>
    /// <param name="mayLink">Whether it may be a link.</param>
    /// <param name="isNew">Whether no other snapshot can have the content: then it moves there, instead of being copied.</param>
    public static void Make(string blob, string path, bool mayLink, bool isNew)
    {
        var folder = Directory.CreateDirectory(Path.GetDirectoryName(path)!).FullName;
        File.Delete(path);
        if (mayLink && TryLink(path, Path.GetRelativePath(folder, Path.GetFullPath(blob))))
        {
            return;
        }

        if (isNew)
        {
            AtomicFile.Publish(blob, path, overwrite: true);
            return;
        }

        AtomicFile.Write(
            path,
            copy =>
            {
                using var content = PlainFile.OpenRead(blob);
                content.CopyTo(copy, CopyChunk);
            }
        );
    }

    private static bool TryLink(string path, string target)
    {
        try
        {
            File.CreateSymbolicLink(path, target);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            return false; // Windows without developer mode, a disk without links
        }
    }
}
