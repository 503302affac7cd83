using System.Buffers.Binary;
using System.Text;

namespace WanSharp.Tensors.Torch;

/// <summary>The bytes of a pickle, read in order.</summary>
/// <param name="path">The file, for errors.</param>
/// <param name="program">The pickle.</param>
internal ref struct PickleBytes(string path, ReadOnlySpan<byte> program)
{
    /// <summary>The longest pickle that is read; a checkpoint of 2,000 tensors takes 300 KB.</summary>
    public const int MaxLength = 4 << 20;

    private readonly ReadOnlySpan<byte> _program = program;

    /// <summary>How many bytes were read.</summary>
    public int Position { get; private set; }

    /// <summary>A whole number; one of a random generator's state is longer than any that a tensor needs.</summary>
    public object ReadInteger(int count)
    {
        var bytes = Take(count);
        if (bytes.Length > sizeof(long))
        {
            return new TorchObject("int");
        }

        Span<byte> extended = stackalloc byte[sizeof(long)];
        extended.Fill(bytes.Length > 0 && (bytes[^1] & 0x80) != 0 ? byte.MaxValue : (byte)0);
        bytes.CopyTo(extended);
        return BinaryPrimitives.ReadInt64LittleEndian(extended);
    }

    /// <summary>The length of a text, in 4 bytes.</summary>
    public int ReadLength()
    {
        var length = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
        return length <= MaxLength ? (int)length : throw Damaged($"a text claims {length} bytes");
    }

    /// <summary>The length of a text, in 8 bytes.</summary>
    public int ReadLongLength()
    {
        var length = BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));
        return length <= MaxLength ? (int)length : throw Damaged($"a text claims {length} bytes");
    }

    /// <summary>The rest of a line.</summary>
    public string ReadLine()
    {
        var length = _program[Position..].IndexOf((byte)'\n');
        var line = Encoding.UTF8.GetString(Take(length >= 0 ? length : throw Damaged("a line has no end")));
        Position++;
        return line;
    }

    /// <summary>The next bytes.</summary>
    public ReadOnlySpan<byte> Take(int count)
    {
        var bytes =
            count <= _program.Length - Position
                ? _program.Slice(Position, count)
                : throw Damaged("it ends in the middle of an instruction");
        Position += count;
        return bytes;
    }

    /// <summary>What is wrong with it.</summary>
    public readonly CheckpointException Damaged(string problem) => new(path, $"its pickle is damaged, or not a checkpoint's: {problem}.");
}
