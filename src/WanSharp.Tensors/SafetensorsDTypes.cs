using System.Buffers.Binary;

namespace WanSharp.Tensors;

/// <summary>The element types of the safetensors format, of which <see cref="DType"/> is a part.</summary>
internal static class SafetensorsDTypes
{
    /// <summary>The bits that an element takes, or null if the format has no such type.</summary>
    /// <remarks>From huggingface/safetensors:safetensors/src/tensor.rs.</remarks>
    public static int? BitSize(string name) =>
        DTypeExtensions.TryParse(name, out var dtype)
            ? dtype.ByteSize() * 8
            : name switch
            {
                "F4" => 4,
                "F6_E2M3" or "F6_E3M2" => 6,
                "F8_E8M0" or "F8_E4M3FNUZ" or "F8_E5M2FNUZ" => 8,
                "I16" or "U16" => 16,
                "U32" => 32,
                "F64" or "U64" or "C64" => 64,
                _ => null,
            };

    /// <summary>A number of a type that tensors here do not have; null for types that are no usual numbers.</summary>
    /// <param name="name">The type.</param>
    /// <param name="file">The file.</param>
    /// <param name="start">Where it is.</param>
    /// <exception cref="CheckpointException">The file ends before.</exception>
    public static double? ReadNumber(string name, MappedFile file, long start) =>
        name switch
        {
            "F64" => BinaryPrimitives.ReadDoubleLittleEndian(file.Bytes(start, sizeof(double))),
            "I16" => BinaryPrimitives.ReadInt16LittleEndian(file.Bytes(start, sizeof(short))),
            "U16" => BinaryPrimitives.ReadUInt16LittleEndian(file.Bytes(start, sizeof(ushort))),
            "U32" => BinaryPrimitives.ReadUInt32LittleEndian(file.Bytes(start, sizeof(uint))),
            "U64" => BinaryPrimitives.ReadUInt64LittleEndian(file.Bytes(start, sizeof(ulong))),
            _ => null,
        };
}
