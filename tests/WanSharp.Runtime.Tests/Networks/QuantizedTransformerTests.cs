using WanSharp.Graphs;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Networks;

/// <summary>A transformer whose blocks multiply 8-bit integers, and its weights on disk.</summary>
[NoLiveObjects]
[Collection("native objects")]
public sealed class QuantizedTransformerTests(RuntimeFixture fixture) : IDisposable
{
    private const float Loss = 0.05f; // of the largest value; 8 bits of random weights in two narrow blocks lose 1 to 2 %

    // Matrix kernels in F32 before and after the blocks choose by shape, and their rounding may move a code by one.
    private const float Neighbours = 0.005f;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wan-tests-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TransformerOptions Kept => new() { Quantization = Quantization.EightBit, WeightsFolder = _folder.FullName };

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("dit-t2v")]
    [InlineData("dit-ti2v")]
    public async Task Forward_InEightBits_IsNearFullPrecision(string name)
    {
        var full = await ForwardAsync(name, new TransformerOptions());
        var inMemory = await ForwardAsync(name, Kept with { WeightsFolder = null });
        var written = await ForwardAsync(name, Kept);
        var mapped = await ForwardAsync(name, Kept);
        var whole = await ForwardAsync(name, Kept with { Mode = CompileMode.Whole });

        var largest = full.Max(MathF.Abs);
        var difference = full.Zip(inMemory, (one, other) => MathF.Abs(one - other)).Max();
        Assert.InRange(difference / largest, 1e-6f, Loss); // not the same numbers: it did multiply integers
        Assert.Equal(inMemory, written);
        Assert.Equal(inMemory, mapped);
        Assert.Equal(0, inMemory.Zip(whole, (one, other) => MathF.Abs(one - other)).Max() / largest, Loss);
    }

    [Fact]
    public async Task IsKept_InEightBits_PreparesNothing()
    {
        var whole = Kept with { Mode = CompileMode.Whole, CacheFolder = Path.Combine(_folder.FullName, "graphs") };
        using var network = NetworkFixture.Open("dit-t2v");
        using var graphs = new GraphCache(fixture.Runtime);

        Assert.False(IsKept());
        Assert.Empty(_folder.GetFiles("*.safetensors", SearchOption.AllDirectories));
        await ForwardAsync("dit-t2v", whole);
        Assert.True(IsKept());

        bool IsKept() => TransformerRunner.IsKept(graphs, network.TransformerConfig(), network.Store, new SessionSettings(), whole);
    }

    [Fact]
    public async Task Forward_BesideASampleOfHugeValues_LosesNoMore()
    {
        var alone = await ForwardAsync("dit-t2v", Kept);

        var both = await ForwardAsync("dit-t2v", Kept, samples: 2);

        var difference = alone.Zip(both, (one, other) => MathF.Abs(one - other)).Max(); // the second sample comes after the first's values
        Assert.InRange(difference / alone.Max(MathF.Abs), 0, Neighbours);
    }

    [Fact]
    public async Task Forward_WithDamagedWeights_MakesThemAgain()
    {
        var first = await ForwardAsync("dit-t2v", Kept);
        foreach (var file in WeightFiles())
        {
            var bytes = await File.ReadAllBytesAsync(file, Token);
            bytes[^1] ^= 0x55; // the last weight
            await File.WriteAllBytesAsync(file, bytes, Token);
        }

        Assert.Equal(first, await ForwardAsync("dit-t2v", Kept));
        using (var stream = File.OpenWrite(WeightFiles()[0]))
        {
            stream.SetLength(stream.Length / 2);
        }

        Assert.Equal(first, await ForwardAsync("dit-t2v", Kept));
    }

    [Fact]
    public async Task CreateAsync_AfterOneThatWasInterrupted_MakesTheRestOnly()
    {
        var all = await ForwardAsync("dit-t2v", Kept with { WeightsFolder = null });
        await Assert.ThrowsAsync<OperationCanceledException>(() =>
            ForwardAsync("dit-t2v", Kept, prepared: (_, _) => throw new OperationCanceledException())
        );
        var interrupted = Find("dit-t2v");
        var reports = new List<(int, int)>();

        var resumed = await ForwardAsync("dit-t2v", Kept, prepared: (done, total) => reports.Add((done, total)));

        Assert.Equal((1, 3), (interrupted.Ready, interrupted.All));
        Assert.Equal([(1, 2), (2, 2)], reports);
        Assert.Equal(all, resumed);
        Assert.Equal((3, 3), (Find("dit-t2v").Ready, interrupted.All));
        Assert.InRange(interrupted.Bytes, 1, Find("dit-t2v").Bytes - 1);
        await ForwardAsync("dit-t2v", Kept, prepared: (_, _) => Assert.Fail("All of it was there."));
    }

    [Fact]
    public async Task CreateAsync_WithAFolderThatCannotBeWritten_KeepsTheWeightsInMemory()
    {
        var file = Path.Combine(_folder.FullName, "file");
        await File.WriteAllTextAsync(file, "not a folder", Token);

        var result = await ForwardAsync("dit-t2v", Kept with { WeightsFolder = file });

        Assert.Equal(await ForwardAsync("dit-t2v", Kept), result);
    }

    [Fact]
    public async Task CreateAsync_OnAnotherProvider_IsRefused()
    {
        var error = await Assert.ThrowsAsync<NotSupportedException>(() =>
            ForwardAsync("dit-t2v", Kept, settings: new SessionSettings { Provider = "webgpu" })
        );

        Assert.Contains("CPU", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CreateAsync_WithAWeightThatIsNotFinite_NamesIt()
    {
        const string Damaged = "blocks.0.ffn.0.weight";
        var copy = Path.Combine(_folder.FullName, "damaged.safetensors");
        using (var original = Checkpoint.Open(PathOf("dit-t2v")))
        {
            var tensors = original.Tensors.ToDictionary(tensor => tensor.Key, tensor => tensor.Value);
            using var weight = tensors[Damaged].ConvertTo(DType.F32);
            weight.Write<float>()[3] = float.NaN;
            tensors[Damaged] = weight;
            SafetensorsWriter.Write(copy, tensors, cancellationToken: Token);
        }

        var error = await Assert.ThrowsAsync<CheckpointException>(() => ForwardAsync("dit-t2v", Kept, checkpoint: copy));

        Assert.Contains(Damaged, error.Message, StringComparison.Ordinal);
        Assert.Empty(WeightFiles());
    }

    [Fact]
    public async Task Forward_WithNoLayerChosen_IsFullPrecision()
    {
        var full = await ForwardAsync("dit-t2v", new TransformerOptions());

        Assert.Equal(full, await ForwardAsync("dit-t2v", Kept with { Layers = LayerFormats.None }));
    }

    [Theory]
    [InlineData(CompileMode.Blocks)]
    [InlineData(CompileMode.Whole)]
    public async Task Forward_WithFormatsForEachLayer_IsNearFullPrecision(CompileMode mode)
    {
        var full = await ForwardAsync("dit-t2v", new TransformerOptions());
        var mixed = await ForwardAsync("dit-t2v", Kept with { Layers = Mixed, Mode = mode });
        var pieces = await ForwardAsync("dit-t2v", Kept with { Layers = Mixed, TokensAtOnce = 4 });

        var largest = full.Max(MathF.Abs);
        Assert.InRange(full.Zip(mixed, (one, other) => MathF.Abs(one - other)).Max() / largest, 1e-6f, Loss);
        Assert.Equal(0, mixed.Zip(pieces, (one, other) => MathF.Abs(one - other)).Max() / largest, Neighbours);
    }

    [Fact]
    public async Task Forward_OfAFileWithSomeLayersInEightBits_ComputesThose()
    {
        var file = Path.Combine(_folder.FullName, "mixed.safetensors");
        using (var original = new WeightStore(Checkpoint.Open(PathOf("dit-t2v"))))
        {
            var entries = original.Stored.ToDictionary(tensor => tensor.Key, tensor => SafetensorsEntry.Of(tensor.Value));
            foreach (var (name, entry) in Mixed.EightBit.SelectMany(layer => QuantizedLayer.Entries(original, layer.Key, layer.Value)))
            {
                entries[name] = entry;
            }

            SafetensorsWriter.WriteEntries(file, entries, cancellationToken: Token);
        }

        using (var written = new WeightStore(Checkpoint.Open(file)))
        {
            Assert.Equal(Mixed, written.EightBitLayers);
        }

        var chosen = await ForwardAsync("dit-t2v", Kept with { Layers = Mixed });
        var read = await ForwardAsync("dit-t2v", Kept, checkpoint: file);

        // A processor without VNNI makes codes of its own from those of the file.
        Assert.Equal(0, chosen.Zip(read, (one, other) => MathF.Abs(one - other)).Max() / chosen.Max(MathF.Abs), Loss);
        Assert.NotEqual(await ForwardAsync("dit-t2v", new TransformerOptions(), checkpoint: file), read);
    }

    private static LayerFormats Mixed { get; } =
        new([
            new("blocks.0.self_attn.q", LayerFormat.EightBit),
            new("blocks.0.ffn.2", new LayerFormat(true, 16)),
            new("blocks.2.self_attn.o", new LayerFormat(true, 16)),
            new("blocks.2.cross_attn.q", LayerFormat.EightBit),
        ]);

    private PreparedBlocks Find(string name)
    {
        using var network = NetworkFixture.Open(name);
        using var weights = new WeightStore(Checkpoint.Open(PathOf(name)));
        return PreparedBlocks.Find(weights, network.TransformerConfig(), Quantization.EightBit, _folder.FullName);
    }

    private string[] WeightFiles() =>
        [
            .. _folder
                .EnumerateFiles("weights.safetensors", SearchOption.AllDirectories)
                .Select(file => file.FullName)
                .Order(StringComparer.Ordinal),
        ];

    private async Task<float[]> ForwardAsync(
        string name,
        TransformerOptions options,
        int samples = 1,
        SessionSettings? settings = null,
        string? checkpoint = null,
        Action<int, int>? prepared = null
    )
    {
        using var network = NetworkFixture.Open(name);
        var config = network.TransformerConfig();
        using var graphs = new GraphCache(fixture.Runtime);
        using var weights = new WeightStore(Checkpoint.Open(checkpoint ?? PathOf(name)));
        using var transformer = await TransformerRunner.CreateAsync(
            graphs,
            config,
            weights,
            settings ?? new SessionSettings(),
            options: options,
            prepared: prepared,
            cancellationToken: Token
        );
        using var latents = Wave([samples, config.InChannels, 3, 4, 6]);
        for (var sample = 1; sample < samples; sample++)
        {
            foreach (ref var value in latents.Slice(sample, 1).Write<float>())
            {
                value *= 1e6f;
            }
        }

        using var context = Wave([samples, config.TextLength, config.TextDim]);
        using var velocity = Tensor.Zeros(DType.F32, [samples, config.OutChannels, 3, 4, 6]);
        transformer.Forward(
            latents,
            [.. Enumerable.Range(0, samples).Select(sample => 900f - (400 * sample))],
            context,
            velocity,
            cancellationToken: Token
        );
        return velocity.Read<float>().ToArray();
    }

    private static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "fixtures", name, "weights.safetensors");

    private static Tensor Wave(Shape shape) =>
        Tensor.CopyOf<float>(shape, [.. Enumerable.Range(0, (int)shape.ElementCount).Select(i => MathF.Sin(0.7f * i))]);
}
