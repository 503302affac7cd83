using System.Text.Json;

namespace WanSharp.Tensors;

/// <summary>The parsed and checked header of a safetensors file.</summary>
/// <remarks>The format: an 8-byte little-endian header length; that many bytes of JSON, padded with spaces; then the
/// tensors' bytes without gaps (huggingface/safetensors:README.md).</remarks>
internal sealed class SafetensorsHeader
{
    /// <summary>The longest header that the format allows.</summary>
    public const int MaxLength = 100_000_000;

    /// <summary>The entry that is not a tensor.</summary>
    public const string MetadataName = "__metadata__";

    private const int MaxRank = 32;

    private readonly string _path;
    private readonly Dictionary<string, Entry> _entries = [];
    private Dictionary<string, string>? _metadata;

    private SafetensorsHeader(string path) => _path = path;

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, Entry> Entries => _entries;

    /// <summary>The metadata entry; empty without one.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _metadata ?? [];

    /// <summary>The bytes that the tensors take, from the data's first byte on.</summary>
    public long DataLength { get; private set; }

    /// <summary>Parses a header and checks it against the number of bytes that follow it.</summary>
    /// <exception cref="CheckpointException">The header breaks a rule of the format.</exception>
    public static SafetensorsHeader Parse(string path, ReadOnlySpan<byte> json, long dataLength)
    {
        var header = new SafetensorsHeader(path);
        try
        {
            header.Read(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The reader reports text that is not Unicode as an invalid operation.
            throw new CheckpointException(path, "its header is not valid JSON: it is damaged, or not a safetensors file.", e);
        }

        header.CheckLayout(dataLength);
        return header;
    }

    private void Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        Expect(reader, JsonTokenType.StartObject, "the header");
        while (ReadName(ref reader) is { } name)
        {
            if (name == MetadataName)
            {
                ReadMetadata(ref reader);
            }
            else if (!_entries.TryAdd(name, ReadEntry(ref reader, name)))
            {
                throw new CheckpointException(_path, name, "the header lists it twice; write the file again.");
            }
        }

        while (reader.Read())
        {
            // Nothing but white space may follow; the reader throws otherwise.
        }
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (_metadata is not null)
        {
            throw new CheckpointException(_path, $"its header has {MetadataName} twice.");
        }

        _metadata = [];
        if (reader.TokenType == JsonTokenType.Null)
        {
            return; // the format's own reader takes it for none
        }

        Expect(reader, JsonTokenType.StartObject, MetadataName);
        while (ReadName(ref reader) is { } key)
        {
            Expect(reader, JsonTokenType.String, $"the value of {CheckpointException.Quote(key)} in {MetadataName}");
            if (!_metadata.TryAdd(key, reader.GetString()!))
            {
                throw new CheckpointException(_path, $"its {MetadataName} has {CheckpointException.Quote(key)} twice.");
            }
        }
    }

    private Entry ReadEntry(ref Utf8JsonReader reader, string tensor)
    {
        Expect(reader, JsonTokenType.StartObject, CheckpointException.Quote(tensor));
        string? dtype = null;
        long[]? dims = null,
            offsets = null;
        while (ReadName(ref reader) is { } property)
        {
            var isNew = property switch
            {
                "dtype" => Set(ref dtype, ReadText(ref reader, tensor)),
                "shape" => Set(ref dims, ReadNumbers(ref reader, tensor, MaxRank)),
                "data_offsets" => Set(ref offsets, ReadNumbers(ref reader, tensor, 2)),
                _ => throw new CheckpointException(
                    _path,
                    tensor,
                    $"the header gives it an unknown property {CheckpointException.Quote(property)}."
                ),
            };
            if (!isNew)
            {
                throw new CheckpointException(_path, tensor, $"the header gives its {property} twice.");
            }
        }

        if (dtype is null || dims is null || offsets is not [var begin, var end])
        {
            throw new CheckpointException(_path, tensor, "the header must give its dtype, shape and two data_offsets.");
        }

        return new Entry(dtype, CheckShape(tensor, dtype, dims, begin, end), begin, end);
    }

    private Shape CheckShape(string tensor, string dtype, long[] dims, long begin, long end)
    {
        if (SafetensorsDTypes.BitSize(dtype) is not { } bits)
        {
            throw new CheckpointException(_path, tensor, $"its dtype {CheckpointException.Quote(dtype)} is unknown to the format.");
        }

        Shape shape;
        try
        {
            shape = Shape.Create(dims);
        }
        catch (ArgumentException e)
        {
            throw new CheckpointException(_path, tensor, e.Message);
        }

        if (begin < 0 || end < begin || (Int128)shape.ElementCount * bits != (Int128)(end - begin) * 8)
        {
            throw new CheckpointException(_path, tensor, $"{dtype} {shape} does not fill its bytes {begin} to {end}; the file is damaged.");
        }

        return shape;
    }

    /// <summary>The tensors' bytes must cover the data from the first byte to the last, without holes or overlaps.</summary>
    private void CheckLayout(long dataLength)
    {
        long position = 0;
        foreach (var (name, entry) in _entries.OrderBy(pair => pair.Value.Begin).ThenBy(pair => pair.Value.End))
        {
            if (entry.End > dataLength)
            {
                throw new CheckpointException(
                    _path,
                    name,
                    $"its bytes {entry.Begin} to {entry.End} lie beyond the file's {dataLength} bytes of data; is the download complete?"
                );
            }

            if (entry.Begin != position)
            {
                throw new CheckpointException(
                    _path,
                    name,
                    $"its bytes begin at {entry.Begin}, those before it end at {position}; the format allows neither holes nor overlaps."
                );
            }

            position = entry.End;
        }

        DataLength = position;
    }

    /// <summary>Steps to the next property's value and returns its name, or null at the object's end.</summary>
    private static string? ReadName(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.EndObject)
        {
            return null;
        }

        var name = reader.GetString();
        reader.Read();
        return name;
    }

    private string ReadText(ref Utf8JsonReader reader, string tensor)
    {
        Expect(reader, JsonTokenType.String, $"a property of {CheckpointException.Quote(tensor)}");
        return reader.GetString()!;
    }

    private long[] ReadNumbers(ref Utf8JsonReader reader, string tensor, int limit)
    {
        Expect(reader, JsonTokenType.StartArray, $"a property of {CheckpointException.Quote(tensor)}");
        var numbers = new List<long>(4);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number) || numbers.Count == limit)
            {
                throw new CheckpointException(_path, tensor, $"its shape and data_offsets must be lists of at most {limit} integers.");
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }

    private void Expect(in Utf8JsonReader reader, JsonTokenType type, string what)
    {
        if (reader.TokenType != type)
        {
            throw new CheckpointException(_path, $"in its header, {what} must be a JSON {type}, not {reader.TokenType}.");
        }
    }

    private static bool Set<T>(ref T? field, T value)
        where T : class
    {
        var isNew = field is null;
        field = value;
        return isNew;
    }

    /// <summary>A tensor's type, shape, and where in the data its bytes are.</summary>
    internal readonly record struct Entry(string DType, Shape Shape, long Begin, long End);
}
