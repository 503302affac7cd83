namespace WanSharp.Tensors;

/// <summary>
/// Removes what processes that died left of unfinished files: <c>.wan-…</c>, which <see cref="AtomicFile"/> and
/// <see cref="WorkFolder"/> make.
/// </summary>
/// <remarks>
/// An owner holds a lock while it lives, and the kernel frees it whatever ends the process; no clock is asked. Where locks may not reach
/// other machines (network drives), or are not there at all, everything stays.
/// </remarks>
public static class Leftovers
{
    /// <summary>The file that the owner of a folder keeps locked.</summary>
    internal const string LockName = "owner";

    private static readonly string[] Remote =
    [
        "fuse",
        "sshfs",
        "nfs",
        "nfs4",
        "smb",
        "smb2",
        "cifs",
        "9p",
        "ceph",
        "afs",
        "lustre",
        "gfs",
        "gfs2",
        "vboxsf",
        "vmhgfs",
    ];

    private static readonly EnumerationOptions Hidden = new() { AttributesToSkip = FileAttributes.ReparsePoint };

    /// <summary>Removes the leftovers in a folder; whatever cannot be removed stays.</summary>
    /// <param name="folder">The folder; nothing below it is looked at.</param>
    public static void Sweep(string folder)
    {
        try
        {
            var found = new DirectoryInfo(folder).EnumerateFileSystemInfos(AtomicFile.TemporaryPrefix + "*", Hidden).ToList();
            if (found.Count > 0 && LocksAreKept(folder))
            {
                found.ForEach(Remove);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It cannot be listed: nothing was promised.
        }
    }

    /// <summary>
    /// Takes an empty file that stands for a name, if whoever took the name is dead: it held the file open, as its next owner does.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <returns>The file, to be kept open; null where it is not empty, its owner lives, or that cannot be told.</returns>
    public static FileStream? TakeEmpty(string file)
    {
        if (OperatingSystem.IsWindows()) // an open file cannot be replaced there, so that no name is held
        {
            return null;
        }

        var taken =
            FileFacts.Of(file) is { Exists: true, Length: 0 } && LocksAreKept(Path.GetDirectoryName(Path.GetFullPath(file))!)
                ? TryLock(file)
                : null;
        if (taken is { Length: > 0 } || (taken is not null && !File.Exists(file))) // its owner was about to end
        {
            taken.Dispose();
            return null;
        }

        return taken;
    }

    /// <summary>Takes the lock of an existing file; null while its owner lives.</summary>
    private static FileStream? TryLock(string file)
    {
        try
        {
            return new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether a second lock of a file is refused here, which some file systems do not do.</summary>
    private static bool LocksAreKept(string folder)
    {
        if (!IsLocal(folder))
        {
            return false;
        }

        var probe = Path.Combine(folder, $"{AtomicFile.TemporaryPrefix}{Guid.NewGuid():N}{AtomicFile.TemporarySuffix}");
        using var first = new FileStream(
            probe,
            FileMode.CreateNew,
            FileAccess.Write,
            FileShare.None,
            bufferSize: 0,
            FileOptions.DeleteOnClose
        );
        using var second = TryLock(probe);
        return second is null;
    }

    private static bool IsLocal(string folder)
    {
        try
        {
            var full = Path.GetFullPath(folder);
            var drive = new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(full)! : full);
            return drive.DriveType != DriveType.Network && !Remote.Contains(drive.DriveFormat, StringComparer.OrdinalIgnoreCase);
        }
        catch (ArgumentException)
        {
            return false; // \\server\share
        }
    }

    private static void Remove(FileSystemInfo leftover)
    {
        try
        {
            if (leftover is FileInfo)
            {
                RemoveFile(leftover);
            }
            else
            {
                RemoveFolder(leftover.FullName);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another process was faster, or it belongs to somebody else.
        }
    }

    private static void RemoveFile(FileSystemInfo leftover)
    {
        if (leftover.Name.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal))
        {
            using var owned = TryLock(leftover.FullName);
            if (owned is not null)
            {
                leftover.Delete();
            }
        }
    }

    private static void RemoveFolder(string folder)
    {
        var mark = Path.Combine(folder, LockName);
        if (!File.Exists(mark))
        {
            if (!Directory.EnumerateFileSystemEntries(folder).Any())
            {
                Directory.Delete(folder); // one that is just being made is made anew under another name
            }

            return;
        }

        using (var owned = TryLock(mark))
        {
            if (owned is null)
            {
                return;
            }

            foreach (var entry in Directory.EnumerateFileSystemEntries(folder).Where(entry => entry != mark))
            {
                if (Directory.Exists(entry))
                {
                    Directory.Delete(entry, recursive: true);
                }
                else
                {
                    File.Delete(entry);
                }
            }

            if (!OperatingSystem.IsWindows())
            {
                File.Delete(mark); // an owner who had not locked it yet sees that it is gone
            }
        }

        Directory.Delete(folder, recursive: true);
    }
}
