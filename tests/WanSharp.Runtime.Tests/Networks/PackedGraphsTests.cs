using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Networks;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Networks;

/// <summary>Compiled networks on disk: made once, loaded by whoever comes next, made again when they are stale or damaged.</summary>
[NoLiveObjects]
[Collection("native objects")]
public sealed class PackedGraphsTests(RuntimeFixture fixture) : IDisposable
{
    private const string Graph = "transformer_step";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wan-packed-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Open_ByTwoCachesAtOnce_IsCompiledByOneAndLoadedByTheOther()
    {
        var both = await Task.WhenAll(LoadAsync(), LoadAsync());

        Assert.Equal([0, 1], both.Select(graph => graph.Compiles).Order());
        Assert.Equal([0, 1], both.Select(graph => graph.Loads).Order());
        Assert.All(both, graph => Assert.Equal(0, graph.Invalid));
        var loaded = Assert.Single(both, graph => graph.Loads == 1);
        Assert.True(loaded.LoadTime > TimeSpan.Zero);
    }

    [Fact]
    public async Task Open_OfAnEntryOfAnotherVersion_CountsItInvalidAndMakesItAgain()
    {
        await LoadAsync();
        await File.WriteAllTextAsync(FileOf("onnxruntime.txt"), "1.0.0", Token);
        await ChangeManifestAsync("1.0.0");

        var again = await LoadAsync();

        Assert.Equal((1, 1, 0), (again.Compiles, again.Invalid, again.Loads));
        Assert.Equal(fixture.Runtime.Version, await File.ReadAllTextAsync(FileOf("onnxruntime.txt"), Token));
        Assert.Equal((0, 0, 1), await CountsAsync());
    }

    [Theory]
    [InlineData("graph.onnx")]
    [InlineData("graph.data")]
    public async Task Open_OfAnEntryWithAFlippedByteAnywhere_CountsItInvalidAndMakesItAgain(string file)
    {
        await LoadAsync();
        var bytes = await File.ReadAllBytesAsync(FileOf(file), Token);
        bytes[^1] ^= 1; // far behind what is read in any case
        await File.WriteAllBytesAsync(FileOf(file), bytes, Token);

        Assert.Equal((1, 1, 0), await CountsAsync());
        Assert.Equal((0, 0, 1), await CountsAsync());
    }

    [Fact]
    public async Task History_OfSeveralCaches_IsTheirSum()
    {
        await LoadAsync();
        await LoadAsync();
        await LoadAsync();

        var history = new GraphHistory(_folder.FullName).Read().Single(graph => graph.Name == Graph);

        Assert.Equal((1, 2), (history.Compiles, history.Loads));
        Assert.True(history.CompileTime > TimeSpan.Zero);
    }

    [Fact]
    public async Task Open_WhereTheLibraryCannotWriteTheNetwork_CompilesItInMemory()
    {
        using var network = NetworkFixture.Open("dit-t2v");
        using var graphs = new GraphCache(fixture.Runtime);
        var graph = WanTransformer.Whole(network.TransformerConfig(), new GraphOptions { Weights = WeightStorage.Initializers });
        var packed = new PackedGraphs(graphs, _folder.FullName)
        {
            Packing = entry => Directory.CreateDirectory(Path.Combine(entry, "graph.onnx")),
        };

        var (session, isLoaded) = await packed.OpenAsync(graph, network.Store, new SessionSettings(), Token);

        using (session)
        {
            Assert.False(isLoaded);
            Assert.NotEmpty(session.Inputs);
            Assert.Empty(Directory.EnumerateFiles(_folder.FullName, "entry.json", SearchOption.AllDirectories));
        }
    }

    private string FileOf(string name) => Directory.EnumerateFiles(_folder.FullName, name, SearchOption.AllDirectories).Single();

    /// <summary>As if the entry had been written with this version from the beginning.</summary>
    private async Task ChangeManifestAsync(string version)
    {
        var entry = Path.GetDirectoryName(FileOf("onnxruntime.txt"))!;
        var manifest = System.Text.Json.Nodes.JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(entry, "entry.json"), Token))!;
        var file = manifest["files"]!.AsArray().Single(file => file!["name"]!.GetValue<string>() == "onnxruntime.txt")!;
        var digest = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(version)));
        (file["bytes"], file["start"], file["whole"]) = (version.Length, digest, digest);
        await File.WriteAllTextAsync(Path.Combine(entry, "entry.json"), manifest.ToJsonString(), Token);
    }

    private async Task<(long Compiles, long Invalid, long Loads)> CountsAsync()
    {
        var counts = await LoadAsync();
        return (counts.Compiles, counts.Invalid, counts.Loads);
    }

    /// <summary>What a cache of its own, as a process would have it, counts for the whole transformer.</summary>
    private async Task<GraphStatistics> LoadAsync()
    {
        using var network = NetworkFixture.Open("dit-t2v");
        using var graphs = new GraphCache(fixture.Runtime, new GraphCacheOptions { HistoryFolder = _folder.FullName });
        var options = new TransformerOptions { Mode = CompileMode.Whole, CacheFolder = _folder.FullName };
        using var transformer = await TransformerRunner.CreateAsync(
            graphs,
            network.TransformerConfig(),
            network.Store,
            new SessionSettings(),
            options: options,
            cancellationToken: Token
        );
        return graphs.Statistics().Single(graph => graph.Name == Graph);
    }
}
