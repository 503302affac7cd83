using System.Buffers;
using System.Numerics.Tensors;

namespace WanSharp.Tensors;

/// <summary>Conversions between element types.</summary>
public static class TensorConversion
{
    /// <summary>Elements converted at a time: few enough for the second-level cache, and for a span.</summary>
    internal const int ChunkLength = 1 << 16;

    extension(Tensor source)
    {
        /// <summary>A new tensor with the same shape and values in its own memory.</summary>
        /// <inheritdoc cref="ConvertTo(Tensor, Tensor)" path="/remarks"/>
        /// <exception cref="NotSupportedException">The types differ and <paramref name="dtype"/> is not a float.</exception>
        public Tensor ConvertTo(DType dtype)
        {
            ArgumentNullException.ThrowIfNull(source);
            var result = Tensor.Zeros(dtype, source.Shape);
            try
            {
                source.ConvertTo(result);
                return result;
            }
            catch
            {
                result.Dispose();
                throw;
            }
        }

        /// <summary>Writes the values as <paramref name="destination"/>'s type into its memory.</summary>
        /// <remarks>Values go by way of F32, which is exact for every float type and for integers up to 2²⁴, and are rounded
        /// to nearest, ties to even; each float type documents what becomes of those beyond its range.</remarks>
        /// <exception cref="ArgumentException">The element counts differ.</exception>
        /// <exception cref="NotSupportedException">The types differ and the destination's is not a float.</exception>
        public void ConvertTo(Tensor destination)
        {
            ArgumentNullException.ThrowIfNull(source);
            ArgumentNullException.ThrowIfNull(destination);
            var count = source.Shape.ElementCount;
            Tensor from = source.Reshape([count]),
                to = destination.Reshape([count]);
            for (long start = 0; start < count; start += ChunkLength)
            {
                var length = Math.Min(ChunkLength, count - start);
                ConvertChunk(from.Slice(start, length), to.Slice(start, length));
            }

            GC.KeepAlive(source);
            GC.KeepAlive(destination);
        }

        /// <summary>Writes all values as floats into <paramref name="destination"/>.</summary>
        /// <inheritdoc cref="ConvertTo(Tensor, Tensor)" path="/remarks"/>
        /// <exception cref="ArgumentException">The span has not exactly the tensor's element count.</exception>
        public void ConvertTo(Span<float> destination)
        {
            ArgumentNullException.ThrowIfNull(source);
            if (source.Shape.ElementCount != destination.Length)
            {
                throw new ArgumentException(
                    $"A tensor {source.Shape} does not fill a span of {destination.Length} floats.",
                    nameof(destination)
                );
            }

            ToSingle(source, destination);
            GC.KeepAlive(source);
        }
    }

    private static void ConvertChunk(Tensor source, Tensor destination)
    {
        if (source.DType == destination.DType)
        {
            source.ReadBytes(0, (int)source.ByteLength).CopyTo(destination.WriteBytes(0, (int)destination.ByteLength));
        }
        else if (destination.DType == DType.F32)
        {
            ToSingle(source, destination.Write<float>());
        }
        else if (source.DType == DType.F32)
        {
            FromSingle(source.Read<float>(), destination);
        }
        else
        {
            var buffer = ArrayPool<float>.Shared.Rent(ChunkLength);
            var singles = buffer.AsSpan(0, (int)source.Shape.ElementCount);
            ToSingle(source, singles);
            FromSingle(singles, destination);
            ArrayPool<float>.Shared.Return(buffer);
        }
    }

    private static void ToSingle(Tensor source, Span<float> destination)
    {
        switch (source.DType)
        {
            case DType.F32:
                source.Read<float>().CopyTo(destination);
                break;
            case DType.F16:
                FloatConversion.ToSingle(source.Read<Half>(), destination);
                break;
            case DType.BF16:
                FloatConversion.ToSingle(source.Read<BFloat16>(), destination);
                break;
            case DType.F8E4M3:
                FloatConversion.ToSingle(source.Read<Float8E4M3>(), destination);
                break;
            case DType.F8E5M2:
                FloatConversion.ToSingle(source.Read<Float8E5M2>(), destination);
                break;
            case DType.I8:
                TensorPrimitives.ConvertTruncating(source.Read<sbyte>(), destination);
                break;
            case DType.I32:
                TensorPrimitives.ConvertTruncating(source.Read<int>(), destination);
                break;
            case DType.I64:
                TensorPrimitives.ConvertTruncating(source.Read<long>(), destination);
                break;
            case DType.U8:
                TensorPrimitives.ConvertTruncating(source.Read<byte>(), destination);
                break;
            case DType.Bool:
                TensorPrimitives.ConvertTruncating(source.ReadBytes(0, (int)source.ByteLength), destination);
                break;
            default:
                BlockConversion.ToSingle(source.DType, source.ReadBytes(0, (int)source.ByteLength), destination);
                break;
        }
    }

    private static void FromSingle(ReadOnlySpan<float> source, Tensor destination)
    {
        switch (destination.DType)
        {
            case DType.F16:
                FloatConversion.ToHalf(source, destination.Write<Half>());
                break;
            case DType.BF16:
                FloatConversion.ToBFloat16(source, destination.Write<BFloat16>());
                break;
            case DType.F8E4M3:
                Round(source, destination.Write<Float8E4M3>(), value => (Float8E4M3)value);
                break;
            case DType.F8E5M2:
                Round(source, destination.Write<Float8E5M2>(), value => (Float8E5M2)value);
                break;
            default:
                throw new NotSupportedException($"There is no conversion to {destination.DType}: convert to a float type.");
        }
    }

    private static void Round<T>(ReadOnlySpan<float> source, Span<T> destination, Func<float, T> round)
    {
        for (var i = 0; i < source.Length; i++)
        {
            destination[i] = round(source[i]);
        }
    }
}
