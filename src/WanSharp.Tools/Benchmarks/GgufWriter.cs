using System.Text;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>Writes GGUF files, version 3, a tensor at a time.</summary>
/// <remarks>The format: ggml-org/ggml:docs/gguf.md; the types' numbers: ggml-org/ggml:include/ggml.h, <c>enum ggml_type</c>.</remarks>
internal static class GgufWriter
{
    private const int Alignment = 32;
    private const uint Version = 3;
    private const uint TextNote = 8;
    private const int CopyLength = 1 << 22;

    /// <summary>Writes a file.</summary>
    /// <param name="path">The file; it must not exist.</param>
    /// <param name="architecture">What the file says that it is.</param>
    /// <param name="tensors">The tensors in their order.</param>
    /// <param name="make">Makes a tensor, which is disposed when it is written.</param>
    /// <param name="cancellationToken">Stops between two parts of tensors; the file is then incomplete.</param>
    public static void Write(
        string path,
        string architecture,
        IReadOnlyList<(string Name, DType DType, Shape Shape)> tensors,
        Func<int, Tensor> make,
        CancellationToken cancellationToken
    )
    {
        using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write((ulong)tensors.Count);
        writer.Write(1UL);
        WriteText(writer, "general.architecture");
        writer.Write(TextNote);
        WriteText(writer, architecture);
        long offset = 0;
        foreach (var (name, dtype, shape) in tensors)
        {
            WriteText(writer, name);
            writer.Write((uint)shape.Rank);
            foreach (var dim in shape.Dims.ToArray().Reverse()) // the innermost first
            {
                writer.Write((ulong)dim);
            }

            writer.Write(NumberOf(dtype));
            writer.Write((ulong)offset);
            offset = Aligned(offset + dtype.ByteLength(shape.ElementCount));
        }

        for (var i = 0; i < tensors.Count; i++)
        {
            Pad(writer);
            using var tensor = make(i);
            for (long start = 0; start < tensor.ByteLength; start += CopyLength)
            {
                cancellationToken.ThrowIfCancellationRequested();
                writer.Write(tensor.ReadBytes(start, (int)Math.Min(CopyLength, tensor.ByteLength - start)));
            }
        }
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static void Pad(BinaryWriter writer)
    {
        writer.Flush();
        var position = writer.BaseStream.Position;
        writer.Write(new byte[Aligned(position) - position]);
    }

    private static long Aligned(long position) => (position + Alignment - 1) / Alignment * Alignment;

    private static uint NumberOf(DType dtype) =>
        dtype switch
        {
            DType.F32 => 0,
            DType.F16 => 1,
            DType.Q80 => 8,
            DType.Q4K => 12,
            DType.BF16 => 30,
            _ => throw new NotSupportedException($"Writing {dtype.Name()} to a GGUF file is not supported."),
        };
}
