using WanSharp.Tensors;

namespace WanSharp.Jobs.Storage;

/// <summary>
/// Puts a database aside that cannot be read. A new one is made in its place, and filled from the journal like any that knows
/// less than that.
/// </summary>
internal static class DamagedDatabase
{
    /// <exception cref="JobStoreException">Another process works with it, or the folder cannot be written.</exception>
    public static void PutAside(JobFolder folder, TimeProvider clock, JobStoreException damage)
    {
        using var repair = TakeRepairLock(folder, damage);
        if (!File.Exists(folder.Database) || IsWhole(folder.Database))
        {
            return; // another process was faster
        }

        foreach (var worker in WorkerLock.Known(folder).ToList())
        {
            using var dead =
                WorkerLock.TryTakeOver(folder, worker)
                ?? throw new JobStoreException(
                    $"{folder.Database} is damaged, and another process is using it: stop that one (process "
                        + $"{worker.Split('-')[0]}), then resume.",
                    damage
                );
        }

        var aside = $"{folder.Database}.damaged-{clock.GetUtcNow().ToUnixTimeMilliseconds()}";
        // the log goes first: a new database must not find it
        foreach (var part in (string[])[folder.Database + "-wal", folder.Database + "-shm", folder.Database])
        {
            if (File.Exists(part))
            {
                DurableFiles.Rename(part, aside + part[folder.Database.Length..], overwrite: false);
            }
        }
    }

    private static FileStream TakeRepairLock(JobFolder folder, JobStoreException damage)
    {
        try
        {
            return new FileStream(folder.Settings("repair.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new JobStoreException($"{folder.Database} is damaged and cannot be rebuilt now: {exception.Message}", damage);
        }
    }

    private static bool IsWhole(string path)
    {
        try
        {
            JobDatabase.Open(path).Dispose();
            return true;
        }
        catch (JobStoreException exception) when (JobDatabase.IsDamage(exception))
        {
            return false;
        }
    }
}
