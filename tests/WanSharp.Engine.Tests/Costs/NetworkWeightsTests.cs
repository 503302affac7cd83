using WanSharp.Engine.Costs;
using WanSharp.Graphs;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Engine.Tests.Costs;

public sealed class NetworkWeightsTests : IDisposable
{
    private static readonly WeightSlot[] Slots =
    [
        new("small.weight", DType.F32, [4, 8]),
        new("large.weight", DType.F32, [8, 8]),
        new("large.bias", DType.F32, [8]),
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("wan-tests-").FullName;

    [Theory]
    [InlineData(DType.F16, DType.F16, true)]
    [InlineData(DType.F16, DType.BF16, false)]
    [InlineData(DType.F32, DType.F16, false)]
    public void Of_MatricesOfSomeTypes_TellsWhetherAGraphWidensThem(DType small, DType large, bool areHalves)
    {
        using var weights = Write(small, large);

        var network = NetworkWeights.Of(weights, Slots);

        Assert.Equal(areHalves, network.AreHalves);
        Assert.Equal(8 * 8 * sizeof(float), network.LargestMatrixBytes);
    }

    [Fact]
    public void WidensBlocks_OfMuchThatIsConverted_IsForWhatNoGraphWidens()
    {
        using var weights = Write(DType.F16, DType.F16);
        var halves = NetworkWeights.Of(weights, Slots);
        var many = halves with { ConvertedBytes = 1L << 30 };

        Assert.Equal((false, 0L), (halves.WidensBlocks, halves.WidenedMatrixBytes)); // so little is converted once, and kept
        Assert.Equal((false, 8L * 8 * sizeof(float)), (many.WidensBlocks, many.WidenedMatrixBytes));
        Assert.Equal((true, 0L), ((many with { AreHalves = false }).WidensBlocks, (many with { AreHalves = false }).WidenedMatrixBytes));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private WeightStore Write(DType small, DType large)
    {
        var path = Path.Combine(_folder, "model.safetensors");
        using var one = Tensor.Zeros(small, [4, 8]);
        using var two = Tensor.Zeros(large, [8, 8]);
        using var three = Tensor.Zeros(DType.F32, [8]);
        SafetensorsWriter.Write(
            path,
            new Dictionary<string, Tensor>
            {
                ["small.weight"] = one,
                ["large.weight"] = two,
                ["large.bias"] = three,
            }
        );
        return new WeightStore(Checkpoint.Open(path));
    }
}
