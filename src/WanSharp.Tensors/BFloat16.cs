using System.Globalization;

namespace WanSharp.Tensors;

/// <summary>bfloat16: 1 sign, 8 exponent and 7 mantissa bits, the upper half of a <see cref="float"/>.</summary>
/// <remarks>Conversion from <see cref="float"/> rounds to nearest, ties to even; finite values beyond the range become
/// infinite, and a NaN stays a (quiet) NaN. Conversion to <see cref="float"/> is exact. Equality is that of the encodings.</remarks>
/// <param name="Bits">The encoding.</param>
public readonly record struct BFloat16(ushort Bits)
{
    /// <summary>Rounds a float.</summary>
    public static explicit operator BFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        // Rounding could carry a NaN's mantissa over into the sign, so a NaN is cut and made quiet instead.
        return new((ushort)(float.IsNaN(value) ? (bits >> 16) | 0x40 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16));
    }

    /// <summary>Widens to float.</summary>
    public static explicit operator float(BFloat16 value) => BitConverter.UInt32BitsToSingle((uint)value.Bits << 16);

    /// <summary>The value in invariant notation.</summary>
    public override string ToString() => ((float)this).ToString(CultureInfo.InvariantCulture);
}
