using System.Runtime.InteropServices;

namespace WanSharp.Tensors;

/// <summary>
/// The steps of which writing that survives a power cut is made. Each is announced to <see cref="FileEvents"/>, so that tests can
/// cut the power after any of them.
/// </summary>
/// <remarks>
/// Windows cannot flush a folder; NTFS keeps renames in order in its journal. Some file systems refuse to (network drives): there
/// the file's content is safe, and its name as safe as the file system makes it.
/// </remarks>
public static partial class DurableFiles
{
    private const int IoError = 5; // EIO, the same on Linux and macOS
    private const int NoSpaceLeft = 28; // ENOSPC
    private const int ReadOnly = 0; // O_RDONLY

    /// <summary>Makes a folder and those above it that are missing, so that they survive a power cut.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public static void CreateFolder(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
        {
            return;
        }

        var parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        if (parent is not null)
        {
            CreateFolder(parent);
        }

        Directory.CreateDirectory(path);
        Created(path);
        if (parent is not null)
        {
            FlushFolder(parent);
        }
    }

    /// <summary>Puts the bytes of a file on the disk.</summary>
    /// <param name="path">The file, which nothing writes to now.</param>
    /// <exception cref="IOException">The disk does not take them.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be opened.</exception>
    public static void Flush(string path)
    {
        // Windows flushes only a file that is open for writing.
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        Flush(stream);
    }

    /// <summary>Puts what was written to a file on the disk.</summary>
    /// <param name="stream">The file, open for writing.</param>
    /// <exception cref="IOException">The disk does not take it.</exception>
    public static void Flush(FileStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.Flush(flushToDisk: true);
        if (FileEvents.Log.IsEnabled())
        {
            FileEvents.Log.Flushed(stream.Name);
        }
    }

    /// <summary>Renames a file, then flushes the folder that it is in now.</summary>
    /// <param name="from">The file, flushed.</param>
    /// <param name="to">Its name from now on, on the same volume.</param>
    /// <param name="overwrite">Whether a file of that name is replaced.</param>
    /// <exception cref="IOException">It cannot be renamed, or <paramref name="to"/> exists.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder may not be written.</exception>
    public static void Rename(string from, string to, bool overwrite)
    {
#pragma warning disable RS0030 // the one place that renames files
        File.Move(from, to, overwrite);
#pragma warning restore RS0030
        Renamed(from, to);
    }

    /// <summary>Renames a folder whose files are flushed.</summary>
    /// <param name="from">The folder.</param>
    /// <param name="to">Its name from now on, on the same volume.</param>
    /// <param name="flush">Whether the names of its files are flushed before, and the folder that it is in now afterwards; not needed
    /// for what is removed.</param>
    /// <exception cref="IOException">It cannot be renamed, or <paramref name="to"/> exists.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder may not be written.</exception>
    public static void RenameFolder(string from, string to, bool flush)
    {
        if (flush)
        {
            FlushFolder(from);
        }

#pragma warning disable RS0030 // the one place that renames folders
        Directory.Move(from, to);
#pragma warning restore RS0030
        Renamed(from, to, flush);
    }

    /// <summary>Deletes a file that may or may not be there; where it cannot be deleted it stays.</summary>
    /// <param name="path">The file.</param>
    public static void Delete(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        try
        {
            File.Delete(path);
            if (FileEvents.Log.IsEnabled())
            {
                FileEvents.Log.Deleted(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Something more important failed already, or somebody looks into a leftover.
        }
    }

    /// <summary>Puts the names of a folder's files on the disk, where the system allows it.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="IOException">The disk fails or is full.</exception>
    public static void FlushFolder(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            var folder = Open(path.Length == 0 ? "." : path, ReadOnly);
            if (folder < 0)
            {
                return; // one that may be written but not read, say
            }

            var failed = Synchronize(folder) != 0;
            var error = Marshal.GetLastPInvokeError();
            _ = Close(folder);
            if (failed && error is IoError or NoSpaceLeft)
            {
                throw new IOException($"The disk does not take the names in {path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
            }
        }

        if (FileEvents.Log.IsEnabled())
        {
            FileEvents.Log.FolderFlushed(path);
        }
    }

    /// <summary>Announces a file or folder that was made.</summary>
    internal static void Created(string path)
    {
        if (FileEvents.Log.IsEnabled())
        {
            FileEvents.Log.Created(path);
        }
    }

    private static void Renamed(string from, string to, bool flush = true)
    {
        if (FileEvents.Log.IsEnabled())
        {
            FileEvents.Log.Renamed(from, to);
        }

        // Not the folder that it was in: file systems that keep the new name forget the old one, and a leftover would be harmless.
        if (flush)
        {
            FlushFolder(Path.GetDirectoryName(to) ?? "");
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Synchronize(int file);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
