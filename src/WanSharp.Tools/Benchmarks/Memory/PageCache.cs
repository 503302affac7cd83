using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace WanSharp.Tools.Benchmarks.Memory;

/// <summary>The system's cache of files, which makes a second reading free and is charged to whoever read first.</summary>
internal static partial class PageCache
{
    private const int DontNeed = 4; // linux/fadvise.h

    /// <summary>Has the system forget what it cached of a folder's files, where it can be asked; what a process has mapped stays.</summary>
    public static void Evict(string folder)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        foreach (var path in Directory.EnumerateFiles(folder))
        {
            using var file = File.OpenHandle(path);
            RandomAccess.FlushToDisk(file); // what is not written yet cannot be forgotten
            _ = AdviseFile(file, 0, 0, DontNeed);
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int AdviseFile(SafeFileHandle file, long offset, long length, int advice);
}
