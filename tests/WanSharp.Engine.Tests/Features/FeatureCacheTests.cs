using System.Collections.Concurrent;
using WanSharp.Engine.Features;
using WanSharp.Engine.Scheduling;

namespace WanSharp.Engine.Tests.Features;

public class FeatureCacheTests
{
    private static readonly byte[] Feature = [1, 2, 3, 4];

    private static ClipRun Clip =>
        new(Plan: null!, new GenerationRunOptions(), new ClipClock(TimeProvider.System), Order: 0, TestContext.Current.CancellationToken);

    [Fact]
    public async Task Get_ByManyAtATime_ComputesOnce()
    {
        var cache = new FeatureCache(store: null, capacity: 100);
        var (computed, gate) = (0, new TaskCompletionSource());

        var asked = Enumerable
            .Range(0, 4)
            .Select(_ =>
                cache.GetAsync(
                    Clip,
                    "key",
                    async () =>
                    {
                        computed++;
                        await gate.Task;
                        return Feature;
                    }
                )
            )
            .ToList();
        gate.SetResult();

        Assert.All(await Task.WhenAll(asked), feature => Assert.Same(Feature, feature));
        Assert.Equal(1, computed);
    }

    [Fact]
    public async Task Get_BeyondTheCapacity_ForgetsWhatWasUsedLongestAgo()
    {
        var cache = new FeatureCache(store: null, capacity: 2 * Feature.Length);
        var computed = new List<string>();
        foreach (var key in new[] { "a", "b", "a", "c", "a", "b" })
        {
            await cache.GetAsync(
                Clip,
                key,
                () =>
                {
                    computed.Add(key);
                    return Task.FromResult(Feature);
                }
            );
        }

        Assert.Equal(["a", "b", "c", "b"], computed);
    }

    [Fact]
    public async Task Get_CancelledWhileAnotherClipComputes_EndsTheWaitAlone()
    {
        var cache = new FeatureCache(store: null, capacity: 100);
        var gate = new TaskCompletionSource<byte[]>();
        var first = cache.GetAsync(Clip, "key", () => gate.Task);
        using var stop = new CancellationTokenSource();
        var second = cache.GetAsync(Clip with { Cancelled = stop.Token }, "key", () => Task.FromResult(Feature));

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        gate.SetResult(Feature);
        Assert.Same(Feature, await first);
    }

    [Fact]
    public async Task Get_CancelledWhileItComputes_LeavesNothingBehind()
    {
        var cache = new FeatureCache(store: null, capacity: 100);
        using var stop = new CancellationTokenSource();
        var computing = cache.GetAsync(
            Clip with
            {
                Cancelled = stop.Token,
            },
            "key",
            async () =>
            {
                await Task.Delay(Timeout.Infinite, stop.Token);
                return Feature;
            }
        );
        var next = cache.GetAsync(Clip, "key", () => Task.FromResult(Feature)); // waits for its turn

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => computing);
        Assert.Same(Feature, await next);
        Assert.Equal(Feature.Length, cache.Bytes);
        Assert.Equal(Feature.Length, cache.Trim());
    }

    [Fact]
    public async Task Get_WhatCannotBeComputed_IsTriedAgain()
    {
        var cache = new FeatureCache(store: null, capacity: 100);
        await Assert.ThrowsAsync<InvalidOperationException>(() => cache.GetAsync(Clip, "key", () => throw new InvalidOperationException()));

        Assert.Same(Feature, await cache.GetAsync(Clip, "key", () => Task.FromResult(Feature)));
    }

    [Fact]
    public async Task Get_InAnotherProcess_FindsItInTheStore()
    {
        var store = new MemoryStore();
        await new FeatureCache(store, capacity: 100).GetAsync(Clip, "key", () => Task.FromResult(Feature));
        var clip = Clip;

        var found = await new FeatureCache(store, capacity: 100).GetAsync(
            clip,
            "key",
            () => throw new InvalidOperationException("it is there")
        );

        Assert.Equal(Feature, found);
        Assert.Equal(1, clip.Clock.ToStatistics().FeatureHits);
    }

    private sealed class MemoryStore : IFeatureStore
    {
        private readonly ConcurrentDictionary<string, byte[]> _features = new();

        public byte[]? Find(string key) => _features.GetValueOrDefault(key);

        public void Store(string key, byte[] feature) => _features[key] = feature;
    }
}
