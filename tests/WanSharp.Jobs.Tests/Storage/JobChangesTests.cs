using WanSharp.Jobs.Running;
using WanSharp.Jobs.Storage;
using WanSharp.Jobs.Tests.Running;
using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Storage;

public sealed class JobChangesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly JobStore _store;

    public JobChangesTests() => _store = TestJobs.Open(_folder);

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Hold_OfAWaitingJob_KeepsItFromRunning()
    {
        _store.Enqueue([TestJobs.New("1.txt"), TestJobs.New("2.txt")]);
        await using var backend = new ScriptedBackend();

        Assert.Equal([1], _store.Hold([1]));
        await RunAsync(backend);
        Assert.Equal((JobState.Queued, JobState.Succeeded), (_store.Find(1)!.State, _store.Find(2)!.State));
        Assert.Equal([1], _store.Release([1, 2]));
        await RunAsync(backend);

        Assert.Equal(JobState.Succeeded, _store.Find(1)!.State);
    }

    [Fact]
    public async Task Hold_OfAJobThatRuns_PutsItBack()
    {
        _store.Enqueue([TestJobs.New("1.txt")]);
        await using var backend = new ScriptedBackend
        {
            Before = async (_, token) =>
            {
                _store.Hold([1]);
                await Task.Delay(Timeout.Infinite, token);
            },
        };

        await RunAsync(backend);

        Assert.Equal((JobState.Queued, true), (_store.Find(1)!.State, _store.Find(1)!.IsHeld));
    }

    /// <summary>A runner or a client may still mean the one that was deleted.</summary>
    [Fact]
    public void Enqueue_AfterTheLastJobWasRemoved_GivesItsNumberToNoOther()
    {
        _store.Enqueue([TestJobs.New("1.txt"), TestJobs.New("2.txt")]);
        _store.Remove([2]);

        _store.Enqueue([TestJobs.New("3.txt")]);
        _store.Remove([1, 3]);
        using var again = TestJobs.Open(_folder);
        again.Enqueue([TestJobs.New("4.txt")]);

        Assert.Equal([4L], again.All().Select(job => job.Id));
    }

    [Fact]
    public async Task Remove_OfAJobThatRuns_LeavesNothingOfIt()
    {
        _store.Enqueue([TestJobs.New("1.txt"), TestJobs.New("2.txt")]);
        await using var backend = new ScriptedBackend
        {
            Before = (run, token) =>
            {
                if (run.Job.Id != 1)
                {
                    return Task.CompletedTask;
                }

                _store.Remove([1]);
                return Task.Delay(Timeout.Infinite, token);
            },
        };

        await RunAsync(backend);

        Assert.Null(_store.Find("1.txt"));
        Assert.Equal(new JobCounts(0, 0, 1, 0, 0), _store.Counts());
    }

    [Fact]
    public async Task Remove_OfAJobThatIsDone_DeletesItsClipForGood()
    {
        _store.Enqueue([TestJobs.New("1.txt"), TestJobs.New("2.txt")]);
        await using var backend = new ScriptedBackend();
        await RunAsync(backend);

        Assert.Equal(1, _store.Remove([1]));
        _store.Dispose();
        File.Delete(_store.Folder.Database);

        using var rebuilt = TestJobs.Open(_folder);
        Assert.Equal(["2.txt"], rebuilt.All().Select(job => job.Output));
        Assert.False(File.Exists(rebuilt.Folder.Artifact("1.txt")));
    }

    [Fact]
    public void Remove_OfAJob_LetsAnotherHaveItsName()
    {
        _store.Enqueue([TestJobs.New("1.txt")]);
        _store.Remove([1]);
        _store.Enqueue([TestJobs.New("1.txt", prompt: "another")]);
        _store.Dispose();
        File.Delete(_store.Folder.Database);

        using var rebuilt = TestJobs.Open(_folder);

        Assert.Equal(["another"], rebuilt.All().Select(job => job.Request.Prompt));
    }

    [Fact]
    public void Enqueue_KeepsWhatWasSaidOfAJob_AlsoWhereOnlyTheJournalIsLeft()
    {
        _store.Enqueue([TestJobs.New("1.txt") with { Details = """{"user":"u"}""", Batch = "b" }]);
        _store.Dispose();
        File.Delete(_store.Folder.Database);

        using var rebuilt = TestJobs.Open(_folder);

        Assert.Equal(("""{"user":"u"}""", "b"), (rebuilt.Find("1.txt")!.Details, rebuilt.Find("1.txt")!.Batch));
    }

    [Fact]
    public void Page_GoesFromTheEndOrTheBeginning()
    {
        _store.Enqueue([.. Enumerable.Range(1, 5).Select(i => TestJobs.New($"{i}.txt"))]);

        Assert.Equal([5, 4], Ids(new JobPage { Limit = 2, NewestFirst = true }));
        Assert.Equal(
            [3, 2],
            Ids(
                new JobPage
                {
                    Limit = 2,
                    NewestFirst = true,
                    After = 4,
                }
            )
        );
        Assert.Equal([3, 4], Ids(new JobPage { Limit = 2, After = 2 }));

        long[] Ids(JobPage page) => [.. _store.Page(page).Select(job => job.Id)];
    }

    [Fact]
    public async Task Run_ThatWaitsForMore_TakesJobsThatComeLater()
    {
        using var stop = new CancellationTokenSource();
        var made = new TaskCompletionSource();
        await using var backend = new ScriptedBackend
        {
            Before = (_, _) =>
            {
                made.TrySetResult();
                return Task.CompletedTask;
            },
        };
        var running = RunAsync(backend, waitsForMore: true, stop.Token);

        _store.Enqueue([TestJobs.New("1.txt")]);
        await made.Task.WaitAsync(TestContext.Current.CancellationToken);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private Task RunAsync(IJobBackend backend, bool waitsForMore = false, CancellationToken? stop = null) =>
        new JobRunner(_store, backend, new JobRunnerOptions { WaitsForMore = waitsForMore }).RunAsync(
            stop ?? TestContext.Current.CancellationToken
        );
}
