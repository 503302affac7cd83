using System.Text.Json;
using Microsoft.Data.Sqlite;
using WanSharp.Engine;

namespace WanSharp.Jobs.Storage;

/// <summary>The way of jobs from waiting to their end, each step of it one transaction. Thread-safe, and safe among processes.</summary>
internal sealed class JobQueue(JobDatabase database, JobFolder folder, JobClock clock)
{
    /// <summary>After each of these spans a waiting job counts as one priority higher, so that none waits forever.</summary>
    public static readonly TimeSpan Aging = TimeSpan.FromMinutes(5);

    /// <summary>
    /// A job fails after this many process crashes in which it ran alone and made no progress. That is more than an error's attempts,
    /// because processes that were killed at random moments of a busy machine have been seen to end three times before a job's next step.
    /// By then the job runs alone, and costs no other.
    /// </summary>
    public const int FatalDeaths = 10;

    /// <summary>The first position that is a job's own: before it the process loads what all jobs need.</summary>
    public static readonly long OwnWork = PositionOf(GenerationStage.Encode, 0);

    /// <summary>
    /// Those that go before others: put in order by hand, else of the highest priority, for which waiting counts. A process that ends with
    /// a job alone costs it one priority: others come first for a while, and never for good, however many arrive.
    /// </summary>
    private const string Foremost = "place IS NULL, place, priority - max(0, suspect - 1) + max(0, $now - queued_at) / $aging DESC";

    /// <summary>The order in which jobs are taken, except for those that are as good a choice as each other.</summary>
    public const string TakingOrder = Foremost + ", id";

    private long _lastExecutionGroup;

    /// <summary>
    /// Takes the next job: the first of those that were put in order by hand, else of the highest priority (waiting counts) one that
    /// shares compiled graphs with the one taken before, then one that shares features. Jobs whose equals are running are
    /// left for later: they will have their result. One that may end the process waits for its turn to be alone, and none passes it.
    /// </summary>
    /// <param name="worker">The worker that takes it.</param>
    /// <param name="alone">Nothing else runs in this process: then also jobs are taken that seem to end the process.</param>
    /// <param name="except">Jobs that are left, although they may be in the queue. Default: none.</param>
    public Job? Claim(string worker, bool alone, IEnumerable<long>? except = null) =>
        database.Write(connection =>
        {
            var now = Now();
            var id = connection.Scalar<long>(
                $"""
                SELECT CASE WHEN suspect AND NOT $alone THEN 0 ELSE id END FROM jobs
                WHERE state = {States.Queued} AND held = 0 AND id NOT IN (SELECT value FROM json_each($except))
                  AND (twin IS NULL OR twin NOT IN (SELECT twin FROM jobs WHERE state = {States.Running} AND twin IS NOT NULL))
                ORDER BY {Foremost}, execution_group <> $group, execution_group, feature_group, id
                LIMIT 1
                """,
                ("$alone", alone),
                ("$except", $"[{string.Join(',', except ?? [])}]"),
                ("$now", now),
                ("$aging", (long)Aging.TotalMilliseconds),
                ("$group", _lastExecutionGroup)
            );
            if (id == 0)
            {
                return null;
            }

            connection.Run(
                $"UPDATE jobs SET state = {States.Running}, worker = $worker, attempts = attempts + 1, position = 0, "
                    + "reached_before = reached, started_at = $now, finished_at = NULL, artifact_sha256 = NULL, outcome = NULL "
                    + "WHERE id = $id",
                ("$worker", worker),
                ("$now", now),
                ("$id", id)
            );
            _lastExecutionGroup = connection.Scalar<long>("SELECT execution_group FROM jobs WHERE id = $id", ("$id", id));
            return JobRows.Find(connection, id);
        });

    /// <summary>Takes a certain job, if it waits.</summary>
    public Job? Claim(string worker, long id) =>
        database.Write(connection =>
            connection.Run(
                $"UPDATE jobs SET state = {States.Running}, worker = $worker, attempts = attempts + 1, position = 0, "
                    + "reached_before = reached, started_at = $now, finished_at = NULL, artifact_sha256 = NULL, outcome = NULL "
                    + $"WHERE id = $id AND state = {States.Queued} AND held = 0 AND NOT suspect",
                ("$worker", worker),
                ("$now", Now()),
                ("$id", id)
            ) == 1
                ? JobRows.Find(connection, id)
                : null
        );

    /// <summary>Whether a job runs, in whichever process, or waits and is not held.</summary>
    public bool HasWork() =>
        database.Read(connection =>
            connection.Scalar<long>(
                $"SELECT EXISTS (SELECT 1 FROM jobs WHERE state = {States.Running} OR (state = {States.Queued} AND held = 0))"
            ) == 1
        );

    /// <summary>Of each group of waiting jobs that share compiled graphs the first, those of the largest groups first.</summary>
    /// <param name="most">How many at most.</param>
    public IReadOnlyList<Job> Waiting(int most) =>
        database.Read(connection =>
            connection.Query(
                $"SELECT {JobRows.Columns} FROM jobs WHERE id IN (SELECT min(id) FROM jobs WHERE state = {States.Queued} AND held = 0 "
                    + "GROUP BY execution_group ORDER BY count(*) DESC LIMIT $most) ORDER BY id",
                JobRows.Job,
                ("$most", most)
            )
        );

    /// <summary>
    /// Whether processes ended more than once before a job got any further: it runs alone, so that another such end is its own and takes
    /// nothing with it.
    /// </summary>
    public bool IsSuspect(long id) =>
        database.Read(connection => connection.Scalar<long>("SELECT suspect FROM jobs WHERE id = $id", ("$id", id)) > 0);

    /// <summary>A stage and what of it is done, as one number that grows.</summary>
    public static long PositionOf(GenerationStage stage, int done) => ((long)stage << 32) | (uint)done;

    /// <summary>Notes how far running jobs have come; further than before is what tells an unlucky job from a deadly one.</summary>
    /// <returns>Those of the worker's jobs that somebody has cancelled or paused.</returns>
    public IReadOnlyList<long> Reached(string worker, IReadOnlyCollection<KeyValuePair<long, long>> positions) =>
        positions.Count == 0
            ? database.Read(connection => CancelledOf(connection, worker))
            : database.Write(connection =>
            {
                foreach (var (id, position) in positions)
                {
                    connection.Run(
                        "UPDATE jobs SET position = $position, reached = max(reached, $position) WHERE id = $id",
                        ("$position", position),
                        ("$id", id)
                    );
                }

                return CancelledOf(connection, worker);
            });

    /// <summary>
    /// Notes what an artifact will be, before it moves to its place: found there later, it is known to be whole, and when it was. On the
    /// disk when the call returns.
    /// </summary>
    public void Seal(long id, string sha256, long bytes, JobOutcome outcome) =>
        database.Write(connection =>
        {
            var now = Now();
            var note = new JournalNote
            {
                Note = JournalNote.Made,
                Output = OutputOf(connection, id),
                At = now,
                Bytes = bytes,
                Sha256 = sha256,
                Outcome = outcome,
            };
            JournalIndex.Note(connection, JobJournal.Append(folder.Journal, note));
            return connection.Run(
                "UPDATE jobs SET artifact_sha256 = $sha, artifact_bytes = $bytes, outcome = $outcome, finished_at = $now WHERE id = $id",
                ("$now", now),
                ("$sha", sha256),
                ("$bytes", bytes),
                ("$outcome", JsonSerializer.Serialize(outcome, JournalJson.Readable.JobOutcome)),
                ("$id", id)
            );
        });

    /// <summary>The artifact is in its place.</summary>
    public void Succeed(long id) =>
        database.Write(connection =>
            connection.Run(
                $"UPDATE jobs SET state = {States.Succeeded}, finished_at = coalesce(finished_at, $now), error = NULL, worker = NULL, "
                    + "overwrites = 0, artifact_time = $time WHERE id = $id",
                ("$now", Now()),
                ("$time", File.GetLastWriteTimeUtc(folder.Artifact(OutputOf(connection, id)!)).Ticks),
                ("$id", id)
            )
        );

    /// <summary>An attempt failed: the job waits again, or has failed if that was the last.</summary>
    /// <returns>The state that it has now.</returns>
    public JobState Fail(long id, string error, int attempts) =>
        database.Write(connection =>
        {
            connection.Run(
                $"""
                UPDATE jobs SET failures = failures + 1, error = $error, worker = NULL,
                    state = CASE WHEN cancel THEN {States.Cancelled}
                        WHEN failures + 1 >= $attempts THEN {States.Failed} ELSE {States.Queued} END,
                    finished_at = CASE WHEN cancel OR failures + 1 >= $attempts THEN $now END
                WHERE id = $id
                """,
                ("$error", error),
                ("$now", Now()),
                ("$attempts", attempts),
                ("$id", id)
            );
            return (JobState)connection.Scalar<long>("SELECT state FROM jobs WHERE id = $id", ("$id", id));
        });

    /// <summary>Puts a job back as if it had not been started, or ends it if somebody cancelled it.</summary>
    public void Return(long id) =>
        database.Write(connection =>
            connection.Run(
                """
                UPDATE jobs SET state = CASE WHEN cancel THEN 4 ELSE 0 END, finished_at = CASE WHEN cancel THEN $now END,
                  attempts = attempts - 1, worker = NULL
                WHERE id = $id
                """,
                ("$now", Now()),
                ("$id", id)
            )
        );

    /// <summary>Deletes the rows, clips and saved states of jobs that somebody removed and that run no more.</summary>
    public void Purge() =>
        database.Write(connection =>
        {
            var gone = connection.Query(
                $"SELECT id, output, artifact_sha256 IS NOT NULL FROM jobs WHERE removed AND state <> {States.Running}",
                row => (Id: row.GetInt64(0), Output: row.GetString(1), IsMade: row.GetBoolean(2))
            );
            foreach (var (id, output, isMade) in gone)
            {
                try
                {
                    folder.DeleteSnapshot(id);
                    if (isMade)
                    {
                        File.Delete(folder.Artifact(output));
                    }
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    continue; // somebody reads it, on Windows: the next purge deletes it
                }

                connection.Run("DELETE FROM jobs WHERE id = $id", ("$id", id));
            }

            if (gone.Count > 0)
            {
                JournalIndex.Note(connection, JobJournal.LengthOf(folder.Journal));
            }

            return gone.Count;
        });

    /// <summary>Deletes what is left of a job that was removed while it ran.</summary>
    public void PurgeIfRemoved(long id)
    {
        if (database.Read(connection => connection.Scalar<long>("SELECT removed FROM jobs WHERE id = $id", ("$id", id))) == 1)
        {
            Purge();
        }
    }

    /// <summary>The processes that have jobs.</summary>
    public IReadOnlyList<string> WorkersOfRunningJobs() =>
        database.Read(connection =>
            connection.Query($"SELECT DISTINCT worker FROM jobs WHERE state = {States.Running}", row => row.GetString(0))
        );

    /// <summary>
    /// The jobs of a process that is gone, each with the digest of its artifact if it was about to be moved to its place.
    /// </summary>
    public IReadOnlyList<(long Id, string Output, string? Sha256)> Abandoned(string worker) =>
        database.Read(connection =>
            connection.Query(
                $"SELECT id, output, artifact_sha256 FROM jobs WHERE state = {States.Running} AND worker = $worker",
                row => (row.GetInt64(0), row.GetString(1), row.Text(2)),
                ("$worker", worker)
            )
        );

    /// <summary>
    /// Puts a job of a process that is gone back into the queue. Whether the job ended the process, nothing tells; but it is innocent
    /// when it got further than ever before, or the process still loaded, and after a power cut all are. Else it runs alone from now on.
    /// Ends that none of this explains, with nothing running beside it, fail it when they are <see cref="FatalDeaths"/>.
    /// </summary>
    /// <param name="id">The job.</param>
    /// <param name="worker">The process.</param>
    /// <param name="alone">Whether the process ran no other job.</param>
    public void Abandon(long id, string worker, bool alone) =>
        database.Write(connection =>
        {
            connection.Run(
                $"""
                UPDATE jobs SET state = {States.Queued}, worker = NULL, finished_at = NULL,
                    deaths = CASE WHEN reached > reached_before THEN 0 WHEN $alone AND position >= $own THEN deaths + 1 ELSE deaths END,
                    suspect = CASE WHEN reached > reached_before THEN 0 WHEN position < $own THEN suspect
                        WHEN $alone THEN deaths + 2 ELSE max(suspect, 1) END
                WHERE id = $id AND state = {States.Running} AND worker = $worker
                """,
                ("$own", OwnWork),
                ("$alone", alone),
                ("$id", id),
                ("$worker", worker)
            );
            return connection.Run(
                $"UPDATE jobs SET state = CASE WHEN cancel THEN {States.Cancelled} ELSE {States.Failed} END, finished_at = $now, "
                    + $"error = $error WHERE id = $id AND state = {States.Queued} AND (cancel OR deaths >= $fatal)",
                ("$now", Now()),
                ("$fatal", FatalDeaths),
                ("$id", id),
                (
                    "$error",
                    $"The process ended {FatalDeaths} times while this job ran alone, and it never got further: it may need more "
                        + "memory than is available. Try a smaller clip, or check the system log."
                )
            );
        });

    /// <summary>A finished job with the same result, if there is one; rather one that began with noise.</summary>
    public (string Output, string Sha256, JobOutcome Outcome)? FindTwin(Job job) =>
        job.ResultKey is null
            ? null
            : database.Read(connection =>
                connection
                    .Query(
                        "SELECT output, artifact_sha256, outcome FROM jobs WHERE twin = (SELECT twin FROM jobs WHERE id = $id) "
                            + $"AND state = {States.Succeeded} AND result_key = $key AND artifact_sha256 IS NOT NULL "
                            + "AND (coalesce(outcome ->> '$.is_of_its_key', 1) OR outcome ->> '$.reused' IS NOT NULL) "
                            + "AND outcome IS NOT NULL ORDER BY outcome ->> '$.reused' IS NOT NULL LIMIT 1",
                        row =>
                            (
                                row.GetString(0),
                                row.GetString(1),
                                JsonSerializer.Deserialize(row.GetString(2), JournalJson.Readable.JobOutcome)!
                            ),
                        ("$id", job.Id),
                        ("$key", job.ResultKey)
                    )
                    .Select(twin => ((string, string, JobOutcome)?)twin)
                    .FirstOrDefault()
            );

    private static List<long> CancelledOf(SqliteConnection connection, string worker) =>
        connection.Query(
            $"SELECT id FROM jobs WHERE state = {States.Running} AND worker = $worker AND (cancel OR held)",
            row => row.GetInt64(0),
            ("$worker", worker)
        );

    private static string? OutputOf(SqliteConnection connection, long id) =>
        connection.Scalar<string>("SELECT output FROM jobs WHERE id = $id", ("$id", id));

    private long Now() => clock.Now();
}
