using Microsoft.Data.Sqlite;

namespace WanSharp.Jobs.Storage;

/// <summary>The jobs of a folder, durable: whatever ends the process, a job is where its row says. Thread-safe, and safe among processes.</summary>
public sealed class JobStore : IDisposable
{
    private readonly JobDatabase _database;
    private readonly TimeProvider _clock;

    private JobStore(JobFolder folder, JobDatabase database, TimeProvider clock)
    {
        (Folder, _database, _clock) = (folder, database, clock);
        Queue = new JobQueue(database, clock);
    }

    /// <summary>The folder.</summary>
    public JobFolder Folder { get; }

    /// <summary>What runners do with the jobs.</summary>
    internal JobQueue Queue { get; }

    /// <summary>Opens a folder's jobs; makes a damaged database again, from the list beside it and the artifacts that are there.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="clock">Tells when jobs came, started and ended.</param>
    /// <exception cref="JobStoreException">They cannot be read or kept.</exception>
    public static JobStore Open(JobFolder folder, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(clock);
        if (!File.Exists(folder.Database) && File.Exists(folder.Journal))
        {
            DamagedDatabase.Replace(folder, clock, damage: null);
        }

        try
        {
            return new JobStore(folder, JobDatabase.Open(folder.Database), clock);
        }
        catch (JobStoreException damage) when (JobDatabase.IsDamage(damage))
        {
            DamagedDatabase.Replace(folder, clock, damage);
            return new JobStore(folder, JobDatabase.Open(folder.Database), clock);
        }
    }

    /// <summary>Puts jobs into the queue, all or none. Jobs that are there already, with the same output and request, stay as they are.</summary>
    /// <returns>How many were new.</returns>
    /// <exception cref="JobStoreException">An output is another job's or somebody else's file; or they cannot be kept.</exception>
    public int Enqueue(IReadOnlyCollection<NewJob> jobs)
    {
        var added = _database.Write(connection =>
        {
            var now = Now();
            var fresh = jobs.Where(job => Insert(connection, job, now)).ToList();
            if (fresh.FirstOrDefault(job => Path.Exists(Folder.Artifact(job.Output))) is { } taken)
            {
                throw new JobStoreException($"{Folder.Artifact(taken.Output)} is there already and was not made by a job of this folder: move it away, or name another folder.");
            }

            JobJournal.Append(Folder.Journal, fresh); // before the commit: what the database knows, the journal knows
            return fresh.Count;
        });
        _database.Checkpoint();
        return added;
    }

    /// <summary>Gives jobs up: those that wait at once, those that run within a moment.</summary>
    /// <returns>How many there were to give up.</returns>
    public int Cancel(IReadOnlyCollection<long> ids) => _database.Write(connection => ids.Sum(id => connection.Run(
        "UPDATE jobs SET cancel = 1, state = CASE state WHEN 0 THEN 4 ELSE state END, finished_at = CASE state WHEN 0 THEN $now ELSE finished_at END WHERE id = $id AND state < 2",
        ("$now", Now()), ("$id", id))));

    /// <summary>Puts jobs that failed or were cancelled into the queue again, with all their attempts.</summary>
    /// <returns>How many there were.</returns>
    public int Retry() => _database.Write(connection => connection.Run(
        "UPDATE jobs SET state = 0, failures = 0, deaths = 0, suspect = 0, attempts = 0, cancel = 0, error = NULL, finished_at = NULL, queued_at = $now WHERE state > 2", ("$now", Now())));

    /// <summary>A job by its number, or null.</summary>
    public Job? Find(long id) => _database.Read(connection => JobRows.Find(connection, id));

    /// <summary>All jobs with all that is known of them, in the order in which they came.</summary>
    public IReadOnlyList<Job> All() => _database.Read(connection => connection.Query($"SELECT {JobRows.Columns} FROM jobs ORDER BY id", JobRows.Job));

    /// <summary>All jobs, or those in a state, a line each.</summary>
    public IReadOnlyList<JobListing> List(JobState? state = null) => _database.Read(connection => connection.Query(
        $"SELECT {JobRows.ListingColumns} FROM jobs WHERE $state IS NULL OR state = $state ORDER BY id", JobRows.Listing, ("$state", (long?)state)));

    /// <summary>How many jobs are in each state.</summary>
    public JobCounts Counts() => _database.Read(connection =>
    {
        var counts = connection.Query("SELECT state, count(*) FROM jobs GROUP BY state", row => (State: (JobState)row.GetInt32(0), Count: row.GetInt32(1)))
            .ToDictionary(row => row.State, row => row.Count);
        return new JobCounts(
            counts.GetValueOrDefault(JobState.Queued), counts.GetValueOrDefault(JobState.Running), counts.GetValueOrDefault(JobState.Succeeded),
            counts.GetValueOrDefault(JobState.Failed), counts.GetValueOrDefault(JobState.Cancelled));
    });

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();

    private static bool Insert(SqliteConnection connection, NewJob job, long now)
    {
        var parameters = JobRows.Parameters(job, now);
        if (connection.Run(JobRows.Insert, parameters) == 1)
        {
            return true;
        }

        var there = connection.Scalar<string>("SELECT request FROM jobs WHERE output = $output", ("$output", job.Output));
        return there == job.Request.ToJson()
            ? false
            : throw new JobStoreException($"{job.Output} is already the output of another job of this folder: name another folder, or give the job an output of its own.");
    }

    private long Now() => _clock.GetUtcNow().ToUnixTimeMilliseconds();
}
