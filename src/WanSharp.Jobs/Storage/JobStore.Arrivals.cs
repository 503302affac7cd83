using Microsoft.Data.Sqlite;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Storage;

/// <content>How jobs come into the queue.</content>
public sealed partial class JobStore
{
    /// <summary>For how long it is known when jobs of owners came, in milliseconds.</summary>
    private const long Remembered = 7 * 24 * 3600 * 1000L;

    /// <summary>What ComfyUI's backend calls the digest of its workflow among a job's settings.</summary>
    private const string Workflow = "workflow";

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
            RequireOwnNames(connection, jobs);
            var now = _clock.Now();
            var fresh = Insert(connection, new Arrival(jobs, clips), now);
            Keep(connection, fresh);
            return fresh.Count;
        });
        JobTally.Keep(Folder, Counts().Total);
        Changed.Raise();
        return added;
    }

    /// <summary>
    /// Puts jobs into the queue as <see cref="Enqueue"/> does, together with those that others bring at the same time: one flush of the
    /// disk is for all of them.
    /// </summary>
    /// <param name="jobs">The jobs.</param>
    /// <param name="admits">
    /// Looks whether they may come, when nothing can come in between any more: false leaves all of them out, an exception refuses them.
    /// What it reads of this store has in it whatever came before.
    /// </param>
    /// <returns>How many were new.</returns>
    /// <exception cref="JobStoreException">An output is another job's, or a file; or they cannot be kept.</exception>
    public Task<int> EnqueueAsync(IReadOnlyCollection<NewJob> jobs, Func<bool>? admits = null)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        return _arrivals.AddAsync(new Arrival(jobs, admits: admits));
    }

    private void Put(IReadOnlyList<Arrival> arrivals)
    {
        _database.Write(connection =>
        {
            var now = _clock.Now();
            Keep(connection, [.. arrivals.SelectMany(one => InsertOrNone(connection, one, now))]);
            return true;
        });
        Changed.Raise();
    }

    /// <summary>Inserts an arrival's jobs; what is wrong with them is told to whoever brings them, and holds up no others.</summary>
    private List<NewJob> InsertOrNone(SqliteConnection connection, Arrival arrival, long now)
    {
        connection.Run("SAVEPOINT arrival");
        try
        {
            var fresh = arrival.IsAdmitted ? Insert(connection, arrival, now) : [];
            arrival.Note(fresh.Count);
            connection.Run("RELEASE arrival");
            return fresh;
        }
        catch (Exception exception) when (exception is not SqliteException) // which ends the transaction
        {
            connection.Run("ROLLBACK TO arrival; RELEASE arrival");
            arrival.Refuse(exception);
            return [];
        }
    }

    private List<NewJob> Insert(SqliteConnection connection, Arrival arrival, long now)
    {
        var fresh = arrival.Jobs.Where(job => Insert(connection, job, now)).ToList();
        NoteOwners(connection, fresh, now);
        var taken = fresh.Where(job => !job.Overwrites && !arrival.HasClip(job.Output) && IsTaken(Folder.Artifact(job.Output))).ToList();
        return taken.Count == 0
            ? fresh
            : throw new JobStoreException(
                $"{Folder.Artifact(taken[0].Output)}{(taken.Count > 1 ? $" and {taken.Count - 1} more files are" : " is")} "
                    + $"there already and not made by a job of this folder: move {(taken.Count > 1 ? "them" : "it")} "
                    + "away, name another folder, or give --overwrite."
            );
    }

    /// <summary>Brings jobs into the journal before the commit: what the database knows, the journal knows.</summary>
    private void Keep(SqliteConnection connection, List<NewJob> fresh)
    {
        var before = JobJournal.LengthOf(Folder.Journal);
        try
        {
            JournalIndex.Note(connection, fresh.Count > 0 ? JobJournal.Append(Folder.Journal, fresh) : before);
        }
        catch (IOException exception)
        {
            Shorten(before); // none of them, rather than some
            throw new JobStoreException($"{Folder.Journal} cannot be written: {exception.Message}", exception);
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

        var differs = Difference(connection, job);
        return differs is not null
            && (job.Overwrites && connection.Run(JobRows.Redefine, parameters) == 1 ? true : throw Refusal(job, differs));
    }

    /// <summary>Refuses jobs as <see cref="Enqueue"/> does whose outputs are those of other jobs; keeps nothing.</summary>
    /// <param name="jobs">The jobs.</param>
    /// <exception cref="JobStoreException">An output is another job's, or was planned with other settings.</exception>
    public void RequireSame(IEnumerable<NewJob> jobs)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        _database.Read(connection =>
        {
            RequireOwnNames(connection, jobs);
            foreach (var job in jobs.Where(job => !job.Overwrites))
            {
                if (Difference(connection, job) is { } differs)
                {
                    throw Refusal(job, differs);
                }
            }

            return true;
        });
    }

    /// <summary>Refuses names that many disks take for those of other jobs, because they do not tell case apart.</summary>
    private void RequireOwnNames(SqliteConnection connection, IEnumerable<NewJob> jobs)
    {
        if (_names.FindOther(connection, jobs.Select(job => job.Output)) is var (output, other))
        {
            throw new JobStoreException(
                $"{output} and {other}, the output of another job of this folder, are one file on disks that do not tell case "
                    + "apart: give the job another output, or name another folder."
            );
        }
    }

    /// <summary>In what a job differs from the one that has its output; null where it does not, or none has it.</summary>
    private static string? Difference(SqliteConnection connection, NewJob job) =>
        connection.Query($"SELECT {JobRows.Columns} FROM jobs WHERE output = $output", JobRows.Job, ("$output", job.Output)) switch
        {
            [] => null,
            [var there, ..] when there.Request.ToJson() != job.Request.ToJson() => "is already the output of another job of this folder",
            [var there, ..] => SettingsDifference.Find(there.Settings, job.Prepared.Settings) is { } field
                ? $"was planned with other settings before ({field})"
            : IsOfAnotherWorkflow(there, job) ? "was planned with another workflow or image before"
            : null,
        };

    /// <summary>
    /// Versions that did not keep the workflow's digest with a job of ComfyUI's kept a key that it is part of. Keys of our own engine have
    /// what differs between versions in them, and say nothing here.
    /// </summary>
    private static bool IsOfAnotherWorkflow(Job there, NewJob job) =>
        SettingsDifference.Has(job.Prepared.Settings, Workflow)
        && !SettingsDifference.Has(there.Settings, Workflow)
        && there.ResultKey is { } before
        && job.Prepared.ResultKey is { } now
        && before != now;

    private static JobStoreException Refusal(NewJob job, string differs) =>
        new($"{job.Output} {differs}: name another folder, give the job an output of its own, or make it again with --overwrite.");

    /// <summary>Whether something is in a clip's place. An empty file is not: it is what a power cut leaves.</summary>
    private static bool IsTaken(string path) => Path.Exists(path) && FileFacts.Of(path) is not { Exists: true, Length: 0 };

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
