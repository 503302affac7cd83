using WanSharp.Jobs.Storage;
using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Storage;

/// <summary>The journal and the clips are the truth: whatever becomes of the database, it is made again from them.</summary>
public sealed class JournalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private JobFolder Folder => JobFolder.Create(_folder["out"]);

    /// <summary>A journal that is cut between two lines cannot tell that jobs are missing.</summary>
    [Fact]
    public void RequireAll_WhereJobsWereLost_SaysHowMany()
    {
        using (var store = TestJobs.Open(_folder))
        {
            store.Enqueue([TestJobs.New("1.txt"), TestJobs.New("2.txt"), TestJobs.New("3.txt")]);
            store.RequireAll();
        }

        var lines = File.ReadAllLines(Folder.Journal);
        File.WriteAllLines(Folder.Journal, lines[..1]);
        using (var known = TestJobs.Open(_folder))
        {
            known.RequireAll(); // the database has them
        }

        File.Delete(Folder.Database);
        using var again = TestJobs.Open(_folder);
        var error = Assert.Throws<JobStoreException>(again.RequireAll);
        Assert.Contains("2 of the jobs", error.Message, StringComparison.Ordinal);
        Assert.Contains("repeat the original command", error.Message, StringComparison.Ordinal);
        again.Enqueue([TestJobs.New("1.txt"), TestJobs.New("2.txt"), TestJobs.New("3.txt")]);
        again.RequireAll();
    }

    [Fact]
    public void Enqueue_OfANameThatDiffersInCaseAlone_IsRefused()
    {
        using var store = TestJobs.Open(_folder);
        store.Enqueue([TestJobs.New("Clip.txt"), TestJobs.New("caf\u00e9.txt")]);
        store.Enqueue([TestJobs.New("Clip.txt")]); // the same job

        Assert.Contains(
            "clip.txt and Clip.txt",
            Assert.Throws<JobStoreException>(() => store.Enqueue([TestJobs.New("clip.txt")])).Message,
            StringComparison.Ordinal
        );
        Assert.Throws<JobStoreException>(() => store.Enqueue([TestJobs.New("CAF\u00c9.txt")]));
        Assert.Throws<JobStoreException>(() => store.RequireSame([TestJobs.New("CLIP.txt")]));
        Assert.Equal(2, store.Counts().Total);
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("gone")]
    [InlineData("older")]
    [InlineData("rows deleted")]
    [InlineData("one row deleted")]
    [InlineData("state lost")]
    public void Open_OfADatabaseThatKnowsLessThanTheJournal_LearnsTheRest(string what)
    {
        var older = _folder["older.db"];
        using (var store = TestJobs.Open(_folder))
        {
            store.Enqueue([TestJobs.New("1.txt"), TestJobs.New("2.txt")]);
        }

        File.Copy(Folder.Database, older);
        using (var store = TestJobs.Open(_folder))
        {
            Make(store, 1, "clip");
            store.Enqueue([TestJobs.New("3.txt"), TestJobs.New("4.txt")]);
            store.Cancel([2, 4]);
            store.Retry();
            store.Cancel([4]);
        }

        switch (what)
        {
            case "gone":
                File.Delete(Folder.Database);
                break;
            case "empty":
                File.WriteAllBytes(Folder.Database, []);
                break;
            case "older":
                File.Copy(older, Folder.Database, overwrite: true);
                break;
            case "state lost":
                Run("UPDATE jobs SET state = 0, artifact_sha256 = NULL, outcome = NULL WHERE id = 1; UPDATE journal SET bytes = bytes - 1");
                break;
            default:
                Run($"DELETE FROM jobs{(what == "rows deleted" ? "" : " WHERE id = 3")}");
                break;
        }

        using var again = TestJobs.Open(_folder);
        Assert.Equal(
            [("1.txt", JobState.Succeeded), ("2.txt", JobState.Queued), ("3.txt", JobState.Queued), ("4.txt", JobState.Cancelled)],
            again.List().OrderBy(job => job.Output).Select(job => (job.Output, job.State))
        );
        Assert.Equal(7, again.All().Single(job => job.Output == "1.txt").Outcome!.ComputeSeconds);
        Assert.Equal(0, again.Enqueue([TestJobs.New("3.txt")]));
    }

    [Fact]
    public async Task Open_OfALostDatabase_BelievesNoNoteWhoseClipIsNotThere()
    {
        using (var store = TestJobs.Open(_folder))
        {
            store.Enqueue([TestJobs.New("1.txt"), TestJobs.New("2.txt"), TestJobs.New("3.txt")]);
            Make(store, 1, "clip");
            Make(store, 2, "clip");
            Make(store, 3, "clip");
        }

        File.Delete(Folder.Database);
        File.Delete(Folder.Artifact("1.txt"));
        File.WriteAllText(Folder.Artifact("2.txt"), "CLIP"); // as long, and another one

        using var again = TestJobs.Open(_folder);
        Assert.Equal([JobState.Queued, JobState.Succeeded, JobState.Succeeded], again.List().Select(job => job.State));
        var review = await again.ReviewAsync(repairs: true, TestContext.Current.CancellationToken);
        Assert.Equal(["2.txt"], review.Damaged);
        Assert.Equal([JobState.Queued, JobState.Queued, JobState.Succeeded], again.List().Select(job => job.State));
        Assert.Single(Directory.EnumerateFiles(Folder.Aside));
    }

    [Fact]
    public void Enqueue_WithOverwrites_GivesTheOutputToTheNewJob()
    {
        using (var store = TestJobs.Open(_folder))
        {
            store.Enqueue([TestJobs.New("1.txt")]);
            Make(store, 1, "clip");
            Assert.Contains(
                "--overwrite",
                Assert.Throws<JobStoreException>(() => store.Enqueue([TestJobs.New("1.txt", prompt: "another")])).Message,
                StringComparison.Ordinal
            );
            Assert.Equal(1, store.Enqueue([TestJobs.New("1.txt", prompt: "another") with { Overwrites = true }]));
            Assert.Equal((JobState.Queued, "another"), (store.Find(1)!.State, store.Find(1)!.Request.Prompt));
        }

        File.Delete(Folder.Database);
        using var again = TestJobs.Open(_folder);
        Assert.Equal((JobState.Queued, "another", true), (again.Find(1)!.State, again.Find(1)!.Request.Prompt, again.Find(1)!.Overwrites));
    }

    [Fact]
    public void Enqueue_OfTheSameRequestWithOtherSettings_SaysWhichDiffer()
    {
        using var store = TestJobs.Open(_folder);
        store.Enqueue([WithSettings("""{"model_digest": "a", "prompt": "p"}""")]);

        Assert.Equal(0, store.Enqueue([WithSettings("""{"model_digest": "a", "prompt": "p", "version": "2", "new_setting": 1}""")]));
        Assert.Contains(
            "model_digest",
            Assert.Throws<JobStoreException>(() => store.Enqueue([WithSettings("""{"model_digest": "b", "prompt": "p"}""")])).Message,
            StringComparison.Ordinal
        );

        static NewJob WithSettings(string settings) =>
            TestJobs.New("1.txt") with
            {
                Prepared = TestJobs.Prepared() with { Settings = settings },
            };
    }

    [Fact]
    public void Times_OfAClockThatIsSet_AreThoseOfOneThatOnlyGoesForward()
    {
        var clock = new JumpingClock();
        using var store = TestJobs.Open(_folder, clock);
        store.Enqueue([TestJobs.New("1.txt")]);
        store.Queue.Claim("worker", alone: true);
        clock.Set(TimeSpan.FromHours(-1));
        clock.Pass(TimeSpan.FromSeconds(7));
        store.Queue.Succeed(1);

        Assert.Equal(TimeSpan.FromSeconds(7), Assert.Single(store.List()).Elapsed);
    }

    /// <summary>The end has an identity that outlives the database: what was told of it is not told again as another one.</summary>
    [Fact]
    public void FinishedAt_OfAClipWhoseDatabaseIsLost_IsWhatItWas()
    {
        var clock = new ManualClock();
        DateTimeOffset? made;
        using (var store = TestJobs.Open(_folder, clock))
        {
            store.Enqueue([TestJobs.New("1.txt"), TestJobs.New("2.txt")]);
            clock.Advance(seconds: 5);
            Make(store, 1, "clip");
            store.Cancel([2]);
            made = store.Find(1)!.FinishedAt;
            Assert.Equal(clock.GetUtcNow(), made);
        }

        File.Delete(Folder.Database);
        clock.Advance(seconds: 3600);
        using var again = TestJobs.Open(_folder, clock);

        Assert.Equal([made, made], again.All().Select(job => job.FinishedAt));
    }

    /// <summary>The clock that only counts stands still in the meantime, and what ended is compared with the time of day.</summary>
    [Fact]
    public void Times_AfterTheMachineSlept_AreThoseOfTheDay()
    {
        var clock = new JumpingClock();
        using var store = TestJobs.Open(_folder, clock);
        store.Enqueue([TestJobs.New("1.txt")]);
        clock.Set(TimeSpan.FromHours(60));
        store.Queue.Claim("worker", alone: true);
        store.Queue.Succeed(1);

        Assert.Empty(store.EndedBefore(clock.GetUtcNow() - TimeSpan.FromHours(48), most: 10));
        Assert.Single(store.Page(new JobPage { Limit = 10, EndedSince = clock.GetUtcNow() - TimeSpan.FromMinutes(5) }));
        clock.Set(TimeSpan.FromHours(-1));
        clock.Pass(TimeSpan.FromSeconds(7));
        store.Enqueue([TestJobs.New("2.txt")]);
        Assert.Equal(TimeSpan.FromSeconds(7), store.Find(2)!.QueuedAt - store.Find(1)!.FinishedAt);
    }

    [Fact]
    public void OpenToRead_OfAFolderThatCannotBeWritten_ListsIt()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || Environment.UserName == "root", "Only rights that hold can be tested.");
        using (var store = TestJobs.Open(_folder))
        {
            store.Enqueue([TestJobs.New("1.txt")]);
        }

        var state = Path.GetDirectoryName(Folder.Database)!;
        File.SetUnixFileMode(Folder.Database, UnixFileMode.UserRead);
        File.SetUnixFileMode(state, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            using var read = JobStore.OpenToRead(_folder["out"], TimeProvider.System);
            Assert.Equal("1.txt", Assert.Single(read.List()).Output);
        }
        finally
        {
            File.SetUnixFileMode(state, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public void CopyState_OfAFolder_ShowsWhatIsOnlyInTheLog()
    {
        using var store = TestJobs.Open(_folder);
        store.Enqueue([TestJobs.New("1.txt")]);
        store.Cancel([1]); // in the write-ahead log, while the database is open
        var copy = Directory.CreateDirectory(_folder["copy"]).FullName;

        using var read = JobStore.Open(JobFolder.CopyState(_folder["out"], copy), TimeProvider.System);

        Assert.Equal(JobState.Cancelled, Assert.Single(read.List()).State);
        Assert.Equal(_folder["out"], read.Folder.Path);
    }

    public void Dispose() => _folder.Dispose();

    private static void Make(JobStore store, long id, string text)
    {
        store.Queue.Claim("worker", alone: true);
        store.Queue.Seal(
            id,
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text))),
            text.Length,
            new JobOutcome { ComputeSeconds = 7 }
        );
        File.WriteAllText(store.Folder.Artifact(store.Find(id)!.Output), text);
        store.Queue.Succeed(id);
    }

    private void Run(string sql)
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Folder.Database};Pooling=False");
        connection.Open();
        connection.Run(sql);
    }

    private sealed class JumpingClock : TimeProvider
    {
        private DateTimeOffset _day = DateTimeOffset.UnixEpoch.AddYears(50);
        private long _passed;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => _day;

        public override long GetTimestamp() => _passed;

        public void Set(TimeSpan by) => _day += by;

        public void Pass(TimeSpan time)
        {
            _day += time;
            _passed += time.Ticks;
        }
    }
}
