using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace WanSharp.Tensors;

/// <summary>The arithmetic that both 8-bit floats share; the number of mantissa bits (3 or 2) tells them apart.</summary>
internal static class Float8
{
    private const int SingleMantissaBits = 23;
    private const uint SignMask = 0x80;

    /// <summary>A float's encoding.</summary>
    public static uint Bits(float value) => BitConverter.SingleToUInt32Bits(value);

    /// <summary>A float's encoding without its sign, and the sign where an 8-bit float has it.</summary>
    public static (uint Magnitude, uint Sign) Split(float value)
    {
        var bits = Bits(value);
        return (bits & 0x7FFF_FFFF, (bits >> 24) & SignMask);
    }

    /// <summary>Rounds a magnitude within the range to nearest, ties to even.</summary>
    public static uint Round(uint magnitude, int mantissaBits)
    {
        var dropped = SingleMantissaBits - mantissaBits;
        var rebias = Rebias(mantissaBits);
        if (magnitude < rebias + (1u << SingleMantissaBits))
        {
            // Subnormal: the last bit of the anchor is worth the smallest subnormal, so the addition itself rounds.
            var anchor = rebias + ((uint)(dropped + 1) << SingleMantissaBits);
            return Bits(BitConverter.UInt32BitsToSingle(magnitude) + BitConverter.UInt32BitsToSingle(anchor)) - anchor;
        }

        var odd = (magnitude >> dropped) & 1;
        return (magnitude - rebias + (1u << (dropped - 1)) - 1 + odd) >> dropped;
    }

    /// <summary>The float of an 8-bit encoding.</summary>
    public static float Widen(byte bits, int mantissaBits) => Widen(Vector256.CreateScalar((uint)bits), mantissaBits).ToScalar();

    /// <summary>The floats of eight 8-bit encodings.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Widen(Vector256<uint> bits, int mantissaBits)
    {
        var magnitude = bits & Vector256.Create(~SignMask & 0xFF);
        var aligned = magnitude << (SingleMantissaBits - mantissaBits);
        var normal = aligned + Vector256.Create(Rebias(mantissaBits));

        // Subnormal: the mantissa counts steps of the smallest subnormal, 2^(1 - bias - mantissaBits).
        var step = BitConverter.UInt32BitsToSingle(Rebias(mantissaBits) + ((uint)(1 - mantissaBits) << SingleMantissaBits));
        var subnormal = Vector256.ConvertToSingle(magnitude.AsInt32()) * step;
        var finite = Vector256.ConditionalSelect(
            Vector256.LessThan(magnitude, Vector256.Create(1u << mantissaBits)),
            subnormal.AsUInt32(),
            normal
        );

        // E5M2 keeps its uppermost exponent for infinity and NaN, E4M3 only the very last encoding for NaN.
        var firstSpecial = mantissaBits == Float8E5M2.MantissaBits ? 0x7Cu : 0x7F;
        var special = Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(firstSpecial));
        var infinite = Vector256.Create(Bits(float.PositiveInfinity));
        var sign = (bits & Vector256.Create(SignMask)) << 24;
        return (finite | (special & (infinite | aligned)) | sign).AsSingle();
    }

    /// <summary>The difference of the exponent biases, where a float has its exponent.</summary>
    private static uint Rebias(int mantissaBits) => (uint)(127 - ((1 << (6 - mantissaBits)) - 1)) << SingleMantissaBits;
}
