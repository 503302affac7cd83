using System.Buffers.Binary;
using System.Text.Json;

namespace WanSharp.Tensors;

/// <summary>Writes safetensors files.</summary>
public static class SafetensorsWriter
{
    private const int Alignment = 8;
    private const int ChunkLength = 1 << 22;

    /// <summary>Writes tensors to a file, which appears under its name when it is whole; an existing file is replaced then.</summary>
    /// <remarks>The same tensors and metadata make the same bytes. The data is not gathered in memory first.</remarks>
    /// <param name="path">The file.</param>
    /// <param name="tensors">The tensors by name.</param>
    /// <param name="metadata">Notes to keep next to the tensors.</param>
    /// <param name="cancellationToken">Ends the writing; nothing is left behind.</param>
    /// <exception cref="CheckpointException">The file cannot be written, or a tensor has a name that the format reserves or a type
    /// that it lacks.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static void Write(
        string path,
        IReadOnlyDictionary<string, Tensor> tensors,
        IReadOnlyDictionary<string, string>? metadata = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(tensors);
        WriteEntries(
            path,
            tensors.ToDictionary(tensor => tensor.Key, tensor => SafetensorsEntry.Of(tensor.Value)),
            metadata,
            cancellationToken
        );
    }

    /// <summary>Writes tensors that are made one after another, so that a file may be larger than the memory.</summary>
    /// <inheritdoc cref="Write" path="/remarks"/>
    /// <inheritdoc cref="Write" path="/exception"/>
    /// <param name="path">The file.</param>
    /// <param name="tensors">The tensors by name.</param>
    /// <param name="metadata">Notes to keep next to the tensors.</param>
    /// <param name="cancellationToken">Ends the writing; nothing is left behind.</param>
    public static void WriteEntries(
        string path,
        IReadOnlyDictionary<string, SafetensorsEntry> tensors,
        IReadOnlyDictionary<string, string>? metadata = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensors);
        if (tensors.ContainsKey(SafetensorsHeader.MetadataName))
        {
            throw new CheckpointException(path, SafetensorsHeader.MetadataName, "the format reserves this name.");
        }

        if (tensors.FirstOrDefault(pair => pair.Value.DType.BlockLength() > 1) is { Key: { } name, Value: var quantized })
        {
            throw new CheckpointException(
                path,
                name,
                $"the format has no {quantized.DType.Name()}; convert the tensor to a float type first."
            );
        }

        // Wide elements first, so that each tensor begins at a multiple of its element size.
        var ordered = tensors
            .OrderByDescending(pair => pair.Value.DType.ByteSize())
            .ThenBy(pair => pair.Key, StringComparer.Ordinal)
            .ToList();
        var header = Header(ordered, metadata);
        if (header.Length > SafetensorsHeader.MaxLength)
        {
            throw new CheckpointException(
                path,
                $"the header would take {header.Length} bytes, the format allows {SafetensorsHeader.MaxLength}; write several files."
            );
        }

        try
        {
            AtomicFile.Write(
                path,
                stream =>
                {
                    stream.Write(header);
                    foreach (var (_, entry) in ordered)
                    {
                        using var tensor = entry.Make();
                        WriteData(stream, tensor, cancellationToken);
                    }
                }
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new CheckpointException(path, $"the file cannot be written: {e.Message}", e);
        }
    }

    /// <summary>The header's length and its JSON, padded so that the data begins aligned.</summary>
    private static byte[] Header(List<KeyValuePair<string, SafetensorsEntry>> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var stream = new MemoryStream();
        stream.Write(stackalloc byte[sizeof(long)]);
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            WriteMetadata(writer, metadata);
            long position = 0;
            foreach (var (name, tensor) in tensors)
            {
                WriteEntry(writer, name, tensor, position);
                position += tensor.ByteLength;
            }

            writer.WriteEndObject();
        }

        while (stream.Length % Alignment != 0)
        {
            stream.WriteByte((byte)' ');
        }

        var header = stream.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - sizeof(long));
        return header;
    }

    private static void WriteMetadata(Utf8JsonWriter writer, IReadOnlyDictionary<string, string>? metadata)
    {
        if (metadata is null or { Count: 0 })
        {
            return;
        }

        writer.WriteStartObject(SafetensorsHeader.MetadataName);
        foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            writer.WriteString(key, value);
        }

        writer.WriteEndObject();
    }

    private static void WriteEntry(Utf8JsonWriter writer, string name, SafetensorsEntry tensor, long position)
    {
        writer.WriteStartObject(name);
        writer.WriteString("dtype", tensor.DType.Name());
        writer.WriteStartArray("shape");
        foreach (var dim in tensor.Shape)
        {
            writer.WriteNumberValue(dim);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("data_offsets");
        writer.WriteNumberValue(position);
        writer.WriteNumberValue(position + tensor.ByteLength);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteData(FileStream stream, Tensor tensor, CancellationToken cancellationToken)
    {
        for (long start = 0; start < tensor.ByteLength; start += ChunkLength)
        {
            cancellationToken.ThrowIfCancellationRequested();
            stream.Write(tensor.ReadBytes(start, (int)Math.Min(ChunkLength, tensor.ByteLength - start)));
        }
    }
}
