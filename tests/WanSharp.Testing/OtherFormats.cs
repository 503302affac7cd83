using System.IO.Compression;
using System.Text;
using WanSharp.Tensors;

namespace WanSharp.Testing;

/// <summary>Writes float32 tensors as other tools store them.</summary>
public static class OtherFormats
{
    private const int Alignment = 32;
    private const string ShapeNote = "comfy.gguf.orig_shape.";

    /// <summary>
    /// A GGUF file; tensors of more than four dimensions are flattened, with a note of their shape, as ComfyUI-GGUF does.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">The tensors.</param>
    /// <param name="notes">Texts, flags, and lists of texts, floats, whole numbers and bytes.</param>
    public static void WriteGguf(
        string path,
        IReadOnlyDictionary<string, Tensor> tensors,
        IReadOnlyDictionary<string, object>? notes = null
    )
    {
        var reshaped = tensors.Where(pair => pair.Value.Shape.Rank > 4).ToList();
        using var header = new MemoryStream();
        using var data = new MemoryStream();
        using var writer = new BinaryWriter(header);
        writer.Write("GGUF"u8);
        writer.Write(3);
        writer.Write((long)tensors.Count);
        writer.Write((long)reshaped.Count + (notes?.Count ?? 0));
        foreach (var (name, tensor) in reshaped)
        {
            Text(ShapeNote + name);
            writer.Write(9); // a list
            writer.Write(5); // of int32
            writer.Write((long)tensor.Shape.Rank);
            foreach (var dim in tensor.Shape)
            {
                writer.Write((int)dim);
            }
        }

        foreach (var (key, value) in notes ?? new Dictionary<string, object>())
        {
            Text(key);
            Note(value);
        }

        foreach (var (name, tensor) in tensors)
        {
            long[] dims = tensor.Shape.Rank > 4 ? [tensor.Shape.ElementCount] : [.. tensor.Shape.Dims.ToArray().Reverse()];
            Text(name);
            writer.Write(dims.Length);
            foreach (var dim in dims)
            {
                writer.Write(dim);
            }

            writer.Write(tensor.DType == DType.Q80 ? 8 : 0); // else F32
            writer.Write(data.Length);
            data.Write(tensor.ReadBytes(0, (int)tensor.ByteLength));
            data.Write(new byte[-data.Length & (Alignment - 1)]);
        }

        writer.Write(new byte[-header.Length & (Alignment - 1)]);
        File.WriteAllBytes(path, [.. header.ToArray(), .. data.ToArray()]);

        void Note(object value)
        {
            switch (value)
            {
                case string text:
                    writer.Write(8);
                    Text(text);
                    break;
                case bool flag:
                    writer.Write(7);
                    writer.Write(flag);
                    break;
                case IReadOnlyList<string> texts:
                    List(8, texts, Text);
                    break;
                case float[] floats:
                    List(6, floats, writer.Write);
                    break;
                case int[] numbers:
                    List(5, numbers, writer.Write);
                    break;
                case byte[] bytes:
                    List(0, bytes, writer.Write);
                    break;
                default:
                    throw new ArgumentException($"{value.GetType()} is not a note.");
            }
        }

        void List<T>(int kind, IReadOnlyList<T> items, Action<T> write)
        {
            writer.Write(9);
            writer.Write(kind);
            writer.Write((long)items.Count);
            foreach (var item in items)
            {
                write(item);
            }
        }

        void Text(string text)
        {
            writer.Write((long)Encoding.UTF8.GetByteCount(text));
            writer.Write(Encoding.UTF8.GetBytes(text));
        }
    }

    /// <summary>A matrix in blocks of 32 bytes with a scale each, as llama.cpp rounds it; its rows must be as long as blocks.</summary>
    public static Tensor ToQ80(Tensor matrix)
    {
        const int Block = 32;
        var blocks = Tensor.Zeros(DType.Q80, matrix.Shape);
        var values = matrix.Read<float>();
        var bytes = blocks.WriteBytes(0, (int)blocks.ByteLength);
        for (var start = 0; start < values.Length; start += Block)
        {
            var part = values.Slice(start, Block);
            var scale = part.ToArray().Max(MathF.Abs) / 127;
            var place = bytes.Slice(start / Block * (Block + sizeof(ushort)), Block + sizeof(ushort));
            BitConverter.TryWriteBytes(place, (Half)scale);
            for (var i = 0; i < Block; i++)
            {
                place[sizeof(ushort) + i] = (byte)(sbyte)(scale == 0 ? 0 : MathF.Round(part[i] / scale));
            }
        }

        return blocks;
    }

    /// <summary>A zip with a pickle, as <c>torch.save</c> writes a state dictionary.</summary>
    public static void WriteTorch(string path, IReadOnlyDictionary<string, Tensor> tensors)
    {
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        using var pickle = new MemoryStream();
        Ascii("\u0080\u0002}(");
        var key = 0;
        foreach (var (name, tensor) in tensors)
        {
            Add($"archive/data/{key}", tensor.ReadBytes(0, (int)tensor.ByteLength));
            Text(name);
            Ascii("ctorch._utils\n_rebuild_tensor_v2\n((");
            Text("storage");
            Ascii("ctorch\nFloatStorage\n");
            Text($"{key++}");
            Text("cpu");
            Number(tensor.Shape.ElementCount);
            Ascii("tQK\0(");
            foreach (var dim in tensor.Shape)
            {
                Number(dim);
            }

            Ascii("t(");
            for (var i = 0; i < tensor.Shape.Rank; i++)
            {
                Number(Shape.Create(tensor.Shape.Dims[(i + 1)..]).ElementCount);
            }

            Ascii("t\u0089ccollections\nOrderedDict\n)RtR");
        }

        Ascii("u.");
        Add("archive/data.pkl", pickle.ToArray());

        void Ascii(string text) => pickle.Write(Encoding.Latin1.GetBytes(text));

        void Number(long number) => pickle.Write([(byte)'J', .. BitConverter.GetBytes((int)number)]);

        void Text(string text) => pickle.Write([(byte)'X', .. BitConverter.GetBytes(text.Length), .. Encoding.UTF8.GetBytes(text)]);

        void Add(string name, ReadOnlySpan<byte> bytes)
        {
            using var stream = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
            stream.Write(bytes);
        }
    }
}
