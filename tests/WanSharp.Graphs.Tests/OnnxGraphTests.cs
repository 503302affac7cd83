using WanSharp.Graphs.Networks;
using WanSharp.Graphs.Onnx;
using WanSharp.Tensors;

namespace WanSharp.Graphs.Tests;

public sealed class OnnxGraphTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wansharp-");

    private string ModelPath => Path.Combine(_folder.FullName, "model.onnx");

    [Fact]
    public void ToBytes_OfTheSameNetwork_AreTheSame()
    {
        OnnxGraph first = TinyNetworks.Transformer(new GraphOptions()),
            second = TinyNetworks.Transformer(new GraphOptions());

        Assert.Equal(first.ToBytes(), second.ToBytes());
        Assert.Equal(first.Digest, second.Digest);
        Assert.Matches("^[0-9a-f]{64}$", first.Digest);
    }

    [Fact]
    public void Digest_OfOtherOptions_IsAnother() =>
        Assert.NotEqual(
            TinyNetworks.Transformer(new GraphOptions()).Digest,
            TinyNetworks.Transformer(new GraphOptions { Lowering = Lowering.Plain }).Digest
        );

    [Fact]
    public void Save_WithInitializers_WritesEachWeightWhereTheModelSays()
    {
        var graph = Linear(WeightStorage.Initializers);
        using var weight = Tensor.CopyOf<float>([2, 3], [1, 2, 3, 4, 5, 6]);
        using var bias = Tensor.CopyOf<float>([2], [7, 8]);

        graph.Save(ModelPath, name => name == "q.weight" ? weight : bias);

        var data = File.ReadAllBytes(ModelPath + ".data");
        var initializers = ModelProto.Parser.ParseFrom(File.ReadAllBytes(ModelPath)).Graph.Initializer;
        Assert.Equal(2, initializers.Count);
        Assert.All(initializers, initializer => Assert.Equal("model.onnx.data", Entry(initializer, "location")));
        Assert.All(initializers, initializer => Assert.Equal(0, int.Parse(Entry(initializer, "offset"), null) % 4096));
        var stored = initializers.Single(initializer => initializer.Name == "q.bias");
        Assert.Equal(bias.ReadBytes(0, 8), data.AsSpan(int.Parse(Entry(stored, "offset"), null), int.Parse(Entry(stored, "length"), null)));
    }

    [Fact]
    public void Save_WithAWeightOfAnotherShape_NamesItAndLeavesNothingBehind()
    {
        using var wrong = Tensor.Zeros(DType.F32, [3, 2]);

        var error = Assert.Throws<GraphException>(() => Linear(WeightStorage.Initializers).Save(ModelPath, _ => wrong));

        Assert.Contains("q.weight as F32 [2, 3], but was given F32 [3, 2]", error.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.EnumerateFiles());
    }

    [Fact]
    public void Save_WhenCancelled_KeepsTheFilesOfBefore()
    {
        File.WriteAllText(ModelPath, "before");
        using var zeros = Tensor.Zeros(DType.F32, [2, 3]);

        Assert.Throws<OperationCanceledException>(() =>
            Linear(WeightStorage.Initializers).Save(ModelPath, _ => zeros, new CancellationToken(canceled: true))
        );

        Assert.Equal("before", File.ReadAllText(ModelPath));
        Assert.Single(_folder.EnumerateFiles());
    }

    [Fact]
    public void Save_WithWeightsAsInputs_SaysHowToBuildIt()
    {
        var error = Assert.Throws<InvalidOperationException>(() =>
            Linear(WeightStorage.Inputs).Save(ModelPath, _ => throw new NotSupportedException())
        );

        Assert.Contains("WeightStorage.Initializers", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_OfDimensionsThatDoNotGoTogether_IsRefused()
    {
        Assert.Throws<GraphException>(() => new TransformerConfig { Dim = 100, Heads = 12 }.Validate());
        Assert.Throws<GraphException>(() => WanTransformer.Block(new TransformerConfig { Layers = 0 }, new GraphOptions()));
        Assert.Throws<GraphException>(() => Umt5Encoder.Block(new Umt5Config { Buckets = 31 }, new GraphOptions()));
    }

    [Fact]
    public void Umt5_InF16_IsRefused() =>
        Assert.Contains(
            "BF16",
            Assert.Throws<GraphException>(() => Umt5Encoder.Block(new Umt5Config(), new GraphOptions { Compute = DType.F16 })).Message,
            StringComparison.Ordinal
        );

    public void Dispose() => _folder.Delete(recursive: true);

    private static OnnxGraph Linear(WeightStorage storage)
    {
        var g = new GraphBuilder("linear", new GraphOptions { Weights = storage });
        g.Output("y", g.Linear(g.Input("x", DType.F32, ["batch", 3]), "q", 2));
        return g.Build();
    }

    private static string Entry(TensorProto tensor, string key) => tensor.ExternalData.Single(entry => entry.Key == key).Value;
}
