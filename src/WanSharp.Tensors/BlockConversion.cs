using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace WanSharp.Tensors;

/// <summary>
/// Reads GGUF's block types. Each is a scheme of small integer codes q with scales and minima: an element is
/// <c>scale · q − minimum</c>, computed in the order of the reference, to which the results are equal bit for bit.
/// </summary>
/// <remarks>Source of the layouts: ggml-org/ggml:src/ggml-quants.c, dequantize_row_*. Multiplication and subtraction are
/// not fused: the reference rounds between them. Loops are compiled well at once, as in <see cref="FloatConversion"/>.</remarks>
internal static class BlockConversion
{
    private const int Codes = 32;
    private const int HalfCodes = Codes / 2;

    /// <summary>Converts whole blocks.</summary>
    /// <param name="dtype">A block type.</param>
    /// <param name="source">The blocks.</param>
    /// <param name="destination">Exactly their elements.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToSingle(DType dtype, ReadOnlySpan<byte> source, Span<float> destination)
    {
        for (; destination.Length > 0; source = source[dtype.ByteSize()..], destination = destination[dtype.BlockLength()..])
        {
            switch (dtype)
            {
                case DType.Q80:
                    Write(Load(source[2..]).AsSByte(), Scale(source), 0, destination);
                    break;
                case DType.Q40:
                    Write(Nibbles(source[2..]).AsSByte() - Vector256.Create((sbyte)8), Scale(source), 0, destination);
                    break;
                case DType.Q41:
                    Write(Nibbles(source[4..]).AsSByte(), Scale(source), -Scale(source[2..]), destination);
                    break;
                case DType.Q50:
                    Write(
                        (Nibbles(source[6..]) | FifthBits(source[2..])).AsSByte() - Vector256.Create((sbyte)16),
                        Scale(source),
                        0,
                        destination
                    );
                    break;
                case DType.Q51:
                    Write((Nibbles(source[8..]) | FifthBits(source[4..])).AsSByte(), Scale(source), -Scale(source[2..]), destination);
                    break;
                case DType.Q2K:
                    ToSingleQ2K(source, destination);
                    break;
                case DType.Q3K:
                    ToSingleQ3K(source, destination);
                    break;
                case DType.Q4K:
                    ToSingleQ4KOrQ5K(source, [], source[16..], destination);
                    break;
                case DType.Q5K:
                    ToSingleQ4KOrQ5K(source, source[16..], source[48..], destination);
                    break;
                case DType.Q6K:
                    ToSingleQ6K(source, destination);
                    break;
                default:
                    throw new NotSupportedException($"{dtype} is not a block type.");
            }
        }
    }

    // 16 bytes of 4-bit scales and minima, 64 bytes of 2-bit codes, scale of the scales, scale of the minima.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToSingleQ2K(ReadOnlySpan<byte> block, Span<float> destination)
    {
        var (scale, minimum) = (Scale(block[80..]), Scale(block[82..]));
        for (var part = 0; part < 8; part++) // 32 codes: bits 2·(part mod 4) of each of the 32 bytes of a half
        {
            var codes = (Load(block[(16 + (part / 4 * Codes))..]) >> (part % 4 * 2)) & Vector256.Create((byte)3);
            var (lower, upper) = (block[2 * part], block[(2 * part) + 1]);
            Write(codes.GetLower().AsSByte(), scale * (lower & 0xF), minimum * (lower >> 4), destination[(part * Codes)..]);
            Write(codes.GetUpper().AsSByte(), scale * (upper & 0xF), minimum * (upper >> 4), destination[((part * Codes) + HalfCodes)..]);
        }
    }

    // 32 bytes of the codes' high bits, 64 bytes of their two low bits, 12 bytes of 6-bit scales, scale of the scales.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToSingleQ3K(ReadOnlySpan<byte> block, Span<float> destination)
    {
        var scale = Scale(block[108..]);
        for (var part = 0; part < 8; part++)
        {
            var low = (Load(block[(32 + (part / 4 * Codes))..]) >> (part % 4 * 2)) & Vector256.Create((byte)3);
            var high = ((Load(block) >> part) & Vector256<byte>.One) << 2;
            var codes = (low | high).AsSByte() - Vector256.Create((sbyte)4);
            Write(codes.GetLower(), scale * SixBits(block[96..], 2 * part), 0, destination[(part * Codes)..]);
            Write(codes.GetUpper(), scale * SixBits(block[96..], (2 * part) + 1), 0, destination[((part * Codes) + HalfCodes)..]);
        }

        static int SixBits(ReadOnlySpan<byte> scales, int i)
        {
            var low = (scales[i % 8] >> (i / 8 * 4)) & 0xF;
            var high = (scales[8 + (i % 4)] >> (i / 4 * 2)) & 3;
            return (low | (high << 4)) - 32;
        }
    }

    // Scale of the scales, scale of the minima, 12 bytes of 6-bit scales and minima, (Q5_K: 32 bytes of fifth bits,) 128 bytes of
    // 4-bit codes.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToSingleQ4KOrQ5K(
        ReadOnlySpan<byte> block,
        ReadOnlySpan<byte> fifthBits,
        ReadOnlySpan<byte> lowBits,
        Span<float> destination
    )
    {
        var (scale, minimum) = (Scale(block), Scale(block[2..]));
        for (var part = 0; part < 8; part++) // 32 codes: the low, then the high halves of 32 bytes
        {
            var codes = (Load(lowBits[(part / 2 * Codes)..]) >> (part % 2 * 4)) & Vector256.Create((byte)0xF);
            if (fifthBits.Length > 0)
            {
                codes |= ((Load(fifthBits) >> part) & Vector256<byte>.One) << 4;
            }

            var (partScale, partMinimum) = SixBits(block[4..], part);
            Write(codes.AsSByte(), scale * partScale, minimum * partMinimum, destination[(part * Codes)..]);
        }

        static (int Scale, int Minimum) SixBits(ReadOnlySpan<byte> packed, int i) =>
            i < 4
                ? (packed[i] & 63, packed[i + 4] & 63)
                : ((packed[i + 4] & 0xF) | (packed[i - 4] >> 6 << 4), (packed[i + 4] >> 4) | (packed[i] >> 6 << 4));
    }

    // 128 bytes of the codes' four low bits, 64 bytes of their two high bits, 16 signed 8-bit scales, scale of the scales.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToSingleQ6K(ReadOnlySpan<byte> block, Span<float> destination)
    {
        var scale = Scale(block[208..]);
        for (var part = 0; part < 8; part++)
        {
            var (half, quarter) = (part / 4, part % 4);
            var low = (Load(block[((half * 64) + (quarter % 2 * Codes))..]) >> (quarter / 2 * 4)) & Vector256.Create((byte)0xF);
            var high = ((Load(block[(128 + (half * Codes))..]) >> (quarter * 2)) & Vector256.Create((byte)3)) << 4;
            var codes = (low | high).AsSByte() - Vector256.Create((sbyte)32);
            Write(codes.GetLower(), scale * (sbyte)block[192 + (2 * part)], 0, destination[(part * Codes)..]);
            Write(codes.GetUpper(), scale * (sbyte)block[193 + (2 * part)], 0, destination[((part * Codes) + HalfCodes)..]);
        }
    }

    private static float Scale(ReadOnlySpan<byte> source) => (float)BinaryPrimitives.ReadHalfLittleEndian(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Load(ReadOnlySpan<byte> source) => Vector256.Create(source[..Codes]);

    /// <summary>32 4-bit codes: the low halves of 16 bytes, then the high ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Nibbles(ReadOnlySpan<byte> source)
    {
        var bytes = Vector128.Create(source[..HalfCodes]);
        return Vector256.Create(bytes & Vector128.Create((byte)0xF), bytes >> 4);
    }

    /// <summary>32 bits, each where a 5-bit code has its highest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> FifthBits(ReadOnlySpan<byte> source)
    {
        var bits = BinaryPrimitives.ReadUInt32LittleEndian(source);
        Span<byte> spread = stackalloc byte[Codes];
        for (var i = 0; i < Codes; i++)
        {
            spread[i] = (byte)((bits >> i << 4) & 0x10);
        }

        return Load(spread);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(Vector256<sbyte> codes, float scale, float minimum, Span<float> destination)
    {
        Write(codes.GetLower(), scale, minimum, destination);
        Write(codes.GetUpper(), scale, minimum, destination[HalfCodes..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(Vector128<sbyte> codes, float scale, float minimum, Span<float> destination)
    {
        var (lower, upper) = Vector256.Widen(Vector256.WidenLower(codes.ToVector256()));
        ((Vector256.ConvertToSingle(lower) * scale) - Vector256.Create(minimum)).CopyTo(destination);
        ((Vector256.ConvertToSingle(upper) * scale) - Vector256.Create(minimum)).CopyTo(destination[Vector256<float>.Count..]);
    }
}
