namespace WanSharp.Tensors;

/// <summary>Gives folders that are complete their names, so that a folder appears complete or not at all, also after a power cut.</summary>
public static class AtomicFolder
{
    /// <summary>Flushes a folder's files and renames it; what was at its place is removed only then.</summary>
    /// <param name="folder">The folder, on the same volume as <paramref name="path"/>.</param>
    /// <param name="path">Its name from now on.</param>
    /// <exception cref="IOException">A file cannot be flushed, or a folder not renamed; what was at the place is unchanged.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder may not be written.</exception>
    public static void Publish(string folder, string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentException.ThrowIfNullOrEmpty(path);
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            DurableFiles.Flush(file);
        }

        foreach (var inner in Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories))
        {
            DurableFiles.FlushFolder(inner);
        }

        if (!Directory.Exists(path))
        {
            DurableFiles.RenameFolder(folder, path, flush: true);
            return;
        }

        var old = NextTo(path, ".old");
        DurableFiles.RenameFolder(path, old, flush: false);
        try
        {
            DurableFiles.RenameFolder(folder, path, flush: true);
        }
        catch when (!Directory.Exists(path))
        {
            DurableFiles.RenameFolder(old, path, flush: false);
            throw;
        }

        Directory.Delete(old, recursive: true);
    }

    /// <summary>Moves a folder out of its work folder, for inspection.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="path">The place that it was made for.</param>
    /// <returns>Where it is: next to that place, under a name that no sweep takes for a leftover.</returns>
    /// <exception cref="IOException">It cannot be renamed.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder may not be written.</exception>
    public static string KeepNextTo(string folder, string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var kept = NextTo(path, "");
        DurableFiles.RenameFolder(folder, kept, flush: false);
        return kept;
    }

    private static string NextTo(string path, string suffix)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        return Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}-{Path.GetRandomFileName()}{suffix}");
    }
}
