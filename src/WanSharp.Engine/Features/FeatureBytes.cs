using System.Runtime.InteropServices;
using WanSharp.Tensors;

namespace WanSharp.Engine.Features;

/// <summary>
/// Tensors of F32 as one array of bytes, for the feature cache: their number, then of each its name, its dimensions and its
/// elements.
/// </summary>
internal static class FeatureBytes
{
    /// <summary>Writes named tensors.</summary>
    public static byte[] From(IEnumerable<(string Name, Tensor Tensor)> tensors)
    {
        using var content = new MemoryStream();
        using var writer = new BinaryWriter(content);
        var list = tensors.ToList();
        writer.Write(list.Count);
        foreach (var (name, tensor) in list)
        {
            writer.Write(name);
            writer.Write(tensor.Shape.Rank);
            foreach (var dim in tensor.Shape.Dims)
            {
                writer.Write(dim);
            }

            writer.Write(MemoryMarshal.AsBytes(tensor.Read<float>()));
        }

        return content.ToArray();
    }

    /// <summary>Reads what <see cref="From"/> wrote; the caller disposes the tensors.</summary>
    public static IReadOnlyDictionary<string, Tensor> ToTensors(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        var tensors = new Dictionary<string, Tensor>();
        for (var count = reader.ReadInt32(); count > 0; count--)
        {
            var name = reader.ReadString();
            var dims = new long[reader.ReadInt32()];
            for (var i = 0; i < dims.Length; i++)
            {
                dims[i] = reader.ReadInt64();
            }

            var tensor = Tensor.Zeros(DType.F32, Shape.Create(dims));
            tensors.Add(name, tensor);
            reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(tensor.Write<float>()));
        }

        return tensors;
    }
}
