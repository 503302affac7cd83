using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace WanSharp.Tensors.Gguf;

/// <summary>What stands before the data of a GGUF file: notes, and the tensors' names, types and places.</summary>
/// <remarks>The format: ggml-org/ggml:docs/gguf.md. Every length is checked against the file before memory is taken.</remarks>
internal sealed class GgufHeader
{
    private const int MaxTensors = 1 << 17;
    private const int MaxNotes = 1 << 17;
    private const int MaxRank = 8;
    private const int LongestName = 1 << 10;
    private const int LongestText = 1 << 24;
    private const int LongestList = 16;
    private const int DeepestList = 4;
    private const int DefaultAlignment = 32;
    private const int LargestAlignment = 1 << 20;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly MappedFile _file;
    private readonly Dictionary<string, string> _metadata = [];
    private readonly Dictionary<string, IReadOnlyList<string>> _lists = [];
    private readonly Dictionary<string, (Kind Kind, long Count, long Position)> _places = [];
    private readonly List<Entry> _tensors = [];
    private long _position = GgufFile.Magic.Length;

    private GgufHeader(MappedFile file) => _file = file;

    private enum Kind : uint
    {
        U8,
        I8,
        U16,
        I16,
        U32,
        I32,
        F32,
        Bool,
        Text,
        List,
        U64,
        I64,
        F64,
    }

    /// <summary>The notes.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>Those notes that are lists of at most <see cref="LongestList"/> entries.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Lists => _lists;

    /// <summary>The texts of a list of any length, as their bytes; null if no note of this name is a list of texts.</summary>
    /// <param name="key">The note's name.</param>
    /// <param name="most">The most texts that are read.</param>
    /// <exception cref="CheckpointException">The list is longer.</exception>
    public List<byte[]>? ReadTexts(string key, int most)
    {
        if (!Seek(key, most, out var kind, out var count) || kind != Kind.Text)
        {
            return null;
        }

        var texts = new List<byte[]>(count);
        for (var i = 0; i < count; i++)
        {
            texts.Add(Take((int)ReadCount("bytes of a text", LongestText)).ToArray());
        }

        return texts;
    }

    /// <summary>The numbers of a list of any length; null if no note of this name is a list of numbers.</summary>
    /// <inheritdoc cref="ReadTexts"/>
    public List<double>? ReadNumbers(string key, int most)
    {
        if (!Seek(key, most, out var kind, out var count) || kind is Kind.Text or Kind.List)
        {
            return null;
        }

        var numbers = new List<double>(count);
        for (var i = 0; i < count; i++)
        {
            var bytes = Take(Size(kind));
            numbers.Add(
                kind switch
                {
                    Kind.U8 or Kind.Bool => bytes[0],
                    Kind.I8 => (sbyte)bytes[0],
                    Kind.U16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
                    Kind.I16 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
                    Kind.U32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
                    Kind.I32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
                    Kind.F32 => BinaryPrimitives.ReadSingleLittleEndian(bytes),
                    Kind.U64 => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
                    Kind.I64 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
                    _ => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
                }
            );
        }

        return numbers;
    }

    /// <summary>The tensors, each name once.</summary>
    public IReadOnlyList<Entry> Tensors => _tensors;

    /// <summary>Where in the file the offsets count from.</summary>
    public long DataStart { get; private set; }

    /// <summary>What the tensors' offsets are multiples of, in bytes.</summary>
    public int Alignment { get; private set; }

    /// <summary>Reads the header of a file that begins with the magic bytes.</summary>
    /// <exception cref="CheckpointException">The header breaks a rule of the format.</exception>
    public static GgufHeader Read(MappedFile file)
    {
        var header = new GgufHeader(file);
        try
        {
            header.Read();
        }
        catch (DecoderFallbackException e)
        {
            throw new CheckpointException(file.Path, "a text in its header is not UTF-8; the file is damaged.", e);
        }

        return header;
    }

    private void Read()
    {
        var version = ReadUInt32();
        if (version is not (2 or 3))
        {
            throw new CheckpointException(
                _file.Path,
                BinaryPrimitives.ReverseEndianness(version) is 2 or 3
                    ? "its numbers are big-endian: convert it with gguf-py's gguf_convert_endian.py, or get one for usual machines."
                    : $"GGUF version {version} is not one that is read (2 and 3, little-endian)."
            );
        }

        var tensors = ReadCount("tensors", MaxTensors);
        var notes = ReadCount("notes", MaxNotes);
        for (var i = 0; i < notes; i++)
        {
            ReadNote();
        }

        var names = new HashSet<string>();
        for (var i = 0; i < tensors; i++)
        {
            var entry = ReadEntry();
            _tensors.Add(
                names.Add(entry.Name) ? entry : throw new CheckpointException(_file.Path, entry.Name, "the header lists it twice.")
            );
        }

        Alignment = ReadAlignment();
        DataStart = (_position + Alignment - 1) / Alignment * Alignment;
        if (_tensors.Find(entry => entry.Offset % Alignment != 0) is { Name: { } name })
        {
            throw new CheckpointException(
                _file.Path,
                name,
                $"it does not begin at a multiple of {Alignment} bytes, as the header promises; the file is damaged."
            );
        }
    }

    private int ReadAlignment() =>
        !_metadata.TryGetValue("general.alignment", out var text) ? DefaultAlignment
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var alignment)
        && BitOperations.IsPow2(alignment)
        && alignment is >= 8 and <= LargestAlignment
            ? alignment
        : throw new CheckpointException(
            _file.Path,
            $"its general.alignment {CheckpointException.Quote(text)} is not a power of two from 8 to {LargestAlignment}."
        );

    private void ReadNote()
    {
        var key = ReadText(LongestName);
        var kind = (Kind)ReadUInt32();
        string value;
        if (kind == Kind.List)
        {
            var place = _position;
            var (items, count) = ReadList(DeepestList);
            _places[key] = (
                (Kind)BinaryPrimitives.ReadUInt32LittleEndian(_file.Bytes(place, sizeof(uint))),
                count,
                place + sizeof(uint) + sizeof(ulong)
            );
            value = items is null ? $"[{count} entries]" : $"[{string.Join(", ", items)}]";
            if (items is not null)
            {
                _lists[key] = items;
            }
        }
        else
        {
            value = ReadScalar(kind);
        }

        if (!_metadata.TryAdd(key, value))
        {
            throw new CheckpointException(_file.Path, $"its header has the note {CheckpointException.Quote(key)} twice.");
        }
    }

    /// <summary>Goes to the first entry of a list that was stepped over before.</summary>
    private bool Seek(string key, int most, out Kind kind, out int count)
    {
        (kind, var entries, _position) = _places.GetValueOrDefault(key);
        count =
            entries <= most
                ? (int)entries
                : throw new CheckpointException(_file.Path, $"its header's {key} lists {entries} entries, more than {most}.");
        return _position > 0;
    }

    /// <summary>Reads a list, or steps over one that is long or of lists.</summary>
    private (List<string>? Items, long Count) ReadList(int depth)
    {
        var kind = (Kind)ReadUInt32();
        var count = ReadCount("entries of a list", long.MaxValue);
        var items = count <= LongestList && kind != Kind.List ? new List<string>((int)count) : null;
        if (items is null && Size(kind) is var size and > 0)
        {
            Skip(count, size);
            return (null, count);
        }

        for (long i = 0; i < count; i++)
        {
            if (items is not null)
            {
                items.Add(ReadScalar(kind));
            }
            else if (kind == Kind.Text)
            {
                Skip(ReadCount("bytes of a text", LongestText), 1);
            }
            else
            {
                _ =
                    depth > 1
                        ? ReadList(depth - 1)
                        : throw new CheckpointException(_file.Path, $"its notes have lists within lists, more than {DeepestList} deep.");
            }
        }

        return (items, count);
    }

    private string ReadScalar(Kind kind)
    {
        if (kind == Kind.Text)
        {
            return ReadText(LongestText);
        }

        var bytes = Take(Size(kind));
        var culture = CultureInfo.InvariantCulture;
        return kind switch
        {
            Kind.U8 => bytes[0].ToString(culture),
            Kind.I8 => ((sbyte)bytes[0]).ToString(culture),
            Kind.U16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes).ToString(culture),
            Kind.I16 => BinaryPrimitives.ReadInt16LittleEndian(bytes).ToString(culture),
            Kind.U32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes).ToString(culture),
            Kind.I32 => BinaryPrimitives.ReadInt32LittleEndian(bytes).ToString(culture),
            Kind.F32 => BinaryPrimitives.ReadSingleLittleEndian(bytes).ToString(culture),
            Kind.Bool => bytes[0] == 0 ? "false" : "true",
            Kind.U64 => BinaryPrimitives.ReadUInt64LittleEndian(bytes).ToString(culture),
            Kind.I64 => BinaryPrimitives.ReadInt64LittleEndian(bytes).ToString(culture),
            _ => BinaryPrimitives.ReadDoubleLittleEndian(bytes).ToString(culture),
        };
    }

    /// <summary>Bytes of a value; 0 for those that say it themselves.</summary>
    private int Size(Kind kind) =>
        kind switch
        {
            Kind.U8 or Kind.I8 or Kind.Bool => 1,
            Kind.U16 or Kind.I16 => 2,
            Kind.U32 or Kind.I32 or Kind.F32 => 4,
            Kind.U64 or Kind.I64 or Kind.F64 => 8,
            Kind.Text or Kind.List => 0,
            _ => throw new CheckpointException(
                _file.Path,
                $"its header has a note of type {(uint)kind}, which the format does not have; the file is damaged."
            ),
        };

    private Entry ReadEntry()
    {
        var name = ReadText(LongestName);
        var rank = ReadUInt32();
        if (rank > MaxRank)
        {
            throw new CheckpointException(_file.Path, name, $"the header gives it {rank} dimensions, more than {MaxRank}.");
        }

        var dims = new long[rank];
        for (var i = 0; i < rank; i++)
        {
            dims[i] = ReadCount("elements of a dimension", long.MaxValue);
        }

        return new Entry(name, dims, ReadUInt32(), ReadCount("bytes before a tensor", long.MaxValue));
    }

    private string ReadText(int longest) => Utf8.GetString(Take((int)ReadCount("bytes of a text", longest)));

    private uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    private long ReadCount(string what, long most)
    {
        var count = BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));
        return count <= (ulong)most
            ? (long)count
            : throw new CheckpointException(
                _file.Path,
                $"its header claims {count} {what}, more than the {most} allowed; the file is damaged."
            );
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        var bytes = _file.Bytes(_position, count);
        _position += count;
        return bytes;
    }

    private void Skip(long count, int size)
    {
        if (count > (_file.Length - _position) / size)
        {
            throw new CheckpointException(
                _file.Path,
                $"its header claims a list of {count} entries, which is longer than the file; it is damaged."
            );
        }

        _position += count * size;
    }

    /// <summary>A tensor: its dimensions innermost first, its type's number, and where in the data it begins.</summary>
    internal readonly record struct Entry(string Name, long[] Dims, uint Type, long Offset);
}
