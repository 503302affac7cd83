using System.Globalization;

namespace WanSharp.Tensors;

/// <summary>The 8-bit float of safetensors' F8_E4M3 ("e4m3fn"): 1 sign, 4 exponent and 3 mantissa bits, bias 7, largest
/// value 448, no infinities, NaN only as 0x7F and 0xFF.</summary>
/// <remarks>Conversion from <see cref="float"/> rounds to nearest, ties to even. It does not saturate: what rounds beyond
/// 448 becomes NaN, as in pytorch/pytorch:c10/util/Float8_e4m3fn.h. Conversion to <see cref="float"/> is exact. Equality is that of
/// the encodings.</remarks>
/// <param name="Bits">The encoding.</param>
public readonly record struct Float8E4M3(byte Bits)
{
    internal const int MantissaBits = 3;

    /// <summary>Rounds a float.</summary>
    public static explicit operator Float8E4M3(float value)
    {
        var (magnitude, sign) = Float8.Split(value);
        var rounded = magnitude < Float8.Bits(480f) ? Float8.Round(magnitude, MantissaBits) : 0x7F;
        return new((byte)(rounded | sign));
    }

    /// <summary>Widens to float.</summary>
    public static explicit operator float(Float8E4M3 value) => Float8.Widen(value.Bits, MantissaBits);

    /// <summary>The value in invariant notation.</summary>
    public override string ToString() => ((float)this).ToString(CultureInfo.InvariantCulture);
}
