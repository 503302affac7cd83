namespace WanSharp.Hosting.Hub;

/// <summary>Puts a content into a snapshot: as a link, or where there are none as huggingface_hub does it on Windows.</summary>
internal static class SnapshotLink
{
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
            File.Move(blob, path, overwrite: true);
            return;
        }

        var temporary = $"{path}.{Guid.NewGuid():N}.incomplete";
        try
        {
            File.Copy(blob, temporary);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
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
