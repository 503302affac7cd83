using System.Globalization;

namespace WanSharp.Tensors;

/// <summary>The 8-bit float of safetensors' F8_E5M2: 1 sign, 5 exponent and 2 mantissa bits, bias 15, largest finite value
/// 57344; the upper half of a <see cref="Half"/>.</summary>
/// <remarks>Conversion from <see cref="float"/> rounds to nearest, ties to even; what rounds beyond 57344 becomes infinite,
/// as in pytorch/pytorch:c10/util/Float8_e5m2.h. Conversion to <see cref="float"/> is exact. Equality is that of the encodings.</remarks>
/// <param name="Bits">The encoding.</param>
public readonly record struct Float8E5M2(byte Bits)
{
    internal const int MantissaBits = 2;

    /// <summary>Rounds a float.</summary>
    public static explicit operator Float8E5M2(float value)
    {
        var (magnitude, sign) = Float8.Split(value);
        var rounded =
            magnitude < Float8.Bits(65536f) ? Float8.Round(magnitude, MantissaBits)
            : float.IsNaN(value) ? 0x7Fu
            : 0x7C;
        return new((byte)(rounded | sign));
    }

    /// <summary>Widens to float.</summary>
    public static explicit operator float(Float8E5M2 value) => Float8.Widen(value.Bits, MantissaBits);

    /// <summary>The value in invariant notation.</summary>
    public override string ToString() => ((float)this).ToString(CultureInfo.InvariantCulture);
}
