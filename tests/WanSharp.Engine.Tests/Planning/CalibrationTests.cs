using WanSharp.Engine.Planning;
using WanSharp.Tensors;

namespace WanSharp.Engine.Tests.Planning;

public sealed class CalibrationTests
{
    [Fact]
    public void Faster_OfTwo_TakesTheFasterOfEachRate()
    {
        var first = Rates(3, 1);
        var second = Rates(2, 4);

        var faster = first.Faster(second);

        Assert.Equal(3, faster.Products);
        Assert.Equal(4, faster.Convolutions);
        Assert.Equal(3, faster.Widened[DType.BF16]);
        Assert.Equal(first.Measured, faster.Measured);
    }

    private static Calibration Rates(double products, double convolutions) =>
        new()
        {
            Measured = DateTimeOffset.UnixEpoch.AddDays(products),
            Machine = "a machine",
            Threads = 1,
            OnnxRuntime = "1.0",
            Products = products,
            IntegerProducts = 1,
            WeightBytes = 1,
            Attention = 1,
            Convolutions = convolutions,
            MovedBytes = 1,
            Widened = new Dictionary<DType, double> { [DType.BF16] = products },
        };
}
