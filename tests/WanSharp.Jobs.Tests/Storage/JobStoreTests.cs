using WanSharp.Jobs.Running;
using WanSharp.Jobs.Storage;
using WanSharp.Storage;
using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Storage;

public sealed class JobStoreTests : IDisposable
{
    private const string Worker = "worker";

    private readonly TemporaryFolder _folder = new();
    private readonly ManualClock _clock = new();

    [Fact]
    public void Enqueue_Twice_AddsNothing()
    {
        using var store = TestJobs.Open(_folder);
        NewJob[] jobs = [TestJobs.New("1.mp4"), TestJobs.New("2.mp4")];

        Assert.Equal(2, store.Enqueue(jobs));
        Assert.Equal(0, store.Enqueue(jobs));
        Assert.Equal(2, store.Counts().Queued);
    }

    [Fact]
    public void Enqueue_OfAnotherJobWithTheSameOutput_AddsNothingAtAll()
    {
        using var store = TestJobs.Open(_folder);
        store.Enqueue([TestJobs.New("1.mp4")]);

        Assert.Throws<JobStoreException>(() => store.Enqueue([TestJobs.New("2.mp4"), TestJobs.New("1.mp4", prompt: "another")]));
        Assert.Equal(1, store.Counts().Total);
    }

    [Fact]
    public void Enqueue_WhereAFileHasTheName_AddsNothing()
    {
        using var store = TestJobs.Open(_folder);
        File.WriteAllText(store.Folder.Artifact("1.mp4"), "mine");

        var exception = Assert.Throws<JobStoreException>(() => store.Enqueue([TestJobs.New("1.mp4")]));

        Assert.Contains("there already", exception.Message, StringComparison.Ordinal);
        Assert.Equal(0, store.Counts().Total);
    }

    [Fact]
    public void Claim_TakesHigherPrioritiesFirst_ThenWhatSharesGraphs_ThenWhatSharesFeatures()
    {
        using var store = TestJobs.Open(_folder, _clock);
        store.Enqueue([
            TestJobs.New("a1", group: "a", feature: "x"),
            TestJobs.New("b1", group: "b", feature: "x"),
            TestJobs.New("a2", group: "a", feature: "y"),
            TestJobs.New("b2", group: "b", feature: "y"),
            TestJobs.New("a3", group: "a", feature: "x"),
            TestJobs.New("first", priority: 1, group: "b", feature: "y"),
        ]);

        var order = ClaimAll(store);

        // After "first" of group b its group goes on; within a group, equal features follow each other.
        Assert.Equal("first", order[0]);
        Assert.Equal(["b1", "b2"], order[1..3].Order());
        Assert.True(order[3..] is ["a1", "a3", "a2"] or ["a2", "a1", "a3"], string.Join(' ', order));
    }

    [Fact]
    public void Claim_OfAJobThatWaitedLong_ComesBeforeAnUrgentNewcomer()
    {
        using var store = TestJobs.Open(_folder, _clock);
        store.Enqueue([TestJobs.New("old", group: "a")]);
        _clock.Advance(2 * JobQueue.Aging);
        store.Enqueue([TestJobs.New("urgent", priority: 1, group: "b")]);

        Assert.Equal("old", store.Queue.Claim(Worker, alone: true)!.Output);
    }

    [Fact]
    public void Claim_WhileAnEqualJobRuns_LeavesItForLater()
    {
        using var store = TestJobs.Open(_folder, _clock);
        store.Enqueue([
            TestJobs.New("1.mp4", key: "k"),
            TestJobs.New("2.mp4", key: "k"),
            TestJobs.New("3.mp4", key: "l"),
            TestJobs.New("4.gif", key: "k"),
        ]);

        Assert.Equal(["1.mp4", "3.mp4", "4.gif"], ClaimAll(store));
        store.Queue.Seal(1, "digest", 5, new JobOutcome());
        store.Queue.Succeed(1);
        Assert.Equal("2.mp4", store.Queue.Claim(Worker, alone: false)!.Output);
        Assert.Equal("1.mp4", store.Queue.FindTwin(store.Find(2)!)!.Value.Output);
    }

    [Fact]
    public void Open_OfADatabaseOfTheFirstVersion_KeepsItsJobs()
    {
        using (var store = TestJobs.Open(_folder))
        {
            store.Enqueue([TestJobs.New("1.mp4"), TestJobs.New("2.mp4")]);
        }

        using (
            var connection = new Microsoft.Data.Sqlite.SqliteConnection(
                $"Data Source={JobFolder.Create(_folder["out"]).Database};Pooling=False"
            )
        )
        {
            connection.Open();
            string[] later = ["queue", "deleted", "batches", "owners", "came_at"];
            string[] added = ["settings", "overwrites", "artifact_bytes", "artifact_time", "suspect"];
            string[] ofServers = ["details", "batch", "held", "removed", "owner", "place"];
            connection.Run(string.Concat(later.Select(index => $"DROP INDEX {index}; ")) + "DROP TRIGGER keep_number");
            connection.Run("DROP TABLE journal; DROP TABLE came; DROP TABLE numbers");
            connection.Run(string.Concat(added.Concat(ofServers).Select(column => $"ALTER TABLE jobs DROP COLUMN {column}; ")));
            connection.Run("CREATE INDEX queue ON jobs (deaths); UPDATE jobs SET deaths = 1 WHERE id = 2; PRAGMA user_version=1");
        }

        using var again = TestJobs.Open(_folder);
        Assert.Equal([false, true], again.List().Select(job => again.Queue.IsSuspect(job.Id)));
        Assert.Equal("1.mp4", again.Queue.Claim(Worker, alone: true)!.Output);
    }

    [Fact]
    public void Open_OfADatabaseThatCannotBeUpgraded_LeavesItAsItIs()
    {
        using (var store = TestJobs.Open(_folder))
        {
            store.Enqueue([TestJobs.New("1.mp4")]);
        }

        var database = JobFolder.Create(_folder["out"]).Database;
        using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={database};Pooling=False"))
        {
            connection.Open();
            connection.Run("PRAGMA user_version=3"); // which had none of the columns that are there
        }

        Assert.Contains("user_version 3", Assert.Throws<JobStoreException>(() => TestJobs.Open(_folder)).Message, StringComparison.Ordinal);
        Assert.Contains("user_version 3", Assert.Throws<JobStoreException>(() => TestJobs.Open(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OfADamagedDatabase_MakesItAgainFromTheListAndTheArtifacts()
    {
        using (var store = TestJobs.Open(_folder))
        {
            store.Enqueue([TestJobs.New("1.mp4", prompt: "一"), TestJobs.New("2.mp4")]);
            // and before it was told, the machine ended
            store.Queue.Seal(1, "digest", "whole".Length, new JobOutcome { ComputeSeconds = 3 });
            File.WriteAllText(store.Folder.Artifact("1.mp4"), "whole");
        }

        var database = JobFolder.Create(_folder["out"]).Database;
        File.WriteAllBytes(database, [.. Enumerable.Range(0, 9000).Select(i => (byte)i)]);
        File.AppendAllText(JobFolder.Create(_folder["out"]).Journal, "{\"output\":\"3.mp4\",\"requ"); // the end of a writer that was killed

        using (var again = TestJobs.Open(_folder))
        {
            Assert.Equal([JobState.Succeeded, JobState.Queued], again.All().Select(job => job.State));
            Assert.Equal(("一", 3), (again.Find(1)!.Request.Prompt, again.Find(1)!.Outcome!.ComputeSeconds));
            again.Enqueue([TestJobs.New("4.mp4")]);
        }

        File.Delete(database);
        using var third = TestJobs.Open(_folder);
        Assert.Equal(["1.mp4", "2.mp4", "4.mp4"], third.List().Select(job => job.Output));
        Assert.Single(
            Directory.EnumerateFiles(Path.GetDirectoryName(database)!, "jobs.db.damaged-*"),
            path => !path.EndsWith("-wal", StringComparison.Ordinal) && !path.EndsWith("-shm", StringComparison.Ordinal)
        );
    }

    /// <summary>
    /// Of two processes that find the damage at the same time the second must not put aside what the first one works with.
    /// </summary>
    [Fact]
    public void PutAside_OfADatabaseThatAnotherProcessHasMadeAgain_LeavesIt()
    {
        var folder = JobFolder.Create(_folder["jobs"]);
        using (var store = JobStore.Open(folder, TimeProvider.System))
        {
            store.Enqueue([TestJobs.New("1.mp4")]);
            store.Cancel([1]);
        }

        DamagedDatabase.PutAside(folder, TimeProvider.System, new JobStoreException("It was damaged a moment ago."));

        using var after = JobStore.Open(folder, TimeProvider.System);
        Assert.Equal(JobState.Cancelled, after.Find(1)!.State);
    }

    [Fact]
    public void Open_OfADatabaseOfANewerVersion_SaysSo()
    {
        using (var store = TestJobs.Open(_folder))
        {
            store.Enqueue([TestJobs.New("1.mp4")]);
        }

        var folder = JobFolder.Create(_folder["out"]);
        using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={folder.Database};Pooling=False"))
        {
            connection.Open();
            connection.Run($"PRAGMA user_version={JobSchema.Version + 1}");
        }

        Assert.Contains("newer version", Assert.Throws<JobStoreException>(() => TestJobs.Open(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OfAFolderThatIsAFile_SaysSo()
    {
        File.WriteAllText(_folder["out"], "");

        Assert.Contains(
            "cannot hold jobs",
            Assert.Throws<JobStoreException>(() => TestJobs.Open(_folder)).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "holds no jobs",
            Assert.Throws<JobStoreException>(() => JobFolder.Open(_folder.Path)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Recovery_OfAProcessThatIsGone_TellsTheGapsApart()
    {
        using var store = TestJobs.Open(_folder);
        store.Enqueue([TestJobs.New("1.txt"), TestJobs.New("2.txt"), TestJobs.New("3.txt")]);
        using (WorkerLock.TryTakeOver(store.Folder, "living"))
        {
            Take(store, 1, "living");
            Take(store, 2, "dead");
            Take(store, 3, "dead");

            // 2: sealed and moved, but not told; 3: sealed, not moved, and half of something is in its place's stead.
            File.WriteAllText(store.Folder.Artifact("2.txt"), "whole");
            store.Queue.Seal(
                2,
                await Digests.OfFileAsync(store.Folder.Artifact("2.txt"), TestContext.Current.CancellationToken),
                5,
                new JobOutcome { ComputeSeconds = 3 }
            );
            store.Queue.Seal(3, "digest", 5, new JobOutcome());
            Directory.CreateDirectory(store.Folder.WorkOf("dead"));
            File.WriteAllText(Path.Combine(store.Folder.WorkOf("dead"), "3.txt"), "half");

            await Recovery.RunAsync(store, events: null, TestContext.Current.CancellationToken);

            Assert.Equal([JobState.Running, JobState.Succeeded, JobState.Queued], store.All().Select(job => job.State));
            Assert.Equal(3, store.Find(2)!.Outcome!.ComputeSeconds);
            Assert.False(Directory.Exists(store.Folder.WorkOf("dead")));
        }
    }

    [Fact]
    public void WorkerLock_WhileHeld_CannotBeTakenOver()
    {
        var folder = JobFolder.Create(_folder["out"]);
        using (var worker = WorkerLock.Take(folder))
        {
            Assert.Null(WorkerLock.TryTakeOver(folder, worker.Id));
            Assert.Equal([worker.Id], WorkerLock.Known(folder));
        }

        Assert.Empty(WorkerLock.Known(folder));
    }

    public void Dispose() => _folder.Dispose();

    private static List<string> ClaimAll(JobStore store)
    {
        var order = new List<string>();
        while (store.Queue.Claim(Worker, alone: false) is { } job)
        {
            order.Add(job.Output);
        }

        return order;
    }

    private static void Take(JobStore store, long id, string worker = Worker)
    {
        var claimed = store.Queue.Claim(worker, alone: true)!;
        if (claimed.Id != id)
        {
            Take(store, id, worker);
            store.Queue.Return(claimed.Id);
        }
    }

    private sealed class ManualClock : TimeProvider
    {
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now.Ticks;

        public void Advance(TimeSpan span) => _now += span;
    }
}
