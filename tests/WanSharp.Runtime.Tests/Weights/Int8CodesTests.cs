using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Tests.Weights;

public sealed class Int8CodesTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(3, 5)]
    [InlineData(130, 70)] // more than a tile of rows, and not a multiple of one
    public void TryWrite_OfAMatrix_IsWithinHalfAStepOfEveryWeight(int rows, int columns)
    {
        float[] weights = [.. Enumerable.Range(0, rows * columns).Select(i => (1 + (i / columns)) * MathF.Sin(0.37f * i))];
        using var matrix = Tensor.CopyOf<float>([rows, columns], weights);
        using var codes = Tensor.Zeros(DType.I8, [columns, rows]);
        using var scales = Tensor.Zeros(DType.F32, [rows]);

        Assert.True(Int8Codes.TryWrite(matrix, codes, scales, Token));

        for (var row = 0; row < rows; row++)
        {
            var scale = scales.Read<float>()[row];
            var largest = weights.AsSpan(row * columns, columns).ToArray().Max(MathF.Abs);
            Assert.Equal(largest / Int8Codes.Largest, scale);
            for (var column = 0; column < columns; column++)
            {
                var code = codes.Read<sbyte>()[(column * rows) + row]; // [in, out]
                Assert.InRange(Math.Abs(code), 0, Int8Codes.Largest);
                Assert.InRange(Math.Abs((code * scale) - weights[(row * columns) + column]), 0, 0.5001f * scale);
            }
        }
    }

    [Fact]
    public void TryWrite_OfZeros_IsZeros()
    {
        using var matrix = Tensor.Zeros(DType.F32, [2, 3]);
        using var codes = Tensor.CopyOf<sbyte>([3, 2], [1, 1, 1, 1, 1, 1]);
        using var scales = Tensor.Zeros(DType.F32, [2]);

        Assert.True(Int8Codes.TryWrite(matrix, codes, scales, Token));

        Assert.All(codes.Read<sbyte>().ToArray(), code => Assert.Equal(0, code));
        Assert.All(scales.Read<float>().ToArray(), scale => Assert.Equal(0, scale));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void TryWrite_OfWhatIsNotFinite_Refuses(float weight)
    {
        using var matrix = Tensor.CopyOf<float>([2, 2], [1, 2, weight, 3]);
        using var codes = Tensor.Zeros(DType.I8, [2, 2]);
        using var scales = Tensor.Zeros(DType.F32, [2]);

        Assert.False(Int8Codes.TryWrite(matrix, codes, scales, Token));
    }
}
