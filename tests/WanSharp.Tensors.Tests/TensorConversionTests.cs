using System.Runtime.InteropServices;

namespace WanSharp.Tensors.Tests;

public class TensorConversionTests
{
    // Not a multiple of any vector's length, so that the tails run too.
    private static readonly float[] Singles = MakeSingles(200_003);

    [Fact]
    public void ConvertTo_F32FromEveryF16_EqualsTheScalarConversion() =>
        AssertWidening(
            [.. Enumerable.Range(0, 1 << 16).Select(bits => BitConverter.UInt16BitsToHalf((ushort)bits))],
            value => (float)value
        );

    [Fact]
    public void ConvertTo_F32FromEveryBF16_EqualsTheScalarConversion() =>
        AssertWidening([.. Enumerable.Range(0, 1 << 16).Select(bits => new BFloat16((ushort)bits))], value => (float)value);

    [Fact]
    public void ConvertTo_F32FromEveryF8E4M3_EqualsTheScalarConversion() =>
        AssertWidening([.. Enumerable.Range(0, 1 << 8).Select(bits => new Float8E4M3((byte)bits))], value => (float)value);

    [Fact]
    public void ConvertTo_F32FromEveryF8E5M2_EqualsTheScalarConversion() =>
        AssertWidening([.. Enumerable.Range(0, 1 << 8).Select(bits => new Float8E5M2((byte)bits))], value => (float)value);

    [Fact]
    public void ConvertTo_F32FromIntegers_IsExact()
    {
        AssertWidening<sbyte>([sbyte.MinValue, -1, 0, sbyte.MaxValue], value => value);
        AssertWidening<byte>([0, 1, 128, byte.MaxValue], value => value);
        AssertWidening([-(1 << 24), 0, 1 << 24], value => (float)value);
        AssertWidening([-(1L << 62), 0, 1000], value => (float)value);
        AssertWidening([false, true, true], value => value ? 1f : 0f);
    }

    [Fact]
    public void ConvertTo_F16FromF32_EqualsTheScalarConversion() =>
        AssertNarrowing(DType.F16, value => BitConverter.HalfToUInt16Bits((Half)value));

    [Fact]
    public void ConvertTo_BF16FromF32_EqualsTheScalarConversion() => AssertNarrowing(DType.BF16, value => ((BFloat16)value).Bits);

    [Fact]
    public void ConvertTo_F8FromF32_EqualsTheScalarConversion()
    {
        AssertNarrowing(DType.F8E4M3, value => ((Float8E4M3)value).Bits);
        AssertNarrowing(DType.F8E5M2, value => ((Float8E5M2)value).Bits);
    }

    [Fact]
    public void ConvertTo_BetweenNarrowFloats_RoundsOnce()
    {
        Half[] values = [(Half)1, (Half)1.00390625, (Half)0.1f, Half.MaxValue, Half.NegativeInfinity];
        using var halves = Tensor.CopyOf<Half>([values.Length], values);
        using var converted = halves.ConvertTo(DType.BF16);
        Assert.Equal(values.Select(value => (BFloat16)(float)value), converted.Read<BFloat16>().ToArray());
    }

    [Fact]
    public void ConvertTo_SameType_CopiesBitForBit()
    {
        float[] values = [1, BitConverter.UInt32BitsToSingle(0x7F80_0001), -0f];
        using var source = Tensor.CopyOf<float>([3], values);
        using var copy = source.ConvertTo(DType.F32);
        Assert.Equal(source.ReadBytes(0, 12).ToArray(), copy.ReadBytes(0, 12).ToArray());
    }

    [Fact]
    public void ConvertTo_EmptyTensor_IsEmpty()
    {
        using var empty = Tensor.Zeros(DType.BF16, [0, 3]);
        using var converted = empty.ConvertTo(DType.F32);
        Assert.Equal([0, 3], converted.Shape);
    }

    [Fact]
    public void ConvertTo_WrongLengthOrType_Throws()
    {
        using var tensor = Tensor.CopyOf<float>([2], [1, 2]);
        Assert.Throws<ArgumentException>(() => tensor.ConvertTo(new float[3]));
        Assert.Throws<NotSupportedException>(() => tensor.ConvertTo(DType.I64));
    }

    private static float[] MakeSingles(int count)
    {
        var random = new Random(1);
        var values = new float[count];
        random.NextBytes(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    private static void AssertWidening<T>(T[] encodings, Func<T, float> widen)
        where T : unmanaged
    {
        // Enough copies to cross a chunk's end in the middle, and an odd tail.
        T[] values =
        [
            .. Enumerable.Repeat(encodings, 1 + (TensorConversion.ChunkLength / encodings.Length)).SelectMany(copy => copy),
            encodings[0],
        ];
        using var tensor = Tensor.CopyOf<T>([values.Length], values);
        using var converted = tensor.ConvertTo(DType.F32);
        var direct = new float[values.Length];
        tensor.ConvertTo(direct);
        for (var i = 0; i < values.Length; i++)
        {
            AssertSameBits(widen(values[i]), converted.Read<float>()[i]);
            AssertSameBits(widen(values[i]), direct[i]);
        }
    }

    private static void AssertNarrowing(DType dtype, Func<float, ushort> round)
    {
        using var tensor = Tensor.CopyOf<float>([Singles.Length], Singles);
        using var converted = tensor.ConvertTo(dtype);
        var bytes = converted.ReadBytes(0, (int)converted.ByteLength);
        for (var i = 0; i < Singles.Length; i++)
        {
            var actual = dtype.ByteSize() == 1 ? bytes[i] : BitConverter.ToUInt16(bytes[(i * 2)..]);
            Assert.True(round(Singles[i]) == actual, $"{Singles[i]:R} became {actual:X4}, not {round(Singles[i]):X4}.");
        }
    }

    private static void AssertSameBits(float expected, float actual)
    {
        if (BitConverter.SingleToUInt32Bits(expected) != BitConverter.SingleToUInt32Bits(actual))
        {
            Assert.Fail($"{BitConverter.SingleToUInt32Bits(expected):X8} expected, {BitConverter.SingleToUInt32Bits(actual):X8} found.");
        }
    }
}
