using Microsoft.Data.Sqlite;

namespace WanSharp.Jobs.Storage;

/// <summary>
/// Makes a database again that is damaged or gone: the jobs from the list beside it; those whose artifact is in its place have succeeded, for an
/// artifact gets there whole or not at all.
/// </summary>
internal static class DamagedDatabase
{
    public static void Replace(JobFolder folder, TimeProvider clock, JobStoreException? damage)
    {
        using var repair = TakeRepairLock(folder, damage);
        if (File.Exists(folder.Database) && (damage is null || IsWhole(folder.Database)))
        {
            return; // another process was faster
        }

        foreach (var worker in WorkerLock.Known(folder).ToList())
        {
            using var dead = WorkerLock.TryTakeOver(folder, worker)
                ?? throw new JobStoreException($"{folder.Database} is damaged, and another process works with it: stop that one (process {worker.Split('-')[0]}), then resume.", damage);
        }

        var fresh = folder.Database + ".new";
        Delete(fresh);
        using (var database = JobDatabase.Open(fresh))
        {
            database.Write(connection => Fill(connection, folder, clock.GetUtcNow().ToUnixTimeMilliseconds()));
            database.Checkpoint();
        }

        var aside = $"{folder.Database}.damaged-{clock.GetUtcNow().ToUnixTimeMilliseconds()}";
        foreach (var part in Parts(folder.Database).Where(File.Exists))
        {
            File.Move(part, aside + part[folder.Database.Length..]);
        }

        File.Move(fresh, folder.Database);
    }

    private static int Fill(SqliteConnection connection, JobFolder folder, long now)
    {
        var count = 0;
        foreach (var job in JobJournal.Read(folder.Journal))
        {
            count += connection.Run(JobRows.Insert, JobRows.Parameters(job, now));
            if (File.Exists(folder.Artifact(job.Output)))
            {
                connection.Run("UPDATE jobs SET state = 2 WHERE output = $output", ("$output", job.Output));
            }
        }

        return count;
    }

    private static FileStream TakeRepairLock(JobFolder folder, JobStoreException? damage)
    {
        try
        {
            return new FileStream(folder.Settings("repair.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new JobStoreException($"{folder.Database} is damaged and cannot be made again now: {exception.Message}", damage ?? exception);
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

    private static IEnumerable<string> Parts(string database) => [database, database + "-wal", database + "-shm"];

    private static void Delete(string database)
    {
        foreach (var part in Parts(database))
        {
            File.Delete(part);
        }
    }
}
