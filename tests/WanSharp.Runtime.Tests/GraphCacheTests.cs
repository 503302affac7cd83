using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests;

[NoLiveObjects]
[Collection("native objects")]
public sealed class GraphCacheTests(RuntimeFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RentAsync_ManyCallersAtOnce_GetOneSession()
    {
        using var cache = new GraphCache(fixture.Runtime);
        var graph = Doubling("double");

        var uses = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => cache.RentAsync(graph, new SessionSettings(), Token)));

        Assert.Single(uses.Select(use => use.Session).Distinct());
        Assert.Equal("double", uses[0].Session.Name);
        var counted = Assert.Single(cache.Statistics());
        Assert.Equal(("double", 1, 15), (counted.Name, counted.Compiles, counted.Hits));
        Assert.True(counted.CompileTime > TimeSpan.Zero);
    }

    [Fact]
    public async Task RentAsync_OtherSettings_CompilesAgain()
    {
        using var cache = new GraphCache(fixture.Runtime);
        var graph = Doubling("double");

        var one = await cache.RentAsync(graph, new SessionSettings(), Token);
        var other = await cache.RentAsync(graph, new SessionSettings { Optimization = GraphOptimization.None }, Token);

        Assert.NotSame(one.Session, other.Session);
    }

    [Fact]
    public async Task RentAsync_AfterACancelledCaller_Compiles()
    {
        using var cache = new GraphCache(fixture.Runtime);
        var graph = Doubling("double");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            cache.RentAsync(graph, new SessionSettings(), new CancellationToken(canceled: true))
        );

        Assert.NotNull(await cache.RentAsync(graph, new SessionSettings(), Token));
    }

    [Fact]
    public async Task Dispose_EndsTheSessions_AndFurtherCalls()
    {
        var cache = new GraphCache(fixture.Runtime);
        var graph = Doubling("double");
        var session = (await cache.RentAsync(graph, new SessionSettings(), Token)).Session;

        cache.Dispose();

        Assert.True(session.Handle.IsClosed);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => cache.RentAsync(graph, new SessionSettings(), Token));
    }

    [Fact]
    public async Task RentAsync_BeyondWhatIsKept_ReleasesWhatNobodyUses()
    {
        using var cache = new GraphCache(fixture.Runtime, new GraphCacheOptions { KeepCompiled = 1 });
        var used = await cache.RentAsync(Doubling("used"), new SessionSettings(), Token);
        var unused = await cache.RentAsync(Doubling("unused"), new SessionSettings(), Token);
        unused.Dispose();

        var third = await cache.RentAsync(Doubling("third"), new SessionSettings(), Token);

        Assert.True(unused.Session.Handle.IsClosed);
        Assert.False(used.Session.Handle.IsClosed);
        Assert.False(third.Session.Handle.IsClosed);
        Assert.Equal(1, cache.Statistics().Sum(graph => graph.Evictions));
        using var again = await cache.RentAsync(Doubling("unused"), new SessionSettings(), Token);
        Assert.Equal(2, cache.Statistics().Single(graph => graph.Name == "unused").Compiles);
    }

    [Fact]
    public async Task Release_WhileARunIsPrepared_KeepsItsSession()
    {
        using var cache = new GraphCache(fixture.Runtime);
        var use = await cache.RentAsync(Doubling("double"), new SessionSettings(), Token);
        var run = use.Session.Prepare();
        use.Dispose();

        Assert.Equal(0, cache.Release(keep: 0));
        run.Dispose();
        Assert.Equal(1, cache.Release(keep: 0));
    }

    [Fact]
    public async Task RentAsync_WithFixedDimensions_CompilesForEachUpToTheLimit()
    {
        using var cache = new GraphCache(fixture.Runtime, new GraphCacheOptions { RecompileLimit = 2 });
        var graph = Doubling("double");
        var sessions = new List<Session>();
        foreach (var length in (long[])[3, 4, 5, 6, 3])
        {
            using var use = await cache.RentAsync(
                graph,
                new SessionSettings { Dimensions = new Dictionary<string, long> { ["n"] = length } },
                Token
            );
            sessions.Add(use.Session);
            using var x = Tensor.CopyOf<float>([length], [.. Enumerable.Range(0, (int)length).Select(i => (float)i)]);
            using var input = fixture.Runtime.Borrow(x);
            using var result = use.Session.Run(new Dictionary<string, RuntimeValue> { ["x"] = input }, cancellationToken: Token);
            Assert.Equal(2 * (length - 1), result["y"].AsTensor().Read<float>()[^1]);
        }

        Assert.Equal(3, cache.Statistics().Single().Compiles); // of 3, of 4, and of any
        Assert.Same(sessions[2], sessions[3]);
        Assert.Same(sessions[0], sessions[4]);
        Assert.Contains("[3]", sessions[0].Inputs[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void KeyOf_WhateverDecidesTheCompiledGraph_IsAnotherKey()
    {
        using var cache = new GraphCache(fixture.Runtime);
        var config = new TransformerConfig
        {
            Dim = 12,
            FfnDim = 24,
            FreqDim = 8,
            TextDim = 6,
            TextLength = 4,
            Heads = 1,
            Layers = 2,
            InChannels = 4,
            OutChannels = 4,
        };
        var blocks = WanTransformer.Block(config, new GraphOptions());
        var settings = new SessionSettings();
        var keys = new Dictionary<string, string>
        {
            ["as it is"] = cache.KeyOf(blocks, settings),
            ["another graph"] = cache.KeyOf(WanTransformer.Embed(config, new GraphOptions()), settings),
            ["a shape"] = cache.KeyOf(blocks, settings with { Dimensions = new Dictionary<string, long> { ["tokens"] = 8 } }),
            ["another shape"] = cache.KeyOf(blocks, settings with { Dimensions = new Dictionary<string, long> { ["tokens"] = 16 } }),
            ["dtype of products"] = cache.KeyOf(WanTransformer.Block(config, new GraphOptions { Compute = DType.F16 }), settings),
            ["dtype of weights"] = cache.KeyOf(WanTransformer.Block(config, new GraphOptions { StoredMatrices = DType.F16 }), settings),
            ["8-bit integers"] = cache.KeyOf(
                WanTransformer.Block(config, new GraphOptions { Quantization = Quantization.EightBit }),
                settings
            ),
            ["provider"] = cache.KeyOf(blocks, settings with { Provider = "cuda" }),
            ["provider's options"] = cache.KeyOf(
                blocks,
                settings with
                {
                    Provider = "cuda",
                    ProviderOptions = new Dictionary<string, string> { ["device_id"] = "1" },
                }
            ),
            ["session's options"] = cache.KeyOf(
                blocks,
                settings with
                {
                    ConfigEntries = new Dictionary<string, string> { ["session.x"] = "1" },
                }
            ),
            ["memory pattern"] = cache.KeyOf(blocks, settings with { MemoryPattern = false }),
            ["strategy: whole network"] = cache.KeyOf(
                WanTransformer.Step(config, new GraphOptions { Weights = WeightStorage.Initializers }),
                settings
            ),
            ["strategy: tokens in pieces"] = cache.KeyOf(WanTransformer.BlockRows(config, new GraphOptions()), settings),
        };

        Assert.Equal(keys.Count, keys.Values.Distinct().Count());
        Assert.All(keys.Values, key => Assert.Contains($"onnxruntime {fixture.Runtime.Version}", key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task RentAsync_BeyondTheBytesThatAreKept_ReleasesWhatNobodyUses()
    {
        using var cache = new GraphCache(fixture.Runtime, new GraphCacheOptions { KeepBytes = 1 << 20 });
        var first = await cache.RentAsync(WithConstant("first"), new SessionSettings(), Token);
        Assert.InRange(cache.Statistics().Single().Bytes, 1 << 20, 2 << 20); // its constant, which fills what may be kept
        first.Dispose();

        var second = await cache.RentAsync(WithConstant("second"), new SessionSettings(), Token);

        Assert.True(first.Session.Handle.IsClosed);
        Assert.False(second.Session.Handle.IsClosed); // in use
        var counts = cache.Statistics().Single(graph => graph.Name == "first");
        Assert.Equal((1, 0), (counts.Evictions, counts.Bytes));
    }

    [Fact]
    public async Task Statistics_OfRuns_CountThemAndTheirTime()
    {
        using var cache = new GraphCache(fixture.Runtime);
        using var use = await cache.RentAsync(Doubling("double"), new SessionSettings(), Token);
        using var run = use.Session.Prepare();
        using var x = Tensor.CopyOf<float>([2], [1, 2]);
        run.SetInput("x", x);
        run.Run(Token).Dispose();
        run.Run(Token).Dispose();

        var counts = cache.Statistics().Single();

        Assert.Equal(2, counts.Runs);
        Assert.True(counts.RunTime > TimeSpan.Zero);
        Assert.Empty(counts.Blocks);
    }

    [Fact]
    public void KeyOf_SettingsOfTheSameMeaning_IsTheSame()
    {
        using var cache = new GraphCache(fixture.Runtime);
        var graph = Doubling("double");
        var one = new SessionSettings
        {
            Name = "a",
            Provider = "CPU",
            ConfigEntries = new Dictionary<string, string> { ["x"] = "1", ["y"] = "2" },
        };
        var other = new SessionSettings
        {
            Name = "b",
            Provider = "cpu",
            ConfigEntries = new Dictionary<string, string> { ["y"] = "2", ["x"] = "1" },
        };

        Assert.Equal(cache.KeyOf(graph, one), cache.KeyOf(graph, other));
        Assert.NotEqual(cache.KeyOf(graph, one), cache.KeyOf(Doubling("another"), one));
    }

    /// <summary>A graph with a constant of 1 MiB.</summary>
    private static OnnxGraph WithConstant(string name)
    {
        const int Length = 1 << 18;
        var builder = new GraphBuilder(name, new GraphOptions());
        var x = builder.Input("x", DType.F32, [Length]);
        builder.Output("y", x + builder.Constant([.. Enumerable.Range(0, Length).Select(i => (float)i)], [Length]));
        return builder.Build();
    }

    private static OnnxGraph Doubling(string name)
    {
        var builder = new GraphBuilder(name, new GraphOptions());
        var x = builder.Input("x", DType.F32, ["n"]);
        builder.Output("y", x + x);
        return builder.Build();
    }
}
