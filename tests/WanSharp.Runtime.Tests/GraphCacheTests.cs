using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Tests;

public sealed class GraphCacheTests(RuntimeFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GetAsync_ManyCallersAtOnce_GetOneSession()
    {
        using var cache = new GraphCache(fixture.Runtime);
        var graph = Doubling("double");

        var sessions = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => cache.GetAsync(graph, new SessionSettings(), Token)));

        Assert.Single(sessions.Distinct());
        Assert.Equal("double", sessions[0].Name);
    }

    [Fact]
    public async Task GetAsync_OtherSettings_CompilesAgain()
    {
        using var cache = new GraphCache(fixture.Runtime);
        var graph = Doubling("double");

        var one = await cache.GetAsync(graph, new SessionSettings(), Token);
        var other = await cache.GetAsync(graph, new SessionSettings { Optimization = GraphOptimization.None }, Token);

        Assert.NotSame(one, other);
    }

    [Fact]
    public async Task GetAsync_AfterACancelledCaller_Compiles()
    {
        using var cache = new GraphCache(fixture.Runtime);
        var graph = Doubling("double");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cache.GetAsync(graph, new SessionSettings(), new CancellationToken(canceled: true)));

        Assert.NotNull(await cache.GetAsync(graph, new SessionSettings(), Token));
    }

    [Fact]
    public async Task Dispose_EndsTheSessions_AndFurtherCalls()
    {
        var cache = new GraphCache(fixture.Runtime);
        var graph = Doubling("double");
        var session = await cache.GetAsync(graph, new SessionSettings(), Token);

        cache.Dispose();

        Assert.True(session.Handle.IsClosed);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => cache.GetAsync(graph, new SessionSettings(), Token));
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
