namespace WanSharp.Storage;

/// <summary>Locks on files that the system frees when their process ends, however it ends.</summary>
internal static class FileLocks
{
    // EAGAIN of Linux and of macOS, and Windows' sharing violation.
    private static readonly int[] Violations = [11, 35, unchecked((int)0x80070020)];

    /// <summary>Opens a file that no other process has open.</summary>
    /// <returns>The file, or null while another process has it open.</returns>
    /// <exception cref="IOException">It cannot be opened for another reason.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static FileStream? TryAlone(string path, FileMode mode)
    {
        try
        {
            return new FileStream(path, mode, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException e) when (Violations.Contains(e.HResult))
        {
            return null;
        }
    }

    /// <summary>Opens a file together with other readers.</summary>
    /// <returns>The file, or null when it does not exist or another process has it open.</returns>
    public static FileStream? TryShared(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
