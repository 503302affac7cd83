using System.Collections.Concurrent;
using WanSharp.Engine.Requests;
using WanSharp.Jobs.Results;
using WanSharp.Jobs.Running;
using WanSharp.Jobs.Storage;
using WanSharp.Storage;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Running;

public sealed class JobRunnerTests : IDisposable
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private readonly TemporaryFolder _folder = new();
    private readonly JobStore _store;

    public JobRunnerTests() => _store = TestJobs.Open(_folder);

    [Fact]
    public async Task Run_OfSeveralJobs_PutsEachArtifactInItsPlaceAndLeavesNothingElse()
    {
        _store.Enqueue([.. Enumerable.Range(1, 20).Select(i => TestJobs.New($"{i}.txt", prompt: $"clip {i}"))]);
        var two = new Meeting(2); // the first job does not end before a second one runs
        await using var backend = new ScriptedBackend { Before = (_, token) => two.ArriveAsync(token) };

        await RunAsync(backend, concurrency: 4);

        Assert.Equal(new JobCounts(0, 0, 20, 0, 0), _store.Counts());
        Assert.All(Enumerable.Range(1, 20), i => Assert.Equal($"clip {i}", File.ReadAllText(_store.Folder.Artifact($"{i}.txt"))));
        Assert.Equal(20, backend.Ran.Distinct().Count());
        Assert.InRange(backend.Most, 2, 4);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_store.Folder.Workers));
    }

    [Fact]
    public async Task Run_OfJobsOfSeveralShapes_AnnouncesOneOfEach()
    {
        _store.Enqueue([.. Enumerable.Range(0, 6).Select(i => TestJobs.New($"{i}.txt", group: $"shape {i / 2}", prompt: $"clip {i}"))]);
        await using var backend = new ScriptedBackend();

        await RunAsync(backend);

        Assert.Equal(["clip 0", "clip 2", "clip 4"], backend.Expected);
    }

    [Fact]
    public async Task Run_OfJobsThatFail_TriesThreeTimesAndTakesNothingWithIt()
    {
        _store.Enqueue([TestJobs.New("bad.txt"), TestJobs.New("good.txt"), TestJobs.New("once.txt")]);
        var failures = 0;
        await using var backend = new ScriptedBackend
        {
            Before = (run, _) =>
                run.Job.Output == "bad.txt" || (run.Job.Output == "once.txt" && Interlocked.Increment(ref failures) == 1)
                    ? throw new InvalidDataException("it broke")
                    : Task.CompletedTask,
        };

        await RunAsync(backend);

        Assert.Equal((JobState.Failed, 3, "it broke"), Facts(1));
        Assert.Equal((JobState.Succeeded, 1, null), Facts(2));
        Assert.Equal((JobState.Succeeded, 2, null), Facts(3));
        Assert.False(File.Exists(_store.Folder.Artifact("bad.txt")));
        Assert.Single(_store.Retry());
        Assert.Equal((JobState.Queued, 0, null), Facts(1));
    }

    /// <summary>
    /// A failed job's row is back in the queue before its attempt has ended: here, while the end is told. Other ends wake the runner
    /// meanwhile.
    /// </summary>
    [Fact]
    public async Task Run_OfAJobWhoseAttemptIsStillEnding_WaitsForItsEnd()
    {
        _store.Enqueue([TestJobs.New("bad.txt"), .. Enumerable.Range(1, 8).Select(i => TestJobs.New($"{i}.txt", prompt: $"clip {i}"))]);
        var (running, overlaps) = (new ConcurrentDictionary<long, bool>(), 0);
        await using var backend = new ScriptedBackend
        {
            Before = (run, _) => run.Job.Output == "bad.txt" ? throw new InvalidDataException("it broke") : Task.CompletedTask,
        };
        using var events = new SlowEnds(running, () => Interlocked.Increment(ref overlaps));

        await new JobRunner(_store, backend, new JobRunnerOptions { Concurrency = 4, Events = events }).RunAsync(
            TestContext.Current.CancellationToken
        );

        Assert.Equal(0, overlaps);
        Assert.Equal((JobState.Failed, 3, "it broke"), Facts(1));
        Assert.Equal(8, _store.Counts().Succeeded);
    }

    [Fact]
    public async Task Run_OfARequestThatCannotBeMade_FailsAtOnce()
    {
        _store.Enqueue([TestJobs.New("bad.txt")]);
        await using var backend = new ScriptedBackend { Before = (_, _) => throw new InvalidRequestException("size", "too large") };

        await RunAsync(backend);

        Assert.Equal((JobState.Failed, 1, "too large"), Facts(1));
    }

    [Fact]
    public async Task Run_WhenNothingCanRun_StopsAndKeepsTheJobs()
    {
        _store.Enqueue([TestJobs.New("1.txt"), TestJobs.New("2.txt")]);
        await using var backend = new ScriptedBackend
        {
            Before = (_, _) => throw new IOException("write failed", new IOException("No space left on device")),
        };

        var exception = await Assert.ThrowsAsync<BackendUnavailableException>(() => RunAsync(backend));

        Assert.Contains("full", exception.Message, StringComparison.Ordinal);
        Assert.Equal(new JobCounts(2, 0, 0, 0, 0), _store.Counts());
        Assert.Equal((JobState.Queued, 0, null), Facts(1));
    }

    [Fact]
    public async Task Cancel_OfTheRun_PutsRunningJobsBack()
    {
        _store.Enqueue([TestJobs.New("1.txt"), TestJobs.New("2.txt"), TestJobs.New("3.txt")]);
        using var stop = new CancellationTokenSource();
        await using var backend = new ScriptedBackend
        {
            Before = async (run, token) =>
            {
                if (run.Job.Id == 2)
                {
                    await stop.CancelAsync();
                    await Task.Delay(Timeout.Infinite, token);
                }
            },
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(backend, cancellationToken: stop.Token));

        Assert.Equal(new JobCounts(2, 0, 1, 0, 0), _store.Counts());
        Assert.Equal((JobState.Queued, 0, null), Facts(2));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_store.Folder.Workers));
    }

    [Fact]
    public async Task Cancel_OfAJobThatRuns_EndsItAlone()
    {
        _store.Enqueue([TestJobs.New("1.txt"), TestJobs.New("2.txt")]);
        await using var backend = new ScriptedBackend
        {
            Before = async (run, token) =>
            {
                if (run.Job.Id == 1)
                {
                    _store.Cancel([1]);
                    await Task.Delay(Timeout.Infinite, token);
                }
            },
        };

        await RunAsync(backend);

        Assert.Equal(JobState.Cancelled, Facts(1).State);
        Assert.Equal(JobState.Succeeded, Facts(2).State);
    }

    [Fact]
    public async Task Run_OfEqualJobs_MakesTheClipOnce()
    {
        _store.Enqueue([
            .. Enumerable
                .Range(1, 6)
                .Select(i => TestJobs.New($"{i}.txt", key: i % 2 == 0 ? "even" : "odd", prompt: i % 2 == 0 ? "even" : "odd")),
        ]);
        var two = new Meeting(2); // the first of each kind run at the same time
        await using var backend = new ScriptedBackend { Before = (_, token) => two.ArriveAsync(token) };

        await RunAsync(backend, concurrency: 4);

        Assert.Equal(6, _store.Counts().Succeeded);
        Assert.Equal(2, backend.Ran.Count);
        Assert.Equal("even", File.ReadAllText(_store.Folder.Artifact("6.txt")));
        Assert.Equal(4, _store.All().Count(job => job.Outcome is { FromCache: true, ComputeSeconds: 2 }));
    }

    /// <summary>
    /// A clip that began with another's steps is near its settings' clip, not that: who wants the exact one does not get it.
    /// </summary>
    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public async Task Run_OfAJobWhoseEqualBeganWithOtherSteps_TakesItsClipOnlyWhereThatWillDo(bool accepts, int made)
    {
        using var store = new ContentStore(_folder["results"]);
        var results = new ResultCache(store);
        await using var backend = new ScriptedBackend { Reused = new ReusedSteps("another", 3, 0.98) };
        foreach (var output in (string[])["1.txt", "2.txt"])
        {
            _store.Enqueue([TestJobs.New(output, key: "00ff")]);
            await new JobRunner(_store, backend, new JobRunnerOptions { Results = results, AcceptsReused = accepts }).RunAsync(
                TestContext.Current.CancellationToken
            );
        }

        Assert.Equal(made, backend.Ran.Count);
        Assert.All(_store.All(), job => Assert.Equal(backend.Reused, job.Outcome!.Reused));
        Assert.False(results.Contains("00ff", ".txt"));
    }

    [Fact]
    public async Task Run_WhenAnEqualJobsFileWasChanged_MakesTheClipAgain()
    {
        _store.Enqueue([TestJobs.New("1.txt", key: "k")]);
        await using var backend = new ScriptedBackend();
        await RunAsync(backend);
        File.WriteAllText(_store.Folder.Artifact("1.txt"), "edited");
        _store.Enqueue([TestJobs.New("2.txt", key: "k")]);

        await RunAsync(backend);

        Assert.Equal("a prompt", File.ReadAllText(_store.Folder.Artifact("2.txt")));
        Assert.Equal("edited", File.ReadAllText(_store.Folder.Artifact("1.txt")));
    }

    [Fact]
    public async Task Run_WhereAnotherFileHasTheName_FailsWithoutTouchingIt()
    {
        _store.Enqueue([TestJobs.New("1.txt")]);
        File.WriteAllText(_store.Folder.Artifact("1.txt"), "mine");
        await using var backend = new ScriptedBackend();

        await RunAsync(backend);

        Assert.Equal(JobState.Failed, Facts(1).State);
        Assert.Empty(backend.Ran);
        Assert.Equal("mine", File.ReadAllText(_store.Folder.Artifact("1.txt")));
    }

    /// <summary>Whoever waits for these jobs hears of them from nobody else.</summary>
    [Fact]
    public async Task Run_AfterAProcessThatEnded_TellsOfTheJobsThatThisBringsToTheirEnd()
    {
        _store.Enqueue([TestJobs.New("done.txt"), TestJobs.New("cancelled.txt"), TestJobs.New("deleted.txt"), TestJobs.New("waits.txt")]);
        while (_store.Queue.Claim("dead", alone: true) is not null) { }
        var done = _store.Folder.Artifact("done.txt");
        await File.WriteAllTextAsync(done, "whole", Token);
        _store.Queue.Seal(1, await Digests.OfFileAsync(done, Token), 5, new JobOutcome());
        _store.Cancel([2]);
        _store.Remove([3]);
        _store.Hold([4]);
        var told = new Told();

        await using var backend = new ScriptedBackend();
        await new JobRunner(_store, backend, new JobRunnerOptions { Events = told }).RunAsync(Token);

        Assert.Equal(
            [(1, JobEventKind.Succeeded), (2, JobEventKind.Cancelled), (3, JobEventKind.Removed)],
            told.Events.Select(one => (one.Job.Id, one.Kind))
        );
        Assert.Empty(backend.Ran);
    }

    [Fact]
    public async Task Remove_OfAJobThatRuns_IsToldInsteadOfItsEnd()
    {
        _store.Enqueue([TestJobs.New("1.txt")]);
        var told = new Told();
        await using var backend = new ScriptedBackend
        {
            Before = async (_, token) =>
            {
                _store.Remove([1]);
                await Task.Delay(Timeout.Infinite, token);
            },
        };

        await new JobRunner(_store, backend, new JobRunnerOptions { Events = told }).RunAsync(Token);

        Assert.Equal(
            [JobEventKind.Started, JobEventKind.Removed],
            told.Events.Select(one => one.Kind).Where(kind => kind != JobEventKind.Progressed)
        );
    }

    [Fact]
    public async Task TwoRunners_OnOneFolder_ShareTheJobs()
    {
        _store.Enqueue([.. Enumerable.Range(1, 30).Select(i => TestJobs.New($"{i}.txt"))]);
        using var other = TestJobs.Open(_folder);
        var (oneHasAJob, twoHasAJob) = (new TaskCompletionSource(), new TaskCompletionSource()); // neither goes on without the other
        await using var one = new ScriptedBackend { Before = (_, token) => MeetAsync(oneHasAJob, twoHasAJob, token) };
        await using var two = new ScriptedBackend { Before = (_, token) => MeetAsync(twoHasAJob, oneHasAJob, token) };

        await Task.WhenAll(
            RunAsync(one),
            new JobRunner(other, two, new JobRunnerOptions()).RunAsync(TestContext.Current.CancellationToken)
        );

        Assert.Equal(30, _store.Counts().Succeeded);
        Assert.Equal(30, one.Ran.Concat(two.Ran).Distinct().Count());
        Assert.Equal(30, one.Ran.Count + two.Ran.Count);
        Assert.NotEmpty(one.Ran);
        Assert.NotEmpty(two.Ran);

        static Task MeetAsync(TaskCompletionSource own, TaskCompletionSource others, CancellationToken token)
        {
            own.TrySetResult();
            return others.Task.WaitAsync(token);
        }
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    /// <summary>Hears of ends, and does not let a failed attempt end before other jobs have ended.</summary>
    private sealed class SlowEnds(ConcurrentDictionary<long, bool> running, Action overlap) : IProgress<JobEvent>, IDisposable
    {
        private readonly SemaphoreSlim _others = new(0);

        public void Dispose() => _others.Dispose();

        public void Report(JobEvent value)
        {
            switch (value.Kind)
            {
                case JobEventKind.Started when !running.TryAdd(value.Job.Id, true):
                    overlap();
                    break;
                case JobEventKind.Succeeded:
                    running.TryRemove(value.Job.Id, out _);
                    _others.Release();
                    break;
                case JobEventKind.Retrying:
                    for (var i = 0; i < 3; i++)
                    {
                        _others.Wait(TimeSpan.FromSeconds(1));
                    }

                    running.TryRemove(value.Job.Id, out _);
                    break;
                default:
                    break;
            }
        }
    }

    private Task RunAsync(ScriptedBackend backend, int concurrency = 1, CancellationToken? cancellationToken = null) =>
        new JobRunner(_store, backend, new JobRunnerOptions { Concurrency = concurrency }).RunAsync(
            cancellationToken ?? TestContext.Current.CancellationToken
        );

    private (JobState State, int Attempts, string? Error) Facts(long id) =>
        _store.Find(id) is { } job ? (job.State, job.Attempts, job.Error) : throw new InvalidOperationException();

    private sealed class Told : IProgress<JobEvent>
    {
        public List<JobEvent> Events { get; } = [];

        public void Report(JobEvent value)
        {
            lock (Events)
            {
                Events.Add(value);
            }
        }
    }
}
