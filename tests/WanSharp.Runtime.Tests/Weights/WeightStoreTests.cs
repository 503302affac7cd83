using WanSharp.Graphs;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Tests.Weights;

public sealed class WeightStoreTests : IDisposable
{
    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("wansharp-").FullName, "weights.safetensors");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);

    [Theory]
    [InlineData(DType.F8E4M3)]
    [InlineData(DType.F8E5M2)]
    public void Get_PlainFloat8_WidensExactly(DType dtype)
    {
        using var store = Store(dtype, scale: null);
        Assert.Equal([0, 1, -2, 3, 0.5f, -6], Get(store, DType.F32));
        Assert.Equal([0, 1, -2, 3, 0.5f, -6], Get(store, DType.F16));
    }

    [Theory]
    [InlineData(DType.F8E4M3, "scale_weight", DType.F32)]
    [InlineData(DType.F8E5M2, "scale_weight", DType.F32)]
    [InlineData(DType.F8E4M3, "weight_scale", DType.BF16)]
    [InlineData(DType.I8, "weight_scale", DType.F16)]
    public void Get_OneScale_MultipliesEveryElementInFloat32(DType dtype, string suffix, DType scaleType)
    {
        using var store = Store(dtype, suffix, scaleType, Shape.Scalar, 0.1f);
        var scale = scaleType switch
        {
            DType.F32 => 0.1f,
            DType.BF16 => (float)(BFloat16)0.1f,
            _ => (float)(Half)0.1f,
        };
        float[] exact = [.. Values(dtype).Select(value => value * scale)];
        Assert.Equal(exact, Get(store, DType.F32));
        Assert.Equal(exact.Select(value => (float)(Half)value), Get(store, DType.F16));
        Assert.Equal(exact.Select(value => (float)(BFloat16)value), Get(store, DType.BF16));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(2, 1)]
    public void Get_ScaleForEachOutputChannel_MultipliesRows(params int[] shape)
    {
        using var store = Store(DType.F8E4M3, "weight_scale", DType.F32, Shape.Create([.. shape.Select(dim => (long)dim)]), 0.1f, 3);
        Assert.Equal([0, 1 * 0.1f, -2 * 0.1f, 9, 1.5f, -18], Get(store, DType.F32));
    }

    [Fact]
    public void Get_ScaledWeightOfTheWantedType_IsStillScaled()
    {
        using var store = Store(DType.F32, "scale_weight", DType.F32, [1], 2);
        Assert.Equal([0, 2, -4, 6, 1, -12], Get(store, DType.F32));
    }

    [Fact]
    public void Get_LongWeights_AreScaledToTheLastElement()
    {
        const int Length = (1 << 16) + 5; // more than is widened at a time
        using var weight = Tensor.CopyOf<BFloat16>([1, Length], Enumerable.Repeat((BFloat16)3f, Length).ToArray());
        using var scale = Tensor.CopyOf<float>(Shape.Scalar, [0.5f]);
        SafetensorsWriter.Write(_path, new Dictionary<string, Tensor> { ["w.weight"] = weight, ["w.scale_weight"] = scale });
        using var store = new WeightStore(Checkpoint.Open(_path));
        Assert.All(
            store.Get(new WeightSlot("w.weight", DType.F32, [1, Length])).Read<float>().ToArray(),
            value => Assert.Equal(1.5f, value)
        );
    }

    [Theory]
    [InlineData(float.NaN, 1, "finite")]
    [InlineData(1f, 3, "blocks")]
    [InlineData(1f, 6, "blocks")]
    public void Get_ScaleThatIsNone_NamesIt(float value, int count, string cause)
    {
        using var store = Store(DType.F8E4M3, "weight_scale", DType.F32, [count], [.. Enumerable.Repeat(value, count)]);
        var error = Assert.Throws<CheckpointException>(() => Get(store, DType.F32));
        Assert.Contains("w.weight_scale", error.Message, StringComparison.Ordinal);
        Assert.Contains(cause, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lookup_ScaledEmbedding_ScalesItsRows()
    {
        using var store = Store(DType.F8E4M3, "weight_scale", DType.F32, [2], 10, 100);
        using var rows = new EmbeddingTable(store, "w.weight", vocabulary: 2, dim: 3).Lookup([1, 0]);
        Assert.Equal([300, 50, -600, 0, 10, -20], rows.Read<float>().ToArray());
    }

    [Fact]
    public void Get_OtherDimensionsOfLengthOne_AreNoDifference()
    {
        using var store = Store(DType.F32, scale: null);
        Assert.Equal([1, 2, 1, 3], store.Get(new WeightSlot("w.weight", DType.F32, [1, 2, 1, 3])).Shape);
        Assert.Equal([2, 3, 1], store.Get(new WeightSlot("w.weight", DType.F16, [2, 3, 1])).Shape);
        Assert.Contains(
            "[3, 2]",
            Assert.Throws<CheckpointException>(() => store.Get(new WeightSlot("w.weight", DType.F32, [3, 2]))).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Get_QueriesKeysAndValuesApart_AreJoined()
    {
        var tensors = "qkv".ToDictionary(part => $"a.to_{part}.bias", part => Tensor.CopyOf<Half>([2], [(Half)part, (Half)1]));
        SafetensorsWriter.Write(_path, tensors);
        using var store = new WeightStore(Checkpoint.Open(_path));
        Assert.Equal(['q', 1, 'k', 1, 'v', 1], store.Get(new WeightSlot("a.to_qkv.bias", DType.F32, [6])).Read<float>().ToArray());
    }

    private static float[] Values(DType dtype) => dtype == DType.I8 ? [0, 1, -2, 3, 127, -6] : [0, 1, -2, 3, 0.5f, -6];

    private static float[] Get(WeightStore store, DType dtype)
    {
        using var singles = store.Get(new WeightSlot("w.weight", dtype, [2, 3])).ConvertTo(DType.F32);
        return singles.Read<float>().ToArray();
    }

    private WeightStore Store(DType dtype, string? scale, DType scaleType = DType.F32, Shape scaleShape = default, params float[] scales)
    {
        using var singles = Tensor.CopyOf<float>([2, 3], Values(dtype));
        using var weight =
            dtype == DType.I8 ? Tensor.CopyOf<sbyte>([2, 3], [.. Values(dtype).Select(value => (sbyte)value)]) : singles.ConvertTo(dtype);
        var tensors = new Dictionary<string, Tensor> { ["w.weight"] = weight };
        if (scale is not null)
        {
            using var factors = Tensor.CopyOf<float>(scaleShape, scales);
            tensors.Add($"w.{scale}", factors.ConvertTo(scaleType));
        }

        SafetensorsWriter.Write(_path, tensors);
        return new WeightStore(Checkpoint.Open(_path));
    }
}
