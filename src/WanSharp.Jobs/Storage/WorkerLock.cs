namespace WanSharp.Jobs.Storage;

/// <summary>
/// A process's claim to be alive: an exclusive lock on a file, which the kernel frees when the process ends, however it ends.
/// The process's own folder for half-written files has the same lifetime.
/// </summary>
internal sealed class WorkerLock : IDisposable
{
    private readonly JobFolder _folder;
    private readonly FileStream _file;

    private WorkerLock(JobFolder folder, string id, FileStream file) => (_folder, Id, _file) = (folder, id, file);

    public string Id { get; }

    /// <summary>The folder for what is half-written.</summary>
    public string WorkFolder => _folder.WorkOf(Id);

    /// <summary>Takes a new lock.</summary>
    /// <exception cref="JobStoreException">The folder cannot be written, or its file system has no locks.</exception>
    public static WorkerLock Take(JobFolder folder)
    {
        for (var left = 3; ; left--)
        {
            try
            {
                return TakeOnce(folder);
            }
            catch (Exception exception) when (exception is not JobStoreException and (IOException or UnauthorizedAccessException))
            {
                // Between making the file and locking it, somebody may have taken it for a dead process's.
                if (left == 0)
                {
                    throw new JobStoreException(
                        $"{folder.Path} cannot be written: {exception.Message} Free space, or make it writable.",
                        exception
                    );
                }
            }
        }
    }

    /// <summary>Takes the lock of a process that is gone.</summary>
    /// <returns>The lock, which holds off others that would clean up too; null while that process lives.</returns>
    public static WorkerLock? TryTakeOver(JobFolder folder, string id) =>
        TryOpen(folder.LockOf(id), FileMode.OpenOrCreate) is { } file ? new WorkerLock(folder, id, file) : null;

    /// <summary>The processes that have a lock file, alive or not.</summary>
    public static IEnumerable<string> Known(JobFolder folder) =>
        Directory.EnumerateFiles(folder.Workers, "*.lock").Select(path => Path.GetFileNameWithoutExtension(path));

    /// <summary>Removes what is half-written, and the lock.</summary>
    public void Dispose()
    {
        try
        {
            if (Directory.Exists(WorkFolder))
            {
                Directory.Delete(WorkFolder, recursive: true);
            }

            File.Delete(_folder.LockOf(Id));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Whoever works here next removes it.
        }
        finally
        {
            _file.Dispose();
        }
    }

    private static WorkerLock TakeOnce(JobFolder folder)
    {
        var id = $"{Environment.ProcessId}-{Guid.NewGuid():N}";
        Directory.CreateDirectory(folder.WorkOf(id));
        var worker = new WorkerLock(folder, id, TryOpen(folder.LockOf(id), FileMode.CreateNew)!);
        using var second = TryOpen(folder.LockOf(id), FileMode.Open);
        if (second is null)
        {
            return worker;
        }

        worker.Dispose();
        throw new JobStoreException(
            $"{folder.Path} is on a file system without file locks, so two processes could make "
                + "the same clip: use a folder on a local disk."
        );
    }

    private static FileStream? TryOpen(string path, FileMode mode)
    {
        try
        {
            return new FileStream(path, mode, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (mode != FileMode.CreateNew && File.Exists(path))
        {
            return null; // locked
        }
    }
}
