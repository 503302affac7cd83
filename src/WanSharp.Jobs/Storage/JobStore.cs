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
    /// <summary>For how long it is known when jobs of owners came, in milliseconds.</summary>
    private const long Remembered = 7 * 24 * 3600 * 1000L;

    private readonly JobDatabase _database;
    private readonly JobClock _clock;
    private readonly string? _copy;

    private JobStore(JobFolder folder, JobDatabase database, JobClock clock, string? copy)
    {
        (Folder, _database, _clock, _copy) = (folder, database, clock, copy);
        Queue = new JobQueue(database, folder, clock);
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
            var copy = Directory.CreateTempSubdirectory("wan-jobs-").FullName;
            try
            {
                return Open(JobFolder.CopyState(path, copy), clock, copy);
            }
            catch
            {
                Directory.Delete(copy, recursive: true);
                throw;
            }
        }
    }

    /// <summary>
    /// Puts jobs into the queue, all or none. Jobs that are there already, with the same output, request and settings, stay as
    /// they are.
    /// </summary>
    /// <param name="jobs">The jobs. Those with <see cref="NewJob.Overwrites"/> take their output from whatever has it.</param>
    /// <param name="clips">Outputs whose file is there, and is their job's clip although the folder does not know of it.</param>
    /// <returns>How many were new.</returns>
    /// <exception cref="JobStoreException">An output is another job's, or a file that is not a clip of this folder; or they cannot be
    /// kept.</exception>
    public int Enqueue(IReadOnlyCollection<NewJob> jobs, IReadOnlySet<string>? clips = null)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        var added = _database.Write(connection =>
        {
            var now = _clock.Now();
            var fresh = jobs.Where(job => Insert(connection, job, now)).ToList();
            NoteOwners(connection, fresh, now);
            var taken = fresh
                .Where(job => !job.Overwrites && clips?.Contains(job.Output) != true && IsTaken(Folder.Artifact(job.Output)))
                .ToList();
            if (taken.Count > 0)
            {
                throw new JobStoreException(
                    $"{Folder.Artifact(taken[0].Output)}{(taken.Count > 1 ? $" and {taken.Count - 1} more files are" : " is")} "
                        + $"there already and not made by a job of this folder: move {(taken.Count > 1 ? "them" : "it")} "
                        + "away, name another folder, or give --overwrite."
                );
            }

            var before = JobJournal.LengthOf(Folder.Journal);
            try
            {
                // before the commit: what the database knows, the journal knows
                JournalIndex.Note(connection, fresh.Count > 0 ? JobJournal.Append(Folder.Journal, fresh) : before);
            }
            catch (IOException exception)
            {
                Shorten(before); // none of them, rather than some
                throw new JobStoreException($"{Folder.Journal} cannot be written: {exception.Message}", exception);
            }

            return fresh.Count;
        });
        _database.Checkpoint();
        Changed.Raise();
        return added;
    }

    /// <summary>Gives jobs up: those that wait at once, those that run within a moment.</summary>
    /// <returns>How many there were to give up.</returns>
    public int Cancel(IReadOnlyCollection<long> ids) =>
        _database.Write(connection =>
        {
            var outputs = ids.SelectMany(id =>
                    connection.Query(
                        $"SELECT output FROM jobs WHERE id = $id AND state IN ({States.Queued}, {States.Running})",
                        row => row.GetString(0),
                        ("$id", id)
                    )
                )
                .ToList();
            Append(connection, outputs.Select(output => new JournalNote { Note = JournalNote.Cancelled, Output = output }));
            return ids.Sum(id =>
                connection.Run(
                    $"UPDATE jobs SET cancel = 1, state = CASE state WHEN {States.Queued} THEN {States.Cancelled} ELSE state END, "
                        + $"finished_at = CASE state WHEN {States.Queued} THEN $now ELSE finished_at END "
                        + $"WHERE id = $id AND state IN ({States.Queued}, {States.Running})",
                    ("$now", _clock.Now()),
                    ("$id", id)
                )
            );
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
        if (_copy is not null && Directory.Exists(_copy))
        {
            Directory.Delete(_copy, recursive: true);
        }
    }

    private static JobStore Open(JobFolder folder, TimeProvider clock, string? copy)
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

    private static void NoteOwners(SqliteConnection connection, IEnumerable<NewJob> jobs, long now)
    {
        foreach (var owner in jobs.Select(job => job.Owner).OfType<string>())
        {
            connection.Run("DELETE FROM came WHERE owner = $owner AND at < $old", ("$owner", owner), ("$old", now - Remembered));
            connection.Run("INSERT INTO came VALUES ($owner, $now)", ("$owner", owner), ("$now", now));
        }
    }

    /// <returns>Whether the job is new, or takes the output of another one.</returns>
    private static bool Insert(SqliteConnection connection, NewJob job, long now)
    {
        var parameters = JobRows.Parameters(job, now);
        if (connection.Run(JobRows.Insert, parameters) == 1)
        {
            return true;
        }

        var there = connection.Query($"SELECT {JobRows.Columns} FROM jobs WHERE output = $output", JobRows.Job, ("$output", job.Output))[0];
        var differs =
            there.Request.ToJson() != job.Request.ToJson() ? "is already the output of another job of this folder"
            : SettingsDifference.Find(there.Settings, job.Prepared.Settings) is { } field
                ? $"was planned with other settings before ({field})"
            : null;
        return differs is not null
            && (
                job.Overwrites && connection.Run(JobRows.Redefine, parameters) == 1
                    ? true
                    : throw new JobStoreException(
                        $"{job.Output} {differs}: name another folder, give the job an output of its "
                            + "own, or make it again with --overwrite."
                    )
            );
    }

    /// <summary>Whether something is in a clip's place. An empty file is not: it is what a power cut leaves.</summary>
    private static bool IsTaken(string path) => Path.Exists(path) && FileFacts.Of(path) is not { Exists: true, Length: 0 };

    private void Append(SqliteConnection connection, IEnumerable<JournalNote> notes)
    {
        var lines = notes.ToList();
        if (lines.Count > 0)
        {
            JournalIndex.Note(connection, JobJournal.Append(Folder.Journal, lines));
        }
    }

    private void Shorten(long length)
    {
        try
        {
            using var file = File.Exists(Folder.Journal) ? new FileStream(Folder.Journal, FileMode.Open, FileAccess.Write) : null;
            file?.SetLength(length);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What stays are jobs that were asked for.
        }
    }
}
