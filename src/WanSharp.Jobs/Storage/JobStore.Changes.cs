using WanSharp.Engine.Requests;

namespace WanSharp.Jobs.Storage;

/// <content>What may become of jobs after they came: pausing, going first, being tried again, being deleted.</content>
public sealed partial class JobStore
{
    /// <summary>Puts all jobs that failed or were cancelled into the queue again, with all their attempts.</summary>
    /// <returns>Those that it changed.</returns>
    public IReadOnlyList<long> Retry() => Retry(ids: null);

    /// <summary>Puts jobs that failed or were cancelled into the queue again, with all their attempts.</summary>
    /// <param name="ids">The jobs; null for all.</param>
    /// <param name="admits">Throws if it refuses that number of jobs; null admits any number.</param>
    /// <returns>Those that it changed.</returns>
    public IReadOnlyList<long> Retry(IReadOnlyCollection<long>? ids, Action<int>? admits = null)
    {
        var changed = _database.Write(connection =>
        {
            var ended = connection
                .Query(
                    $"SELECT id, output, state FROM jobs WHERE state IN ({States.Failed}, {States.Cancelled}) AND NOT removed",
                    row => (Id: row.GetInt64(0), Output: row.GetString(1), State: (JobState)row.GetInt32(2))
                )
                .Where(job => ids is null || ids.Contains(job.Id))
                .ToList();
            admits?.Invoke(ended.Count);
            Append(
                connection,
                ended
                    .Where(job => job.State == JobState.Cancelled)
                    .Select(job => new JournalNote { Note = JournalNote.Waits, Output = job.Output })
            );
            foreach (var job in ended)
            {
                connection.Run(
                    $"UPDATE jobs SET state = {States.Queued}, failures = 0, deaths = 0, suspect = 0, attempts = 0, cancel = 0, held = 0, "
                        + "error = NULL, finished_at = NULL, queued_at = $now WHERE id = $id",
                    ("$now", _clock.Now()),
                    ("$id", job.Id)
                );
            }

            return ended.ConvertAll(job => job.Id);
        });
        Changed.Raise();
        return changed;
    }

    /// <summary>Pauses jobs: those that wait are not started, those that run go back into the queue with what is saved of them.</summary>
    /// <returns>Those that it changed.</returns>
    public IReadOnlyList<long> Hold(IReadOnlyCollection<long> ids) => SetOpen(ids, "held = 1 WHERE held = 0");

    /// <summary>Lets paused jobs run.</summary>
    /// <returns>Those that it changed.</returns>
    public IReadOnlyList<long> Release(IReadOnlyCollection<long> ids) => SetOpen(ids, "held = 0 WHERE held = 1");

    /// <summary>Changes the priority of jobs that have not ended; those that run keep their place among the others.</summary>
    /// <returns>How many there were.</returns>
    public int Prioritize(IReadOnlyCollection<long> ids, int priority) => SetOpen(ids, "priority = $priority WHERE 1", priority).Count;

    /// <summary>Makes a job that waits another one: it keeps its place in the queue.</summary>
    /// <param name="job">What it is from now on.</param>
    /// <param name="before">The job that it was made from: what somebody else has changed since is not undone.</param>
    /// <returns>Whether it was so and still waited.</returns>
    public bool Edit(NewJob job, Job before)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(before);
        var isChanged = _database.Write(connection =>
        {
            if (
                !IsAsRead(JobRows.Find(connection, before.Id), before)
                || connection.Run(JobRows.Edit, JobRows.Parameters(job, _clock.Now())) == 0
            )
            {
                return false;
            }

            JournalIndex.Note(connection, JobJournal.Append(Folder.Journal, [job]));
            return true;
        });
        Changed.Raise();
        return isChanged;
    }

    private static bool IsAsRead(Job? now, Job before) =>
        now is not null
        && (now.Output, now.Priority, now.Style, now.ResultKey, now.Details)
            == (before.Output, before.Priority, before.Style, before.ResultKey, before.Details)
        && now.Request.ToJson() == before.Request.ToJson();

    /// <summary>Puts jobs that wait into an order: they run first, as they are named; others follow by priority.</summary>
    /// <param name="ids">The jobs in their order. Those that only an earlier order named have no place any more.</param>
    /// <returns>How many of them wait.</returns>
    public int Order(IReadOnlyList<long> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var count = _database.Write(connection =>
        {
            connection.Run("UPDATE jobs SET place = NULL WHERE place IS NOT NULL");
            return ids.Index()
                .Sum(one =>
                    connection.Run(
                        $"UPDATE jobs SET place = $place WHERE id = $id AND state = {States.Queued} AND NOT removed",
                        ("$place", one.Index + 1),
                        ("$id", one.Item)
                    )
                );
        });
        Changed.Raise();
        return count;
    }

    /// <summary>
    /// Puts a job that waits before or after another one that waits. What is taken before the two of them then keeps its place; all that
    /// comes later is as it was.
    /// </summary>
    /// <param name="id">The job.</param>
    /// <param name="other">The other one.</param>
    /// <param name="after">Whether it comes after that; else before.</param>
    /// <returns>Whether both wait.</returns>
    public bool Move(long id, long other, bool after)
    {
        var isMoved = _database.Write(connection =>
        {
            var order = connection.Query(
                $"SELECT id, place FROM jobs WHERE state = {States.Queued} AND NOT removed ORDER BY {JobQueue.TakingOrder}",
                row => (Id: row.GetInt64(0), HasPlace: row.Integer(1) is not null),
                ("$now", _clock.Now()),
                ("$aging", (long)JobQueue.Aging.TotalMilliseconds)
            );
            var (from, to) = (order.FindIndex(job => job.Id == id), order.FindIndex(job => job.Id == other));
            if (from < 0 || to < 0 || from == to)
            {
                return false;
            }

            var last = Math.Max(Math.Max(from, to), order.FindLastIndex(job => job.HasPlace));
            order.RemoveAt(from);
            order.Insert(order.FindIndex(job => job.Id == other) + (after ? 1 : 0), (id, true));
            for (var i = 0; i <= last; i++)
            {
                connection.Run("UPDATE jobs SET place = $place WHERE id = $id", ("$place", i + 1), ("$id", order[i].Id));
            }

            return true;
        });
        Changed.Raise();
        return isMoved;
    }

    /// <summary>Puts a job that waits before all others, also those that were put in order by hand.</summary>
    public void PutFirst(long id)
    {
        _database.Write(connection =>
        {
            connection.Run("UPDATE jobs SET place = place + 1 WHERE place IS NOT NULL");
            return connection.Run($"UPDATE jobs SET place = 1 WHERE id = $id AND state = {States.Queued} AND NOT removed", ("$id", id));
        });
        Changed.Raise();
    }

    /// <summary>How many jobs wait.</summary>
    public int Waiting() =>
        _database.Read(connection => (int)connection.Scalar<long>($"SELECT count(*) FROM jobs WHERE state = {States.Queued}"));

    /// <summary>How many jobs of an owner wait or run.</summary>
    public int OpenOf(string owner) =>
        _database.Read(connection =>
            (int)
                connection.Scalar<long>(
                    $"SELECT count(*) FROM jobs WHERE owner = $owner AND state IN ({States.Queued}, {States.Running}) AND NOT removed",
                    ("$owner", owner)
                )
        );

    /// <summary>How many jobs of an owner came since a time, whatever became of them; a week is remembered.</summary>
    public int CameSince(string owner, DateTimeOffset time) =>
        _database.Read(connection =>
            (int)
                connection.Scalar<long>(
                    "SELECT count(*) FROM came WHERE owner = $owner AND at >= $since",
                    ("$owner", owner),
                    ("$since", time.ToUnixTimeMilliseconds())
                )
        );

    /// <summary>
    /// Deletes jobs with their clips: those that run are given up first, within a moment. Nothing that is made later can bring them back.
    /// </summary>
    /// <returns>How many there were.</returns>
    public int Remove(IReadOnlyCollection<long> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var count = _database.Write(connection =>
        {
            var outputs = ids.SelectMany(id =>
                    connection.Query("SELECT output FROM jobs WHERE id = $id AND NOT removed", row => row.GetString(0), ("$id", id))
                )
                .ToList();
            Append(connection, outputs.Select(output => new JournalNote { Note = JournalNote.Removed, Output = output }));
            return ids.Sum(id => connection.Run("UPDATE jobs SET removed = 1, cancel = 1 WHERE id = $id AND NOT removed", ("$id", id)));
        });
        Queue.Purge();
        return count;
    }

    /// <summary>A job by its output, or null.</summary>
    public Job? Find(string output) =>
        _database.Read(connection =>
            connection
                .Query($"SELECT {JobRows.Columns} FROM jobs WHERE output = $output AND NOT removed", JobRows.Job, ("$output", output))
                .FirstOrDefault()
        );

    /// <summary>Some jobs, in the order in which they came or the reverse.</summary>
    /// <param name="page">Which.</param>
    public IReadOnlyList<Job> Page(JobPage page)
    {
        ArgumentNullException.ThrowIfNull(page);
        var (compare, order) = page.NewestFirst ? ("<", "id DESC") : (">", "id");
        return _database.Read(connection =>
            connection.Query(
                $"SELECT {JobRows.Columns} FROM jobs WHERE NOT removed AND ($after IS NULL OR id {compare} $after) "
                    + "AND ($batch IS NULL OR batch = $batch) AND ($state IS NULL OR state = $state) "
                    + "AND ($owner IS NULL OR owner = $owner) AND ($ended IS NULL OR finished_at >= $ended) "
                    + $"ORDER BY {(page.NextFirst ? JobQueue.TakingOrder : order)} LIMIT $limit",
                JobRows.Job,
                ("$after", page.After),
                ("$batch", page.Batch),
                ("$owner", page.Owner),
                ("$state", (long?)page.State),
                ("$ended", page.EndedSince?.ToUnixTimeMilliseconds()),
                ("$now", _clock.Now()),
                ("$aging", (long)JobQueue.Aging.TotalMilliseconds),
                ("$limit", page.Limit)
            )
        );
    }

    /// <summary>Whether a job runs, or waits and is not paused.</summary>
    public bool HasWork() => Queue.HasWork();

    /// <summary>Waits until there is a job to run.</summary>
    /// <param name="cancellationToken">Stops the waiting.</param>
    public async Task WaitForWorkAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = Changed.Next;
            if (Queue.HasWork())
            {
                return;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Has this process's runner take a job at once, however many run: its clip is in the result cache, and costs a copy of a file.
    /// </summary>
    public void Hasten(long id)
    {
        Ready.Enqueue(id);
        Changed.Raise();
    }

    /// <summary>Jobs per batch, those that came last first.</summary>
    /// <param name="id">A batch; null for all.</param>
    /// <param name="owner">Whose jobs count; null for anybody's.</param>
    public IReadOnlyList<BatchListing> Batches(string? id = null, string? owner = null) =>
        _database.Read(connection =>
            connection
                .Query(
                    "SELECT batch, state, count(*), min(id), sum(held), max(finished_at) FROM jobs "
                        + "WHERE batch IS NOT NULL AND NOT removed AND ($id IS NULL OR batch = $id) "
                        + "AND ($owner IS NULL OR owner = $owner) GROUP BY batch, state",
                    row =>
                        (
                            Batch: row.GetString(0),
                            State: (JobState)row.GetInt32(1),
                            Count: row.GetInt32(2),
                            First: row.GetInt64(3),
                            Held: row.GetInt32(4),
                            Finished: row.Integer(5)
                        ),
                    ("$id", id),
                    ("$owner", owner)
                )
                .GroupBy(row => row.Batch)
                .Select(rows => new BatchListing(
                    rows.Key,
                    rows.Min(row => row.First),
                    new JobCounts(
                        Count(rows.Where(row => row.State == JobState.Queued)),
                        Count(rows.Where(row => row.State == JobState.Running)),
                        Count(rows.Where(row => row.State == JobState.Succeeded)),
                        Count(rows.Where(row => row.State == JobState.Failed)),
                        Count(rows.Where(row => row.State == JobState.Cancelled))
                    ),
                    rows.Where(row => row.State is JobState.Queued or JobState.Running).Sum(row => row.Held),
                    rows.Max(row => row.Finished) is { } last ? DateTimeOffset.FromUnixTimeMilliseconds(last) : null
                ))
                .OrderByDescending(batch => batch.FirstJob)
                .ToList()
        );

    /// <summary>Jobs that succeeded, failed or were cancelled before a time.</summary>
    /// <param name="time">The time.</param>
    /// <param name="most">The most jobs.</param>
    public IReadOnlyList<Job> EndedBefore(DateTimeOffset time, int most) =>
        _database.Read(connection =>
            connection.Query(
                $"SELECT {JobRows.Columns} FROM jobs WHERE state IN ({States.Succeeded}, {States.Failed}, {States.Cancelled}) "
                    + "AND NOT removed AND finished_at < $time LIMIT $most",
                JobRows.Job,
                ("$time", time.ToUnixTimeMilliseconds()),
                ("$most", most)
            )
        );

    /// <summary>The files of pictures and clips that jobs name.</summary>
    public IReadOnlySet<string> FilesInUse() =>
        _database.Read(connection =>
            connection
                .Query(
                    """
                    SELECT image.value FROM jobs, json_each(jobs.request, '$.images') AS image
                    UNION SELECT file.value FROM jobs, json_each(json_array(request ->> 'extends', request ->> 'control',
                      request ->> 'mask', request ->> 'reference', request ->> 'camera')) AS file WHERE file.value IS NOT NULL
                    """,
                    row => row.GetString(0)
                )
                .SelectMany(text => text.Split(LoraUse.Separator))
                .ToHashSet(StringComparer.Ordinal)
        );

    /// <summary>The digests of all clips.</summary>
    public IReadOnlySet<string> DigestsOfClips() =>
        _database.Read(connection =>
            connection
                .Query("SELECT DISTINCT artifact_sha256 FROM jobs WHERE artifact_sha256 IS NOT NULL", row => row.GetString(0))
                .ToHashSet(StringComparer.Ordinal)
        );

    /// <summary>The jobs of a batch.</summary>
    public IReadOnlyList<long> IdsOf(string batch) =>
        _database.Read(connection =>
            connection.Query(
                "SELECT id FROM jobs WHERE batch = $batch AND NOT removed ORDER BY id",
                row => row.GetInt64(0),
                ("$batch", batch)
            )
        );

    /// <summary>Has this process's runners look whether they may start a job now.</summary>
    public void Wake() => Changed.Raise();

    private static int Count(IEnumerable<(string Batch, JobState State, int Count, long First, int Held, long? Finished)> rows) =>
        rows.Sum(row => row.Count);

    /// <returns>Those that it changed.</returns>
    private List<long> SetOpen(IReadOnlyCollection<long> ids, string change, int? priority = null)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var changed = _database.Write(connection =>
            ids.Where(id =>
                    connection.Run(
                        $"UPDATE jobs SET {change} AND id = $id AND state IN ({States.Queued}, {States.Running})",
                        ("$id", id),
                        ("$priority", priority)
                    ) == 1
                )
                .ToList()
        );
        Changed.Raise();
        return changed;
    }
}
