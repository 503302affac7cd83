using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Storage;

/// <summary>
/// The jobs of a folder, durable: whatever ends the process, a job is where its row says. Thread-safe, and safe among processes.
/// </summary>
public sealed partial class JobStore : IDisposable
{
    private readonly JobDatabase _database;
    private readonly JobClock _clock;
    private readonly WorkFolder? _copy;
    private readonly ArrivalGroup _arrivals;
    private readonly NamesInUse _names = new();

    private JobStore(JobFolder folder, JobDatabase database, JobClock clock, WorkFolder? copy)
    {
        (Folder, _database, _clock, _copy) = (folder, database, clock, copy);
        Queue = new JobQueue(database, folder, clock);
        _arrivals = new ArrivalGroup(Put);
    }

    /// <summary>The folder.</summary>
    public JobFolder Folder { get; }

    /// <summary>Jobs that the runner of this process takes at once.</summary>
    internal ConcurrentQueue<long> Ready { get; } = new();

    /// <summary>Wakes the runners of this process.</summary>
    internal ChangeSignal Changed { get; } = new();

    /// <summary>What runners do with the jobs.</summary>
    internal JobQueue Queue { get; }

    /// <summary>
    /// Opens a folder's jobs. A database that is damaged, lost, or older than the journal next to it is made again from that and
    /// the clips that are there.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="clock">Tells when jobs came, started and ended.</param>
    /// <exception cref="JobStoreException">They cannot be read or kept.</exception>
    public static JobStore Open(JobFolder folder, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(clock);
        return Open(folder, clock, copy: null);
    }

    /// <summary>
    /// Opens a folder's jobs to look at them. A folder that cannot be written will do: then what it holds is looked at in a copy.
    /// </summary>
    /// <param name="path">The folder.</param>
    /// <param name="clock">The clock.</param>
    /// <exception cref="JobStoreException">They cannot be read.</exception>
    public static JobStore OpenToRead(string path, TimeProvider clock)
    {
        if (!JobFolder.Exists(path))
        {
            return Open(JobFolder.Open(path), clock); // says what is wrong
        }

        try
        {
            return Open(JobFolder.Open(path), clock);
        }
        catch (JobStoreException exception)
            when (JobDatabase.IsReadOnly(exception) || exception.InnerException is IOException or UnauthorizedAccessException)
        {
            var copy = WorkFolder.CreateTemporary();
            try
            {
                return Open(JobFolder.CopyState(path, copy.Path), clock, copy);
            }
            catch
            {
                copy.Dispose();
                throw;
            }
        }
    }

    /// <summary>Gives jobs up: those that wait at once, those that run within a moment.</summary>
    /// <returns>Those that it changed.</returns>
    public IReadOnlyList<long> Cancel(IReadOnlyCollection<long> ids) =>
        _database.Write(connection =>
        {
            var now = _clock.Now();
            var outputs = ids.SelectMany(id =>
                    connection.Query(
                        $"SELECT output FROM jobs WHERE id = $id AND state IN ({States.Queued}, {States.Running})",
                        row => row.GetString(0),
                        ("$id", id)
                    )
                )
                .ToList();
            Append(
                connection,
                outputs.Select(output => new JournalNote
                {
                    Note = JournalNote.Cancelled,
                    Output = output,
                    At = now,
                })
            );
            return ids.Where(id =>
                    connection.Run(
                        $"UPDATE jobs SET cancel = 1, state = CASE state WHEN {States.Queued} THEN {States.Cancelled} ELSE state END, "
                            + $"finished_at = CASE state WHEN {States.Queued} THEN $now ELSE finished_at END "
                            + $"WHERE id = $id AND state IN ({States.Queued}, {States.Running})",
                        ("$now", now),
                        ("$id", id)
                    ) == 1
                )
                .ToList();
        });

    /// <summary>
    /// Looks whether the clips of finished jobs are there, and what they were: a job whose clip is missing, empty, cut short or
    /// damaged waits again. A
    /// clip that is whole and another one, because somebody edited it, is left alone.
    /// </summary>
    /// <param name="repairs">Whether jobs are put back and remains put aside; else it only looks.</param>
    /// <param name="cancellationToken">Cancels the operation between two clips.</param>
    /// <exception cref="JobStoreException">The store cannot be read or written.</exception>
    public Task<ClipReview> ReviewAsync(bool repairs, CancellationToken cancellationToken) =>
        ClipReview.RunAsync(_database, Folder, repairs && _copy is null, cancellationToken);

    /// <summary>Lets all jobs that have no clip yet replace whatever is in its place.</summary>
    public void LetOverwrite() =>
        _database.Write(connection => connection.Run($"UPDATE jobs SET overwrites = 1 WHERE state <> {States.Succeeded}"));

    /// <summary>Keeps what makes the batch's clips in the journal too, from which it comes back should its file be lost.</summary>
    /// <param name="settings">An object of JSON.</param>
    public void KeepSettings(JsonElement settings) =>
        _database.Write(connection =>
        {
            if (JobJournal.Read(Folder.Journal).Settings is not { } kept || !JsonElement.DeepEquals(kept, settings))
            {
                Append(connection, [new JournalNote { Note = JournalNote.Settings, Batch = settings }]);
            }

            return true;
        });

    /// <summary>Refuses to go on where jobs were lost, with the journal cut and the database gone: those that are left are not the
    /// batch.</summary>
    /// <exception cref="JobStoreException">There are fewer jobs than the folder was given.</exception>
    public void RequireAll()
    {
        var lost = JobTally.Read(Folder) - Math.Max(Counts().Total, JobJournal.Read(Folder.Journal).Known);
        if (lost > 0)
        {
            throw new JobStoreException(
                $"{lost} of the jobs of {Folder.Path} {(lost == 1 ? "is" : "are")} lost, because {Folder.Journal} is damaged: repeat the "
                    + "original command with the same folder, which keeps the finished clips."
            );
        }
    }

    /// <summary>A job by its number, or null.</summary>
    public Job? Find(long id) => _database.Read(connection => JobRows.Find(connection, id));

    /// <summary>All jobs with all that is known of them, in the order in which they came.</summary>
    public IReadOnlyList<Job> All() =>
        _database.Read(connection => connection.Query($"SELECT {JobRows.Columns} FROM jobs ORDER BY id", JobRows.Job));

    /// <summary>All jobs, or those in a state, a line each.</summary>
    public IReadOnlyList<JobListing> List(JobState? state = null) =>
        _database.Read(connection =>
            connection.Query(
                $"SELECT {JobRows.ListingColumns} FROM jobs WHERE $state IS NULL OR state = $state ORDER BY id",
                JobRows.Listing,
                ("$state", (long?)state)
            )
        );

    /// <summary>How many jobs are in each state.</summary>
    /// <param name="owner">Whose jobs count; null for anybody's.</param>
    public JobCounts Counts(string? owner = null) =>
        _database.Read(connection =>
        {
            var counts = connection
                .Query(
                    $"SELECT state, count(*) FROM jobs {(owner is null ? "" : "WHERE owner = $owner")} GROUP BY state",
                    row => (State: (JobState)row.GetInt32(0), Count: row.GetInt32(1)),
                    ("$owner", owner)
                )
                .ToDictionary(row => row.State, row => row.Count);
            return new JobCounts(
                counts.GetValueOrDefault(JobState.Queued),
                counts.GetValueOrDefault(JobState.Running),
                counts.GetValueOrDefault(JobState.Succeeded),
                counts.GetValueOrDefault(JobState.Failed),
                counts.GetValueOrDefault(JobState.Cancelled)
            );
        });

    /// <inheritdoc/>
    public void Dispose()
    {
        _database.Dispose();
        _copy?.Dispose();
    }

    private static JobStore Open(JobFolder folder, TimeProvider clock, WorkFolder? copy)
    {
        JobDatabase database;
        try
        {
            database = JobDatabase.Open(folder.Database);
        }
        catch (JobStoreException damage) when (JobDatabase.IsDamage(damage))
        {
            DamagedDatabase.PutAside(folder, clock, damage);
            database = JobDatabase.Open(folder.Database);
        }

        var times = new JobClock(clock);
        try
        {
            // Another process may be in the middle of writing both: what only looks different is looked at again under the lock.
            if (!database.Read(connection => JournalIndex.IsCurrent(connection, folder)))
            {
                database.Write(connection =>
                {
                    if (!JournalIndex.IsCurrent(connection, folder))
                    {
                        JournalIndex.Refresh(connection, folder, times.Now());
                    }

                    return true;
                });
            }

            var store = new JobStore(folder, database, times, copy);
            if (copy is null)
            {
                store.Queue.Purge();
                store.Compact();
            }

            return store;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    private void Compact()
    {
        try
        {
            _database.Write(connection =>
            {
                JournalIndex.Compact(connection, Folder);
                return true;
            });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JobStoreException)
        {
            // no room for a second one: it stays as it is
        }
    }

    private void Append(SqliteConnection connection, IEnumerable<JournalNote> notes)
    {
        var lines = notes.ToList();
        if (lines.Count > 0)
        {
            JournalIndex.Note(connection, JobJournal.Append(Folder.Journal, lines));
        }
    }
}
