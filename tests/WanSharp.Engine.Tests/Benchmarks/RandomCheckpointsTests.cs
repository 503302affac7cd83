using WanSharp.Engine.Benchmarks;
using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Engine.Tests.Benchmarks;

public sealed class RandomCheckpointsTests : IDisposable
{
    private static readonly WeightSlot[] Slots =
    [
        new("blocks.0.ffn.0.weight", DType.F32, [64, 256]),
        new("blocks.1.ffn.0.weight", DType.F32, [64, 256]),
        new("blocks.1.ffn.0.bias", DType.F32, [64]),
        new("norm.weight", DType.F32, [256]),
    ];

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Find_Again_GivesTheSameFileAndWritesNothing()
    {
        var path = Find(Slots);
        var written = File.GetLastWriteTimeUtc(path);

        Assert.Equal(path, Find(Slots));
        Assert.Equal(written, File.GetLastWriteTimeUtc(path));
        Assert.Single(_folder.Entries);
    }

    [Fact]
    public void Find_InAnotherFolder_WritesTheSameNumbers()
    {
        using var other = new TemporaryFolder();
        using var one = Checkpoint.Open(Find(Slots));
        using var two = Checkpoint.Open(new RandomCheckpoints(other.Path).Find("dit", Slots.Reverse(), DType.F32, progress: null, Token));

        Assert.Equal(Slots.Select(slot => slot.Name).Order(StringComparer.Ordinal), one.Tensors.Keys.Order(StringComparer.Ordinal));
        foreach (var slot in Slots)
        {
            Assert.Equal(slot.Shape, one.Get(slot.Name).Shape);
            Assert.Equal(one.Get(slot.Name).Read<float>(), two.Get(slot.Name).Read<float>());
        }
    }

    [Fact]
    public void Find_ScalesMatricesByTheirInputs_AndGainsAboutOne()
    {
        const double Tolerance = 0.05; // four standard errors of the deviation of 16,384 values, and more for 256
        using var checkpoint = Checkpoint.Open(Find(Slots));

        var (mean, deviation) = Moments(checkpoint.Get("blocks.0.ffn.0.weight"));
        Assert.Equal(0, mean, Tolerance);
        Assert.Equal(1, deviation * Math.Sqrt(256), Tolerance);
        Assert.Equal(1, Moments(checkpoint.Get("norm.weight")).Mean, Tolerance);
        Assert.NotEqual(checkpoint.Get("blocks.0.ffn.0.weight").Read<float>()[0], checkpoint.Get("blocks.1.ffn.0.weight").Read<float>()[0]);
    }

    [Fact]
    public void Find_InAnotherType_RoundsTheSameNumbers()
    {
        using var wide = Checkpoint.Open(Find(Slots));
        using var narrow = Checkpoint.Open(Find(Slots, DType.BF16));

        var (expected, actual) = (wide.Get("norm.weight").ConvertTo(DType.BF16), narrow.Get("norm.weight"));

        Assert.Equal(DType.BF16, actual.DType);
        Assert.Equal(expected.ReadBytes(0, 512), actual.ReadBytes(0, 512));
        expected.Dispose();
    }

    [Fact]
    public void Find_Cancelled_LeavesNothing()
    {
        Assert.ThrowsAny<OperationCanceledException>(() => new RandomCheckpoints(_folder.Path).Find("dit", Slots, DType.F32, progress: null, new CancellationToken(canceled: true)));

        Assert.Empty(_folder.Entries);
    }

    private string Find(IEnumerable<WeightSlot> slots, DType dtype = DType.F32) => new RandomCheckpoints(_folder.Path).Find("dit", slots, dtype, progress: null, Token);

    private static (double Mean, double Deviation) Moments(Tensor tensor)
    {
        var values = tensor.Read<float>().ToArray();
        var mean = values.Average(value => (double)value);
        return (mean, Math.Sqrt(values.Average(value => (value - mean) * (value - mean))));
    }
}
