using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Storage;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Networks;

/// <summary>A transformer compiled whole, and what is kept of it on disk.</summary>
[NoLiveObjects]
[Collection("native objects")]
public sealed class TransformerRunnerTests(RuntimeFixture fixture) : IDisposable
{
    private const float ModeTolerance = 1e-5f; // Packed and unpacked matrix kernels sum in different orders.

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wan-tests-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("dit-t2v")]
    [InlineData("dit-ti2v")]
    public async Task Forward_WholeAndKept_MatchesBlocks(string name)
    {
        var blocks = await ForwardAsync(name, new TransformerOptions());
        var whole = await ForwardAsync(name, new TransformerOptions { Mode = CompileMode.Whole });
        var kept = await ForwardAsync(name, Kept);
        var mapped = await ForwardAsync(name, Kept);

        WanTransformerTests.AssertClose("whole", blocks, whole, ModeTolerance);
        Assert.Equal(whole, kept);
        Assert.Equal(kept, mapped);
        Assert.Single(Entries());
    }

    [Theory]
    [InlineData("dit-t2v", 1)]
    [InlineData("dit-t2v", 4)]
    [InlineData("dit-ti2v", 5)]
    [InlineData("dit-ti2v", 1000)]
    public async Task Forward_WithFewTokensAtOnce_MatchesAllAtOnce(string name, int most)
    {
        var all = await ForwardAsync(name, new TransformerOptions());

        var pieces = await ForwardAsync(name, new TransformerOptions { TokensAtOnce = most });

        WanTransformerTests.AssertClose("pieces", all, pieces, ModeTolerance);
    }

    [Theory]
    [InlineData("dit-t2v")]
    [InlineData("dit-ti2v")]
    public async Task Forward_OfStaticShapes_CompilesOnceForEach_AndGivesTheSameNumbers(string name)
    {
        (Shape Latents, float[] Timesteps, int TextRows)[] passes =
        [
            ([1, 3, 4, 6], [900], 3),
            ([2, 3, 4, 6], [900, 20], 2),
            ([1, 1, 4, 4], [20], 1),
            ([1, 3, 4, 6], [20], 4),
        ];
        using var network = NetworkFixture.Open(name);
        using var graphs = new GraphCache(fixture.Runtime);
        using var weights = new WeightStore(Open(name));
        using var any = await CreateAsync(new TransformerOptions());
        var before = graphs.Statistics().Single(graph => graph.Name == "transformer_block").Compiles;
        using var fixedShapes = await CreateAsync(new TransformerOptions { StaticShapes = true });
        // found by the first pass
        await fixedShapes.CompileForAsync([1, network.TransformerConfig().InChannels, 3, 4, 6], groups: 1, Token);
        foreach (var (latents, timesteps, rows) in passes.Concat(passes)) // all shapes come back
        {
            Assert.Equal(Run(any), Run(fixedShapes));

            float[] Run(TransformerRunner transformer)
            {
                var config = transformer.Configuration;
                using var noise = Wave([latents[0], config.InChannels, .. latents.Dims[1..]]);
                using var velocity = Tensor.Zeros(DType.F32, [latents[0], config.OutChannels, .. latents.Dims[1..]]);
                using var context = Tensor.Zeros(DType.F32, [latents[0], config.TextLength, config.TextDim]);
                context.Write<float>()[..(rows * config.TextDim)].Fill(0.5f);
                transformer.Forward(noise, timesteps, context, velocity, cancellationToken: Token);
                return velocity.Read<float>().ToArray();
            }
        }

        var shapes = passes.Select(pass => pass.Latents).Distinct().Count();
        Assert.All(
            graphs.Statistics().Where(graph => graph.Name is "transformer_block" or "transformer_embed" or "transformer_head"),
            graph => Assert.InRange(graph.Compiles - before, 1, shapes)
        );

        Task<TransformerRunner> CreateAsync(TransformerOptions options) =>
            TransformerRunner.CreateAsync(
                graphs,
                network.TransformerConfig(),
                weights,
                new SessionSettings(),
                options: options,
                cancellationToken: Token
            );
    }

    [Fact]
    public async Task IsKept_OfAWholeNetwork_IsTrueOnceItRan()
    {
        Assert.False(IsKept());

        await ForwardAsync("dit-t2v", Kept);

        Assert.True(IsKept());
    }

    [Fact]
    public async Task Statistics_OfBlocks_TellWaitAndComputeOfEach()
    {
        using var network = NetworkFixture.Open("dit-t2v");
        using var graphs = new GraphCache(fixture.Runtime);

        await ForwardAsync("dit-t2v", new TransformerOptions(), graphs: graphs);

        var block = graphs.Statistics().Single(graph => graph.Name == "transformer_block");
        Assert.Equal(network.TransformerConfig().Layers, block.Blocks.Count);
        Assert.Equal(block.Runs, block.Blocks.Count);
        Assert.All(block.Blocks, times => Assert.True(times.Compute > TimeSpan.Zero && times.Wait >= TimeSpan.Zero));
        Assert.Equal(block.RunTime, block.Blocks.Aggregate(TimeSpan.Zero, (sum, times) => sum + times.Compute));
    }

    [Fact]
    public void TokenPieces_OfGroups_CoverEachTokenOnceWithItsGroup()
    {
        foreach (
            var (tokens, groups, most) in ((long, long, long)[])[(12, 1, 5), (12, 1, 12), (12, 3, 3), (12, 3, 9), (12, 3, 4), (12, 12, 5)]
        )
        {
            var pieces = TokenPiece.Of(tokens, groups, most).ToList();
            var covered = pieces.SelectMany(piece => Enumerable.Range((int)piece.Start, (int)piece.Length)).ToList();
            Assert.Equal(Enumerable.Range(0, (int)tokens), covered);
            Assert.All(
                pieces,
                piece =>
                {
                    Assert.InRange(piece.Length, 1, most);
                    Assert.Equal(piece.FirstGroup, piece.Start / (tokens / groups));
                    Assert.Equal(piece.FirstGroup + piece.Groups - 1, (piece.Start + piece.Length - 1) / (tokens / groups));
                    Assert.True(piece.Groups == 1 || piece.Length == piece.Groups * (tokens / groups));
                }
            );
        }
    }

    [Theory]
    [InlineData("graph.onnx")]
    [InlineData("graph.data")]
    [InlineData("entry.json")]
    public async Task Forward_WithADamagedEntry_MakesItAgain(string file)
    {
        var first = await ForwardAsync("dit-t2v", Kept);
        var path = Path.Combine(Entries().Single(), file);
        var length = new FileInfo(path).Length;
        using (var stream = File.OpenWrite(path))
        {
            stream.SetLength(length / 2);
        }

        Assert.Equal(first, await ForwardAsync("dit-t2v", Kept));
        Assert.Equal(length, new FileInfo(path).Length);
    }

    [Fact]
    public async Task Forward_WithOtherWeights_MakesAnotherEntry()
    {
        await ForwardAsync("dit-t2v", Kept);
        var copy = Path.Combine(_folder.FullName, "other.safetensors");
        using (var original = Open("dit-t2v"))
        {
            var tensors = original.Tensors.ToDictionary(tensor => tensor.Key, tensor => tensor.Value);
            using var zeros = Tensor.Zeros(DType.F32, tensors["head.head.bias"].Shape);
            tensors["head.head.bias"] = zeros;
            SafetensorsWriter.Write(copy, tensors, cancellationToken: Token);
        }

        await ForwardAsync("dit-t2v", Kept, copy);

        Assert.Equal(2, Entries().Length);
    }

    [Fact]
    public async Task Forward_WhereNothingCanBeKept_RunsAllTheSame()
    {
        var blocked = Path.Combine(_folder.FullName, "file");
        File.WriteAllText(blocked, ""); // where a folder should be

        var kept = await ForwardAsync(
            "dit-t2v",
            new TransformerOptions { Mode = CompileMode.Whole, CacheFolder = Path.Combine(blocked, "graphs") }
        );

        Assert.Equal(await ForwardAsync("dit-t2v", Kept), kept);
    }

    [Fact]
    public async Task CreateAsync_Cancelled_LeavesNoEntry()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ForwardAsync("dit-t2v", Kept, cancellationToken: cancelled.Token));

        Assert.Empty(Entries());
    }

    [Fact]
    public void FileDigests_OfAChangedFile_AreOthers()
    {
        var path = Path.Combine(_folder.FullName, "file");
        var digests = new FileDigests(Path.Combine(_folder.FullName, "notes"));
        File.WriteAllText(path, "one");
        var one = digests.Of([path], Token);

        Assert.Equal(one, digests.Of([path], Token));
        File.WriteAllText(path, "three");
        Assert.NotEqual(one, digests.Of([path], Token));
        Assert.NotEqual(digests.Of([path], Token), digests.Of([path, path], Token));
    }

    private TransformerOptions Kept => new() { Mode = CompileMode.Whole, CacheFolder = _folder.FullName };

    private string[] Entries() =>
        [.. _folder.GetDirectories("??").SelectMany(group => group.GetDirectories()).Select(entry => entry.FullName)];

    private async Task<float[]> ForwardAsync(
        string name,
        TransformerOptions options,
        string? checkpoint = null,
        GraphCache? graphs = null,
        CancellationToken? cancellationToken = null
    )
    {
        using var network = NetworkFixture.Open(name);
        var config = network.TransformerConfig();
        using var own = graphs is null ? new GraphCache(fixture.Runtime) : null;
        using var weights = new WeightStore(checkpoint is null ? Open(name) : Checkpoint.Open(checkpoint));
        using var transformer = await TransformerRunner.CreateAsync(
            graphs ?? own!,
            config,
            weights,
            new SessionSettings(),
            options: options,
            cancellationToken: cancellationToken ?? Token
        );
        using var latents = Wave([2, config.InChannels, 3, 4, 6]);
        using var context = Wave([2, config.TextLength, config.TextDim]);
        using var velocity = Tensor.Zeros(DType.F32, [2, config.OutChannels, 3, 4, 6]);
        transformer.Forward(latents, [900, 20], context, velocity, cancellationToken: Token);
        return velocity.Read<float>().ToArray();
    }

    private bool IsKept()
    {
        using var network = NetworkFixture.Open("dit-t2v");
        using var graphs = new GraphCache(fixture.Runtime);
        return TransformerRunner.IsKept(graphs, network.TransformerConfig(), network.Store, new SessionSettings(), Kept);
    }

    private static ICheckpoint Open(string name) =>
        Checkpoint.Open(Path.Combine(AppContext.BaseDirectory, "fixtures", name, "weights.safetensors"));

    private static Tensor Wave(Shape shape) =>
        Tensor.CopyOf<float>(shape, [.. Enumerable.Range(0, (int)shape.ElementCount).Select(i => MathF.Sin(0.7f * i))]);
}
