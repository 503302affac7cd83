using WanSharp.Jobs.Storage;
using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Storage;

/// <summary>Jobs that several callers bring at the same time.</summary>
public sealed class ArrivalTests : IDisposable
{
    private const int Callers = 40;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task EnqueueAsync_ByManyAtOnce_KeepsAllOfThemInTheJournalToo()
    {
        using (var store = TestJobs.Open(_folder))
        {
            var added = await Task.WhenAll(Enumerable.Range(0, Callers).Select(i => store.EnqueueAsync([TestJobs.New($"{i}.mp4")])));
            Assert.All(added, count => Assert.Equal(1, count));
        }

        File.Delete(JobFolder.Create(_folder["out"]).Database);
        using var again = TestJobs.Open(_folder);
        Assert.Equal(Callers, again.Waiting());
    }

    [Fact]
    public async Task EnqueueAsync_OfOneThatIsRefused_HoldsUpNoOther()
    {
        using var store = TestJobs.Open(_folder);
        File.WriteAllText(store.Folder.Artifact("taken.mp4"), "not ours");

        var refused = store.EnqueueAsync([TestJobs.New("half.mp4"), TestJobs.New("taken.mp4")]);
        var left = store.EnqueueAsync([TestJobs.New("left.mp4")], admits: () => false);
        var kept = store.EnqueueAsync([TestJobs.New("kept.mp4")]);

        Assert.Contains("taken.mp4", (await Assert.ThrowsAsync<JobStoreException>(() => refused)).Message, StringComparison.Ordinal);
        Assert.Equal((0, 1), (await left, await kept));
        Assert.Equal(["kept.mp4"], store.All().Select(job => job.Output));
    }

    [Fact]
    public async Task EnqueueAsync_WhatAdmitsAJob_SeesThoseThatCameBefore()
    {
        const int Room = 3;
        using var store = TestJobs.Open(_folder);

        var added = await Task.WhenAll(
            Enumerable.Range(0, Callers).Select(i => store.EnqueueAsync([TestJobs.New($"{i}.mp4")], () => store.Waiting() < Room))
        );

        Assert.Equal(Room, added.Sum());
        Assert.Equal(Room, store.Waiting());
    }

    /// <summary>A program that brings its jobs one by one pays for each of them, not for all that came before.</summary>
    [Fact]
    public void Enqueue_OfOneJob_ReadsNoOthers()
    {
        using var store = TestJobs.Open(_folder);
        store.Enqueue([TestJobs.New("first.mp4")]);
        var alone = BytesOf(store, "second.mp4");
        store.Enqueue([.. Enumerable.Range(0, 2000).Select(i => TestJobs.New($"many-{i}.mp4"))]);
        BytesOf(store, "third.mp4"); // reads those

        Assert.InRange(BytesOf(store, "fourth.mp4"), 0, 2 * alone);

        static long BytesOf(JobStore store, string output)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            store.Enqueue([TestJobs.New(output)]);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public async Task Find_WhileJobsAreWritten_WaitsForNobody()
    {
        using var store = TestJobs.Open(_folder);
        store.Enqueue([TestJobs.New("1.mp4")]);
        using var looked = new ManualResetEventSlim();
        var limit = TimeSpan.FromSeconds(30);

        var writing = store.EnqueueAsync([TestJobs.New("2.mp4")], () => looked.Wait(limit, TestContext.Current.CancellationToken));
        Assert.Equal("1.mp4", store.Find("1.mp4")?.Output);
        looked.Set();

        Assert.Equal(1, await writing);
    }

    [Fact]
    public void Retry_OfMoreThanThereIsRoomFor_PutsNoneBack()
    {
        using var store = TestJobs.Open(_folder);
        store.Enqueue([TestJobs.New("1.mp4"), TestJobs.New("2.mp4")]);
        store.Cancel([1, 2]);

        Assert.Throws<InvalidOperationException>(() => store.Retry([1, 2], count => throw new InvalidOperationException($"{count}")));

        Assert.Equal(0, store.Waiting());
    }
}
