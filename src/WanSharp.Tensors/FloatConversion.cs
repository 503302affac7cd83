using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace WanSharp.Tensors;

/// <summary>Conversions of many floats at once, bit for bit equal to the operators of the element types.</summary>
/// <remarks>Gigabytes of weights pass in the first second of a process: the loops are compiled well at once.</remarks>
internal static class FloatConversion
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToSingle(ReadOnlySpan<Half> source, Span<float> destination)
    {
        // Not TensorPrimitives: its generic code is slow until the runtime has compiled it twice, a second into a start.
        var bits = MemoryMarshal.Cast<Half, ushort>(source);
        var i = 0;
        for (; i <= bits.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            var (lower, upper) = Vector256.Widen(Vector256.Create(bits[i..]));
            WidenHalf(lower).CopyTo(destination[i..]);
            WidenHalf(upper).CopyTo(destination[(i + Vector256<float>.Count)..]);
        }

        for (; i < bits.Length; i++)
        {
            destination[i] = (float)source[i];
        }
    }

    public static void ToHalf(ReadOnlySpan<float> source, Span<Half> destination) => TensorPrimitives.ConvertToHalf(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToSingle(ReadOnlySpan<BFloat16> source, Span<float> destination)
    {
        var bits = MemoryMarshal.Cast<BFloat16, ushort>(source);
        var i = 0;
        for (; i <= bits.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            var (lower, upper) = Vector256.Widen(Vector256.Create(bits[i..]));
            (lower << 16).AsSingle().CopyTo(destination[i..]);
            (upper << 16).AsSingle().CopyTo(destination[(i + Vector256<float>.Count)..]);
        }

        for (; i < bits.Length; i++)
        {
            destination[i] = (float)source[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToBFloat16(ReadOnlySpan<float> source, Span<BFloat16> destination)
    {
        var bits = MemoryMarshal.Cast<BFloat16, ushort>(destination);
        var i = 0;
        for (; i <= source.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            var lower = UpperHalf(Vector256.Create(source[i..]));
            var upper = UpperHalf(Vector256.Create(source[(i + Vector256<float>.Count)..]));
            Vector256.Narrow(lower, upper).CopyTo(bits[i..]);
        }

        for (; i < source.Length; i++)
        {
            destination[i] = (BFloat16)source[i];
        }
    }

    public static void ToSingle(ReadOnlySpan<Float8E4M3> source, Span<float> destination) =>
        Widen(MemoryMarshal.AsBytes(source), destination, Float8E4M3.MantissaBits);

    public static void ToSingle(ReadOnlySpan<Float8E5M2> source, Span<float> destination) =>
        Widen(MemoryMarshal.AsBytes(source), destination, Float8E5M2.MantissaBits);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen(ReadOnlySpan<byte> source, Span<float> destination, int mantissaBits)
    {
        var i = 0;
        for (; i <= source.Length - Vector128<byte>.Count; i += Vector128<byte>.Count)
        {
            var (lower, upper) = Vector256.Widen(Vector256.WidenLower(Vector128.Create(source[i..]).ToVector256()));
            Float8.Widen(lower, mantissaBits).CopyTo(destination[i..]);
            Float8.Widen(upper, mantissaBits).CopyTo(destination[(i + Vector256<float>.Count)..]);
        }

        for (; i < source.Length; i++)
        {
            destination[i] = Float8.Widen(source[i], mantissaBits);
        }
    }

    // The exponents' biases differ by 112, and a factor of 2¹¹² is exact, for subnormal numbers too.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> WidenHalf(Vector256<uint> bits)
    {
        const int DroppedBits = 13;
        var magnitude = bits & Vector256.Create(0x7FFFu);
        var finite = ((magnitude << DroppedBits).AsSingle() * BitConverter.UInt32BitsToSingle((112u + 127) << 23)).AsUInt32();
        var quiet = Vector256.GreaterThan(magnitude, Vector256.Create(0x7C00u)) & Vector256.Create(0x40_0000u);
        var special = (magnitude << DroppedBits) | Vector256.Create(0x7F80_0000u) | quiet;
        var isSpecial = Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(0x7C00u));
        var sign = (bits & Vector256.Create(0x8000u)) << 16;
        return (Vector256.ConditionalSelect(isSpecial, special, finite) | sign).AsSingle();
    }

    // The vector form of BFloat16's rounding operator.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> UpperHalf(Vector256<float> values)
    {
        var bits = values.AsUInt32();
        var rounded = (bits + Vector256.Create(0x7FFFu) + ((bits >> 16) & Vector256<uint>.One)) >> 16;
        var quiet = (bits >> 16) | Vector256.Create(0x40u);
        return Vector256.ConditionalSelect(Vector256.IsNaN(values).AsUInt32(), quiet, rounded);
    }
}
