using System.Runtime.CompilerServices;

namespace WanSharp.Tensors.Tests;

public class TensorTests
{
    [Fact]
    public void Zeros_AnyType_IsZeroAndAligned()
    {
        foreach (var dtype in Enum.GetValues<DType>().Where(dtype => dtype.BlockLength() == 1))
        {
            using var tensor = Tensor.Zeros(dtype, [3, 5]);
            Assert.Equal(15 * dtype.ByteSize(), tensor.ByteLength);
            Assert.Equal(0, tensor.Address % 64);
            Assert.All(tensor.ReadBytes(0, (int)tensor.ByteLength).ToArray(), value => Assert.Equal(0, value));
        }
    }

    [Fact]
    public void Name_EveryType_ParsesBack()
    {
        foreach (var dtype in Enum.GetValues<DType>().Where(dtype => dtype.BlockLength() == 1))
        {
            Assert.True(DTypeExtensions.TryParse(dtype.Name(), out var parsed));
            Assert.Equal(dtype, parsed);
        }

        Assert.Equal("F8_E4M3 F8_E5M2 BOOL BF16", $"{DType.F8E4M3.Name()} {DType.F8E5M2.Name()} {DType.Bool.Name()} {DType.BF16.Name()}");
        Assert.False(DTypeExtensions.TryParse("F64", out _));
    }

    [Fact]
    public void ElementTypes_HaveTheSizeOfTheirDType()
    {
        Assert.Equal(DType.BF16.ByteSize(), Unsafe.SizeOf<BFloat16>());
        Assert.Equal(DType.F8E4M3.ByteSize(), Unsafe.SizeOf<Float8E4M3>());
        Assert.Equal(DType.F8E5M2.ByteSize(), Unsafe.SizeOf<Float8E5M2>());
    }

    [Fact]
    public void Slice_OfRows_SharesTheMemory()
    {
        using var tensor = Tensor.CopyOf<int>([3, 2], [0, 1, 2, 3, 4, 5]);
        var rows = tensor.Slice(1, 2);
        Assert.Equal([2, 2], rows.Shape);
        Assert.Equal([2, 3, 4, 5], rows.Read<int>().ToArray());
        rows.Write<int>()[0] = 7;
        Assert.Equal(7, tensor.Read<int>()[2]);
        Assert.Equal([4, 5], rows.Slice(1, 1).Read<int>().ToArray());
    }

    [Fact]
    public void Slice_OutOfRange_Throws()
    {
        using var tensor = Tensor.Zeros(DType.F32, [3, 2]);
        using var scalar = Tensor.Zeros(DType.F32, Shape.Scalar);
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Slice(2, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Slice(-1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Slice(1, long.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => scalar.Slice(0, 1));
    }

    [Fact]
    public void Reshape_SameCount_KeepsTheElements()
    {
        using var tensor = Tensor.CopyOf<long>([2, 3], [0, 1, 2, 3, 4, 5]);
        Assert.Equal(tensor.Read<long>().ToArray(), tensor.Reshape([3, 2]).Read<long>().ToArray());
        Assert.Throws<ArgumentException>(() => tensor.Reshape([4, 2]));
    }

    [Fact]
    public void Dispose_OfTheOwner_EndsItsViews()
    {
        var tensor = Tensor.Zeros(DType.F32, [4]);
        var view = tensor.Slice(0, 2);
        view.Dispose();
        Assert.Equal(4, tensor.Read<float>().Length);
        tensor.Dispose();
        Assert.Throws<ObjectDisposedException>(() =>
        {
            _ = view.Read<float>().Length;
        });
        Assert.Throws<ObjectDisposedException>(() =>
        {
            _ = tensor.ReadBytes(0, 1).Length;
        });
    }

    [Fact]
    public void Read_AsAnotherType_Throws()
    {
        using var tensor = Tensor.Zeros(DType.F16, [4]);
        Assert.Throws<InvalidOperationException>(() =>
        {
            _ = tensor.Read<BFloat16>().Length;
        });
        Assert.Throws<NotSupportedException>(() =>
        {
            _ = tensor.Read<double>().Length;
        });
    }

    [Fact]
    public void ReadBytes_OutOfRange_Throws()
    {
        using var tensor = Tensor.Zeros(DType.U8, [4]);
        Assert.Throws<ArgumentOutOfRangeException>(() =>
        {
            _ = tensor.ReadBytes(3, 2).Length;
        });
        Assert.Throws<ArgumentOutOfRangeException>(() =>
        {
            _ = tensor.ReadBytes(-1, 1).Length;
        });
        Assert.Throws<ArgumentOutOfRangeException>(() =>
        {
            _ = tensor.WriteBytes(0, -1).Length;
        });
    }

    [Fact]
    public void Write_ToAReadOnlyView_Throws()
    {
        using var tensor = Tensor.Zeros(DType.U8, [4]);
        var view = Tensor.View(tensor.Memory, 0, DType.U8, [4], isReadOnly: true);
        Assert.Throws<InvalidOperationException>(() =>
        {
            _ = view.Write<byte>().Length;
        });
        Assert.Throws<InvalidOperationException>(() =>
        {
            _ = view.WriteBytes(0, 1).Length;
        });
        Assert.Throws<InvalidOperationException>(() =>
        {
            _ = view.Slice(0, 1).Reshape([]).Write<byte>().Length;
        });
    }

    [Fact]
    public void CopyOf_WrongCount_Throws() => Assert.Throws<ArgumentException>(() => Tensor.CopyOf<float>([3], [1, 2]));
}
