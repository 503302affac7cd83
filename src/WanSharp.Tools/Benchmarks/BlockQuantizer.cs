using System.Buffers.Binary;
using System.Numerics.Tensors;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>Writes floats as two of GGUF's block types, by rounding alone: valid, if not the best that the type can hold.</summary>
/// <remarks>Source of the layouts: ggml-org/ggml:src/ggml-quants.c, quantize_row_q8_0_ref and dequantize_row_q4_K.</remarks>
internal static class BlockQuantizer
{
    private const int Part = 32;

    /// <summary>Writes whole blocks.</summary>
    /// <param name="dtype">Q8_0 or Q4_K.</param>
    /// <param name="values">Floats that fill whole blocks.</param>
    /// <param name="blocks">As many bytes as those take.</param>
    /// <exception cref="NotSupportedException">It is another type.</exception>
    public static void Quantize(DType dtype, ReadOnlySpan<float> values, Span<byte> blocks)
    {
        var (length, size) = (dtype.BlockLength(), dtype.ByteSize());
        for (var i = 0; i < values.Length / length; i++)
        {
            var from = values.Slice(i * length, length);
            var to = blocks.Slice(i * size, size);
            switch (dtype)
            {
                case DType.Q80:
                    QuantizeQ80(from, to);
                    break;
                case DType.Q4K:
                    QuantizeQ4K(from, to);
                    break;
                default:
                    throw new NotSupportedException($"Writing {dtype.Name()} is not supported.");
            }
        }
    }

    // A scale, then 32 signed bytes.
    private static void QuantizeQ80(ReadOnlySpan<float> values, Span<byte> block)
    {
        var scale = (float)WriteHalf(block, MathF.Abs(TensorPrimitives.MaxMagnitude(values)) / sbyte.MaxValue);
        for (var i = 0; i < values.Length; i++)
        {
            block[2 + i] = (byte)(sbyte)Code(values[i], scale, sbyte.MinValue, sbyte.MaxValue);
        }
    }

    // Scale of the scales, scale of the minima, 12 bytes of 6-bit scales and minima, 128 bytes of 4-bit codes.
    private static void QuantizeQ4K(ReadOnlySpan<float> values, Span<byte> block)
    {
        const int Parts = 8;
        const int LargestCode = 15;
        const int LargestScale = 63;
        Span<float> scales = stackalloc float[Parts];
        Span<float> minima = stackalloc float[Parts];
        for (var part = 0; part < Parts; part++)
        {
            var numbers = values.Slice(part * Part, Part);
            minima[part] = -MathF.Min(0, TensorPrimitives.Min(numbers));
            scales[part] = (TensorPrimitives.Max(numbers) + minima[part]) / LargestCode;
        }

        block.Clear();
        var scale = (float)WriteHalf(block, MathF.Max(0, TensorPrimitives.Max<float>(scales)) / LargestScale);
        var minimum = (float)WriteHalf(block[2..], TensorPrimitives.Max<float>(minima) / LargestScale);
        for (var part = 0; part < Parts; part++)
        {
            var (scaleCode, minimumCode) = (Code(scales[part], scale, 0, LargestScale), Code(minima[part], minimum, 0, LargestScale));
            WriteSixBits(block[4..], part, scaleCode, minimumCode);
            for (var i = 0; i < Part; i++)
            {
                var code = Code(values[(part * Part) + i] + (minimum * minimumCode), scale * scaleCode, 0, LargestCode);
                block[16 + (part / 2 * Part) + i] |= (byte)(code << (part % 2 * 4)); // the low, then the high halves of 32 bytes
            }
        }
    }

    private static void WriteSixBits(Span<byte> packed, int part, int scale, int minimum)
    {
        if (part < 4)
        {
            packed[part] |= (byte)scale;
            packed[part + 4] |= (byte)minimum;
        }
        else
        {
            packed[part + 4] |= (byte)((scale & 0xF) | (minimum << 4));
            packed[part - 4] |= (byte)(scale >> 4 << 6);
            packed[part] |= (byte)(minimum >> 4 << 6);
        }
    }

    private static int Code(float value, float scale, int least, int most) =>
        scale == 0 ? 0 : (int)Math.Clamp(MathF.Round(value / scale), least, most);

    private static Half WriteHalf(Span<byte> destination, float value)
    {
        BinaryPrimitives.WriteHalfLittleEndian(destination, (Half)value);
        return (Half)value;
    }
}
