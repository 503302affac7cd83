using WanSharp.Tensors;

namespace WanSharp.Jobs.Storage;

/// <summary>Finds out what a folder takes, before anything is computed for it.</summary>
public static class FolderCheck
{
    /// <summary>Finds out whether files can be written to a folder, or the folder can be made.</summary>
    /// <param name="path">The folder, which need not be there.</param>
    /// <exception cref="JobStoreException">It cannot be written.</exception>
    public static void RequireWritable(string path)
    {
        var full = Path.GetFullPath(path);
        var existing = full;
        while (!Directory.Exists(existing))
        {
            if (File.Exists(existing))
            {
                throw new JobStoreException($"{path} cannot hold jobs: {existing} is a file. Name another folder.");
            }

            existing =
                Path.GetDirectoryName(existing)
                ?? throw new JobStoreException($"{path} cannot hold jobs: there is no folder {Path.GetPathRoot(full)}.");
        }

        Try(existing, $".wan-{Guid.NewGuid():N}", path);
    }

    /// <summary>Finds out whether a folder takes names: some file systems take shorter ones than others.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="names">The names.</param>
    /// <exception cref="JobStoreException">It does not take the longest.</exception>
    public static void RequireNames(JobFolder folder, IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var longest = names.MaxBy(System.Text.Encoding.UTF8.GetByteCount);
        if (longest is not null)
        {
            var trial = Directory.CreateDirectory(folder.Settings($"trial-{Guid.NewGuid():N}"));
            try
            {
                Try(trial.FullName, longest, folder.Artifact(longest));
            }
            finally
            {
                trial.Delete(recursive: true);
            }
        }
    }

    /// <summary>A warning when a folder's disk has less room than clips need; null when it has enough, or that is unknown.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="bytes">About what the clips need.</param>
    public static string? WarnOfRoom(string folder, double bytes)
    {
        try
        {
            var free = new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
            return free < bytes
                ? $"{folder} has {ByteSize.Text(free)} of free space and the clips need about {ByteSize.Text(bytes)}: the batch stops "
                    + "when the disk is full, and can be resumed."
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null; // a network share, say
        }
    }

    private static void Try(string folder, string name, string path)
    {
        try
        {
            var file = Path.Combine(folder, name);
            using var trial = new FileStream(file, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var reason = exception is UnauthorizedAccessException ? $"{folder} may not be written." : exception.Message;
            throw new JobStoreException($"{path} cannot hold jobs: {reason} Name another folder.", exception);
        }
    }
}
