using WanSharp.Testing;

namespace WanSharp.Storage.Tests;

public sealed class ContentStoreSweepTests
{
    /// <summary>Whoever sweeps may look at a folder between its making and its lock.</summary>
    [Fact]
    public void Put_WhileOthersSweep_KeepsEachEntry()
    {
        using var folder = new ScratchFolder();
        using var store = new ContentStore(folder);
        using var sweeper = new ContentStore(folder);
        using var stop = new CancellationTokenSource();
        var sweeping = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                sweeper.Prune(olderThan: null, maximumBytes: null);
            }
        });
        sweeping.Start();

        var kept = Enumerable
            .Range(0, 120)
            .AsParallel()
            .WithDegreeOfParallelism(4)
            .Count(i => store.Put(ContentStoreTests.Key(i), new byte[] { 1 }));

        stop.Cancel();
        sweeping.Join();
        Assert.Equal(120, kept);
    }
}
