using WanSharp.Jobs.Running;
using WanSharp.Jobs.Storage;
using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Storage;

/// <summary>Jobs that ran when their process came to its end: which of them ended it is found out, and costs no other its turn.</summary>
public sealed class SuspectJobTests : IDisposable
{
    private const string Worker = "worker";

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Abandon_OfAJobThatNeverGetsFurtherAlone_FailsIt()
    {
        using var store = TestJobs.Open(_folder);
        store.Enqueue([TestJobs.New("deadly"), TestJobs.New("other", priority: -1)]);
        Die(store, JobQueue.OwnWork + 5); // further than ever: does not count
        Assert.False(store.Queue.IsSuspect(1));
        Die(store, JobQueue.OwnWork + 5, alone: false);
        for (var death = 1; death <= JobQueue.FatalDeaths; death++)
        {
            Assert.Equal(JobState.Queued, store.Find(1)!.State);
            Assert.True(store.Queue.IsSuspect(1));
            Assert.Equal(death <= 2 ? null : "other", Passing(store)); // each end alone costs a priority
            Die(store, JobQueue.OwnWork - 1); // while the process loaded: does not count
            Die(store, JobQueue.OwnWork + 5, alone: false); // alongside others: may have been theirs
            Die(store, JobQueue.OwnWork + 5);
        }

        var failed = store.Find(1)!;
        Assert.Equal(JobState.Failed, failed.State);
        Assert.Contains("process ended", failed.Error, StringComparison.Ordinal);
        Assert.Equal(JobState.Queued, store.Find(2)!.State);
        Assert.Equal([1], store.Retry());
        Assert.False(store.Queue.IsSuspect(1));
    }

    /// <summary>One that processes ended with is due as it was: what keeps coming does not pass it.</summary>
    [Fact]
    public void Claim_OfASuspectWhileOthersCome_KeepsItsTurn()
    {
        using var store = TestJobs.Open(_folder);
        store.Enqueue([TestJobs.New("cut off")]);
        Die(store, JobQueue.OwnWork + 5);
        Die(store, JobQueue.OwnWork + 5, alone: false);
        store.Enqueue([.. Enumerable.Range(1, 3).Select(i => TestJobs.New($"{i}"))]);

        Assert.Null(Passing(store));
        Assert.Equal("cut off", store.Queue.Claim(Worker, alone: true)!.Output);
        store.Queue.Reached(Worker, [KeyValuePair.Create(1L, JobQueue.OwnWork + 6)]);
        store.Queue.Abandon(1, Worker, alone: true);
        Assert.Equal("cut off", Passing(store)); // it got further: the ends were not its own
    }

    /// <summary>What a worker takes beside others, and puts back.</summary>
    private static string? Passing(JobStore store)
    {
        var job = store.Queue.Claim("beside others", alone: false);
        if (job is not null)
        {
            store.Queue.Return(job.Id);
        }

        return job?.Output;
    }

    /// <summary>Processes that run three jobs at once, each ended by the deadly one as soon as that runs.</summary>
    [Fact]
    public async Task Recovery_OfProcessesThatOneJobEnds_FailsThatOneAndNoOther()
    {
        using var store = TestJobs.Open(_folder);
        store.Enqueue([.. Enumerable.Range(1, 6).Select(i => TestJobs.New(i == 2 ? "deadly" : $"{i}"))]);
        var deaths = 0;
        for (; store.Counts().Open > 0; deaths++)
        {
            var process = $"process {deaths}";
            var running = new List<Job>();
            while (
                running.Count < 3
                && !running.Any(job => store.Queue.IsSuspect(job.Id))
                && store.Queue.Claim(process, alone: running.Count == 0) is { } job
            )
            {
                running.Add(job);
            }

            store.Queue.Reached(process, [.. running.Select(job => KeyValuePair.Create(job.Id, JobQueue.OwnWork + 1))]);
            if (!running.Any(job => job.Output == "deadly"))
            {
                running.ForEach(job => store.Queue.Succeed(job.Id));
            }

            await Recovery.RunAsync(store, events: null, TestContext.Current.CancellationToken);
        }

        Assert.Equal((JobState.Failed, 2 + JobQueue.FatalDeaths), (store.Find(2)!.State, store.Find(2)!.Attempts));
        Assert.Equal(5, store.Counts().Succeeded);
    }

    [Fact]
    public void Abandon_OfAJobThatGetsFurtherEachTime_NeverFailsIt()
    {
        using var store = TestJobs.Open(_folder);
        store.Enqueue([TestJobs.New("unlucky")]);
        for (var death = 0; death < 100; death++)
        {
            Die(store, JobQueue.OwnWork + death); // resumed, and killed before it got further; then a step further
            Die(store, JobQueue.OwnWork + death);
        }

        Assert.Equal(JobState.Queued, store.Find(1)!.State);
    }

    public void Dispose() => _folder.Dispose();

    private static void Die(JobStore store, long position, bool alone = true)
    {
        Take(store, 1);
        store.Queue.Reached(Worker, [KeyValuePair.Create(1L, position)]);
        store.Queue.Abandon(1, Worker, alone);
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
}
