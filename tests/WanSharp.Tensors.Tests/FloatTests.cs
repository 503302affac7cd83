namespace WanSharp.Tensors.Tests;

public class FloatTests
{
    // Worth a look at every exponent: exact values, halfway cases, and their neighbours.
    private static readonly float[] Probes = [.. Enumerable.Range(0, 1 << 16).SelectMany(NearUpperHalf)];

    [Fact]
    public void BFloat16_EveryEncoding_SurvivesTheRoundTrip()
    {
        for (var bits = 0; bits <= ushort.MaxValue; bits++)
        {
            var value = (float)new BFloat16((ushort)bits);
            Assert.Equal((uint)bits << 16, BitConverter.SingleToUInt32Bits(value));
            Assert.Equal(float.IsNaN(value) ? bits | 0x40 : bits, ((BFloat16)value).Bits);
        }
    }

    [Fact]
    public void BFloat16_EveryHalfwayValue_RoundsToEven()
    {
        for (var bits = 0u; bits < 0x7F80; bits++)
        {
            var halfway = (bits << 16) | 0x8000;
            var even = bits + (bits & 1);
            Assert.Equal(even, ((BFloat16)BitConverter.UInt32BitsToSingle(halfway)).Bits);
            Assert.Equal(bits, ((BFloat16)BitConverter.UInt32BitsToSingle(halfway - 1)).Bits);
            Assert.Equal(bits + 1, ((BFloat16)BitConverter.UInt32BitsToSingle(halfway + 1)).Bits);
            Assert.Equal(even | 0x8000, ((BFloat16)BitConverter.UInt32BitsToSingle(halfway | 0x8000_0000)).Bits);
        }
    }

    [Fact]
    public void Float8E4M3_EveryEncoding_HasTheValueOfTheFormat()
    {
        for (var bits = 0; bits <= byte.MaxValue; bits++)
        {
            Assert.Equal(Define(bits, mantissaBits: 3, bias: 7, hasInfinity: false), (float)new Float8E4M3((byte)bits));
        }
    }

    [Fact]
    public void Float8E5M2_EveryEncoding_IsTheUpperHalfOfAHalf()
    {
        for (var bits = 0; bits <= byte.MaxValue; bits++)
        {
            var value = (float)new Float8E5M2((byte)bits);
            Assert.Equal((float)BitConverter.UInt16BitsToHalf((ushort)(bits << 8)), value);
            Assert.Equal(Define(bits, mantissaBits: 2, bias: 15, hasInfinity: true), value);
        }
    }

    [Fact]
    public void Float8E4M3_OfAnyFloat_IsTheNearestWithTiesToEven() =>
        AssertNearest(value => ((Float8E4M3)value).Bits, bits => (float)new Float8E4M3(bits), largest: 0x7E, beyond: 0x7F, nextStep: 480);

    [Fact]
    public void Float8E5M2_OfAnyFloat_IsTheNearestWithTiesToEven() =>
        AssertNearest(value => ((Float8E5M2)value).Bits, bits => (float)new Float8E5M2(bits), largest: 0x7B, beyond: 0x7C, nextStep: 65536);

    [Fact]
    public void Float8_OfSpecialValues_FollowsTorch()
    {
        Assert.Equal(0x7F, ((Float8E4M3)float.PositiveInfinity).Bits);
        Assert.Equal(0xFF, ((Float8E4M3)float.NegativeInfinity).Bits);
        Assert.Equal(0x7E, ((Float8E4M3)464f).Bits);
        Assert.Equal(0x7F, ((Float8E4M3)float.BitIncrement(464f)).Bits);
        Assert.Equal(0x7C, ((Float8E5M2)float.PositiveInfinity).Bits);
        Assert.Equal(0xFC, ((Float8E5M2)(-1e30f)).Bits);
        Assert.Equal(0x80, ((Float8E4M3)(-0f)).Bits);
        Assert.Equal(0x80, ((Float8E5M2)(-0f)).Bits);
        Assert.True(float.IsNaN((float)(Float8E4M3)float.NaN));
        Assert.True(float.IsNaN((float)(Float8E5M2)float.NaN));
    }

    [Fact]
    public void ToString_IsTheValue() => Assert.Equal("0.5 -448 1.5", $"{(BFloat16)0.5f} {(Float8E4M3)(-448f)} {(Float8E5M2)1.5f}");

    private static float[] NearUpperHalf(int upper)
    {
        var bits = (uint)upper << 16;
        return
        [
            BitConverter.UInt32BitsToSingle(bits),
            BitConverter.UInt32BitsToSingle(bits + 1),
            BitConverter.UInt32BitsToSingle(bits | 0xFFFF),
        ];
    }

    private static float Define(int bits, int mantissaBits, int bias, bool hasInfinity)
    {
        int exponent = (bits & 0x7F) >> mantissaBits,
            mantissa = bits & ((1 << mantissaBits) - 1);
        var last = 0x7F >> mantissaBits;
        var magnitude =
            exponent == last && hasInfinity ? (mantissa == 0 ? float.PositiveInfinity : float.NaN)
            : (bits & 0x7F) == 0x7F ? float.NaN
            : exponent == 0 ? MathF.ScaleB(mantissa, 1 - bias - mantissaBits)
            : MathF.ScaleB((1 << mantissaBits) + mantissa, exponent - bias - mantissaBits);
        return bits < 0x80 ? magnitude : -magnitude;
    }

    /// <summary>Compares with a search over all encodings, in double, where every distance is exact.</summary>
    private static void AssertNearest(Func<float, byte> round, Func<byte, float> widen, int largest, int beyond, double nextStep)
    {
        double[] values = [.. Enumerable.Range(0, largest + 1).Select(bits => (double)widen((byte)bits)), nextStep];
        foreach (var probe in Probes)
        {
            if (float.IsNaN(probe))
            {
                continue;
            }

            var magnitude = Math.Min(Math.Abs((double)probe), nextStep);
            var found = Array.BinarySearch(values, magnitude);
            var lower = found >= 0 ? found : ~found - 1;
            var upper = Math.Min(lower + 1, largest + 1);
            var toLower = magnitude - values[lower];
            var toUpper = values[upper] - magnitude;
            var expected = toLower < toUpper || (toLower == toUpper && lower % 2 == 0) ? lower : upper;
            expected = Math.Min(expected, beyond) | (float.IsNegative(probe) ? 0x80 : 0);
            Assert.True(expected == round(probe), $"{probe:R} became {round(probe):X2}, not {expected:X2}.");
        }
    }
}
