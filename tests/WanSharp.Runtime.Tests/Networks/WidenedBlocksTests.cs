using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Networks;

/// <summary>Blocks in two sets of memory against the same blocks with copies that are kept: the same numbers, bit for bit.</summary>
[NoLiveObjects]
[Collection("native objects")]
public sealed class WidenedBlocksTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("wan-tests-").FullName;
    private readonly NetworkFixture _network = NetworkFixture.Open("dit-t2v");
    private readonly TransformerConfig _config;
    private readonly OnnxGraph _graph;
    private readonly OrtRuntime _runtime;
    private readonly Session _session;
    private readonly WeightStore _weights;

    public WidenedBlocksTests(RuntimeFixture fixture)
    {
        _config = _network.TransformerConfig();
        _graph = WanTransformer.Block(_config, new GraphOptions());
        _runtime = fixture.Runtime;
        _session = fixture.Runtime.CreateSession(_graph.ToBytes(), new SessionSettings { Name = "block" });
        _weights = new WeightStore(Checkpoint.Open(Narrowed()));
    }

    private Func<int, string> Prefix { get; } = i => $"blocks.{i}.";

    public void Dispose()
    {
        _weights.Dispose();
        _session.Dispose();
        _network.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private WidenedBlocks Widened(int count, bool ahead = true) =>
        new(
            [.. Enumerable.Repeat(_graph, count)],
            new Dictionary<OnnxGraph, SessionUse> { [_graph] = _session.Use() },
            _weights,
            Prefix,
            ahead
        );

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Take_OverTwoPasses_GivesEachBlockItsWeights(bool ahead)
    {
        Assert.True(_config.Layers > 1);
        using var widened = Widened(_config.Layers, ahead);
        using var resident = Resident();

        for (var taken = 0; taken < 2 * _config.Layers; taken++)
        {
            var block = taken % _config.Layers;
            Assert.Equal(Run(resident.Take(block)), Run(widened.Take(block)));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Take_WithFewBlocksThatStay_GivesEachBlockItsWeights(int stay)
    {
        using var resident = Resident();
        var expected = Enumerable.Range(0, _config.Layers).Select(block => Run(resident.Take(block))).ToList();
        _weights.ResidentBlocks = stay;
        using var widened = Widened(_config.Layers);

        for (var taken = 0; taken < 2 * _config.Layers; taken++)
        {
            var block = taken % _config.Layers;
            Assert.Equal(expected[block], Run(widened.Take(block)));
            Assert.Equal(expected[block], Run(resident.Take(block)));
        }
    }

    [Fact]
    public void Stays_ForSomeOfTheBlocks_SpreadsThemEvenly()
    {
        const int Count = 30;
        const int Resident = 10;
        _weights.ResidentBlocks = Resident;

        var staying = Enumerable.Range(0, Count).Where(block => _weights.Stays(block, Count)).ToList();

        Assert.Equal(Resident, staying.Count);
        Assert.All(staying.Zip(staying.Skip(1)), pair => Assert.Equal(Count / Resident, pair.Second - pair.First));
    }

    [Fact]
    public void Take_AfterAPassThatWasGivenUp_BeginsAgain()
    {
        using var widened = Widened(_config.Layers);
        using var resident = Resident();
        widened.Take(0);

        Assert.Equal(Run(resident.Take(0)), Run(widened.Take(0)));
        Assert.Equal(Run(resident.Take(1)), Run(widened.Take(1)));
    }

    [Fact]
    public void Take_WithMemoryForOneBlock_GivesAllTheSameRun()
    {
        using var widened = Widened(_config.Layers, ahead: false);

        Assert.Same(widened.Take(0), widened.Take(1));
    }

    [Fact]
    public void Take_OfTheSameBlockAgain_IsTheSameRun()
    {
        using var widened = Widened(_config.Layers);
        var first = widened.Take(0);

        Assert.Same(first, widened.Take(0));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Take_AfterMemoryWasReleased_HasItsWeightsAgain(bool ahead)
    {
        using var widened = Widened(_config.Layers, ahead);
        using var resident = Resident();
        widened.Take(0);
        widened.ReleaseMemory();

        Assert.Equal(Run(resident.Take(1)), Run(widened.Take(1)));
        Assert.Equal(Run(resident.Take(0)), Run(widened.Take(0)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Take_OfABlockThatTheCheckpointLacks_NamesTheTensor(bool ahead)
    {
        using var widened = Widened(_config.Layers + 1, ahead);
        for (var block = 0; block < _config.Layers; block++)
        {
            widened.Take(block);
        }

        var error = Assert.Throws<CheckpointException>(() => widened.Take(_config.Layers));

        Assert.Contains($"blocks.{_config.Layers}.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Take_OfBlocksWithOtherGraphs_GivesEachItsWeights(bool ahead)
    {
        var layers = new LayerFormats([new("blocks.1.ffn.0", LayerFormat.EightBit), new("blocks.1.self_attn.q", LayerFormat.EightBit)]);
        var options = new GraphOptions { Quantization = Quantization.EightBit, Layers = layers };
        var graphs = new TransformerGraphs(_config, options);
        OnnxGraph[] blocks = [.. Enumerable.Range(0, _config.Layers).Select(graphs.BlockOf)];
        Assert.Equal(2, blocks.Distinct().Count());
        var quantized = QuantizedWeights.Of(_weights, _config, Quantization.EightBit, [layers]);
        using var weights = await quantized.OpenAsync(null, null, TestContext.Current.CancellationToken);
        using var other = _runtime.CreateSession(blocks[1].ToBytes(), new SessionSettings { Name = "other" });
        var sessions = new Dictionary<OnnxGraph, SessionUse> { [blocks[0]] = _session.Use(), [blocks[1]] = other.Use() };
        using var widened = new WidenedBlocks(blocks, sessions, weights, Prefix, ahead);

        for (var taken = 0; taken < 2 * _config.Layers; taken++)
        {
            var block = taken % _config.Layers;
            using var resident = sessions[blocks[block]].Session.Prepare();
            foreach (var slot in blocks[block].Weights)
            {
                resident.SetInput(slot.Name, weights.Get(slot, Prefix(block)));
            }

            Assert.Equal(Run(resident), Run(widened.Take(block)));
        }
    }

    private MappedBlocks Resident() =>
        new(
            [
                .. Enumerable
                    .Range(0, _config.Layers)
                    .Select(block =>
                    {
                        var run = _session.Prepare();
                        foreach (var slot in _graph.Weights)
                        {
                            Assert.False(_weights.IsView(slot, Prefix(block)));
                            run.SetInput(slot.Name, _weights.Get(slot, Prefix(block)));
                        }

                        return run;
                    }),
            ],
            [.. Enumerable.Repeat(_graph.Weights, _config.Layers)],
            _weights,
            Prefix
        );

    private float[] Run(PreparedRun run)
    {
        const int Tokens = 6;
        using var x = Wave([1, Tokens, _config.Dim]);
        using var e0 = Wave([1, 1, 6, _config.Dim]);
        using var keys = Wave([1, _config.TextLength, _config.Dim]);
        var (cos, sin) = WanTransformer.RopeTables(_config, 1, 2 * _config.PatchSize.Height, 3 * _config.PatchSize.Width);
        using var cosines = cos;
        using var sines = sin;
        using var output = Tensor.Zeros(DType.F32, x.Shape);
        run.SetInput("x", x);
        run.SetInput("e0", e0);
        run.SetInput("text_keys", keys);
        run.SetInput("text_values", keys);
        run.SetInput("rope_cos", cos);
        run.SetInput("rope_sin", sin);
        run.SetOutput("x_out", output);
        run.Run(TestContext.Current.CancellationToken).Dispose();
        return output.Read<float>().ToArray();
    }

    /// <summary>The fixture's weights in F16.</summary>
    private string Narrowed()
    {
        var path = Path.Combine(_folder, "narrow.safetensors");
        var tensors = _network.Weights.Tensors.ToDictionary(tensor => tensor.Key, tensor => tensor.Value.ConvertTo(DType.F16));
        SafetensorsWriter.Write(path, tensors, cancellationToken: TestContext.Current.CancellationToken);
        foreach (var tensor in tensors.Values)
        {
            tensor.Dispose();
        }

        return path;
    }

    private static Tensor Wave(Shape shape) =>
        Tensor.CopyOf<float>(shape, [.. Enumerable.Range(0, (int)shape.ElementCount).Select(i => MathF.Sin(0.7f * i))]);
}
