using WanSharp.Graphs;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Tools.Benchmarks;

namespace WanSharp.Tools.Tests.Benchmarks;

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

    [Theory]
    [InlineData(DType.F8E4M3, 0.04)] // 3 bits of mantissa: half of 2⁻³ of a number, and numbers reach 4.3 deviations
    [InlineData(DType.Q80, 0.005)] // half of 1/127 of the largest number
    [InlineData(DType.Q4K, 0.07)] // half of 1/15 of a range of two of the largest number
    public void Find_InAQuantizedType_RoundsTheMatrices(DType dtype, double tolerance)
    {
        using var wide = Checkpoint.Open(Find(Slots));
        using var narrow = new WeightStore(Checkpoint.Open(Find(Slots, dtype)));
        var (matrix, norm) = (Slots[0], Slots[3]);

        var (expected, actual) = (wide.Get(matrix.Name).Read<float>().ToArray(), narrow.Get(matrix).Read<float>().ToArray());

        Assert.Equal(dtype, narrow.GetStored(matrix.Name).DType);
        var largest = expected.Max(MathF.Abs);
        Assert.InRange(expected.Zip(actual, (one, other) => Math.Abs(one - other)).Max(), 0, tolerance * largest);
        Assert.Contains(expected.Zip(actual), pair => pair.First != pair.Second);
        Assert.Equal(wide.Get(norm.Name).Read<float>(), narrow.Get(norm).Read<float>());
    }

    [Fact]
    public void Find_OfNarrowNumbers_IsTheSameWithoutTheWideOnes()
    {
        using var other = new TemporaryFolder();
        Find(Slots); // in F32, which the second is made from
        using var read = Checkpoint.Open(Find(Slots, DType.Q4K));
        using var drawn = Checkpoint.Open(new RandomCheckpoints(other.Path).Find("dit", Slots, DType.Q4K, progress: null, Token));

        var (one, two) = (read.Get(Slots[0].Name), drawn.Get(Slots[0].Name));

        Assert.Equal(one.ReadBytes(0, (int)one.ByteLength), two.ReadBytes(0, (int)two.ByteLength));
    }

    [Fact]
    public void Find_Cancelled_LeavesNothing()
    {
        Assert.ThrowsAny<OperationCanceledException>(() =>
            new RandomCheckpoints(_folder.Path).Find("dit", Slots, DType.F32, progress: null, new CancellationToken(canceled: true))
        );

        Assert.Empty(_folder.Entries);
    }

    private string Find(IEnumerable<WeightSlot> slots, DType dtype = DType.F32) =>
        new RandomCheckpoints(_folder.Path).Find("dit", slots, dtype, progress: null, Token);

    private static (double Mean, double Deviation) Moments(Tensor tensor)
    {
        var values = tensor.Read<float>().ToArray();
        var mean = values.Average(value => (double)value);
        return (mean, Math.Sqrt(values.Average(value => (value - mean) * (value - mean))));
    }
}
