using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Networks;

/// <summary>How blocks come to weights that the checkpoint has in another type, and that the numbers do not depend on it.</summary>
[NoLiveObjects]
[Collection("native objects")]
public sealed class NetworkLoaderTests(RuntimeFixture fixture) : IDisposable
{
    /// <summary>More than the vectors of all blocks, less than a matrix of each.</summary>
    private const long SmallTensors = 12_000;

    private readonly string _folder = Directory.CreateTempSubdirectory("wan-tests-").FullName;
    private readonly NetworkFixture _network = NetworkFixture.Open("dit-t2v");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _network.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Blocks_OfF16TooLargeToKeep_AreWidenedByTheGraph_AndGiveTheSameNumbers()
    {
        using var weights = Stored(DType.F16);
        using var graphs = new GraphCache(fixture.Runtime);
        using var kept = await BlocksAsync(graphs, weights, keptBytes: long.MaxValue);
        using var mapped = await BlocksAsync(graphs, weights, keptBytes: SmallTensors);

        Assert.IsType<MappedBlocks>(mapped.Blocks);
        for (var block = 0; block < kept.Count; block++)
        {
            Assert.Equal(Run(kept.Take(block)), Run(mapped.Take(block)));
        }
    }

    [Fact]
    public async Task Blocks_OfAnotherTypeTooLargeToKeep_AreWidenedOneByOne()
    {
        using var weights = Stored(DType.BF16);
        using var graphs = new GraphCache(fixture.Runtime);
        using var blocks = await BlocksAsync(graphs, weights, keptBytes: SmallTensors);

        Assert.IsType<WidenedBlocks>(blocks.Blocks);
    }

    [Fact]
    public async Task Blocks_OfF16ButOne_AreWidenedOneByOne()
    {
        using var weights = Stored(DType.F16, other: "blocks.1.cross_attn.k.weight");
        using var graphs = new GraphCache(fixture.Runtime);
        using var blocks = await BlocksAsync(graphs, weights, keptBytes: SmallTensors);

        Assert.IsType<WidenedBlocks>(blocks.Blocks);
    }

    private async Task<MeasuredBlocks> BlocksAsync(GraphCache graphs, WeightStore weights, long keptBytes)
    {
        var config = _network.TransformerConfig();
        var loader = new NetworkLoader(graphs, new SessionSettings(), weights, keptBytes);
        return (MeasuredBlocks)
            await loader.PrepareBlocksAsync(
                options => WanTransformer.Keys(config, options),
                loader.Options(),
                config.Layers,
                i => $"blocks.{i}.",
                Token
            );
    }

    private float[] Run(PreparedRun run)
    {
        var config = _network.TransformerConfig();
        float[] values = [.. Enumerable.Range(0, 3 * config.Dim).Select(i => MathF.Sin(0.7f * i))];
        using var context = Tensor.CopyOf<float>([1, 3, config.Dim], values);
        run.SetInput("context_embedding", context);
        using var result = run.Run(Token);
        return [.. result["text_keys"].AsTensor().Read<float>(), .. result["text_values"].AsTensor().Read<float>()];
    }

    /// <summary>The fixture's weights in another type; one of them in F32.</summary>
    private WeightStore Stored(DType dtype, string? other = null)
    {
        var path = Path.Combine(_folder, $"{dtype}.safetensors");
        var tensors = _network.Weights.Tensors.ToDictionary(
            tensor => tensor.Key,
            tensor => tensor.Value.ConvertTo(tensor.Key == other ? DType.F32 : dtype)
        );
        SafetensorsWriter.Write(path, tensors, cancellationToken: Token);
        foreach (var tensor in tensors.Values)
        {
            tensor.Dispose();
        }

        return new WeightStore(Checkpoint.Open(path));
    }
}
