using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Tests;

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

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cache.RentAsync(graph, new SessionSettings(), new CancellationToken(canceled: true)));

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
        Assert.Equal(1, cache.Statistics().Sum(graph => graph.Releases));
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
            using var use = await cache.RentAsync(graph, new SessionSettings { Dimensions = new Dictionary<string, long> { ["n"] = length } }, Token);
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
    public void KeyOf_SettingsOfTheSameMeaning_IsTheSame()
    {
        using var cache = new GraphCache(fixture.Runtime);
        var graph = Doubling("double");
        var one = new SessionSettings { Name = "a", Provider = "CPU", ConfigEntries = new Dictionary<string, string> { ["x"] = "1", ["y"] = "2" } };
        var other = new SessionSettings { Name = "b", Provider = "cpu", ConfigEntries = new Dictionary<string, string> { ["y"] = "2", ["x"] = "1" } };

        Assert.Equal(cache.KeyOf(graph, one), cache.KeyOf(graph, other));
        Assert.NotEqual(cache.KeyOf(graph, one), cache.KeyOf(Doubling("another"), one));
    }

    private static OnnxGraph Doubling(string name)
    {
        var builder = new GraphBuilder(name, new GraphOptions());
        var x = builder.Input("x", DType.F32, ["n"]);
        builder.Output("y", x + x);
        return builder.Build();
    }
}
