using System.Buffers.Binary;
using System.Text;

namespace WanSharp.Tensors;

/// <summary>One safetensors file, mapped into memory.</summary>
public sealed class SafetensorsFile : ICheckpoint
{
    private const int PrefixLength = sizeof(long);

    private readonly MappedFile _file;

    private SafetensorsFile(MappedFile file, SafetensorsHeader header, long dataStart)
    {
        _file = file;
        Metadata = header.Metadata;
        var tensors = new Dictionary<string, Tensor>(header.Entries.Count);
        var unsupported = new Dictionary<string, string>();
        var numbers = new Dictionary<string, double>();
        foreach (var (name, entry) in header.Entries)
        {
            if (DTypeExtensions.TryParse(entry.DType, out var dtype))
            {
                tensors.Add(name, file.Tensor(dataStart + entry.Begin, dtype, entry.Shape));
            }
            else
            {
                unsupported.Add(name, entry.DType);
                if (entry.Shape.ElementCount == 1 && SafetensorsDTypes.ReadNumber(entry.DType, file, dataStart + entry.Begin) is { } number)
                {
                    numbers.Add(name, number);
                }
            }
        }

        Tensors = tensors;
        Unsupported = unsupported;
        Numbers = numbers;
    }

    /// <inheritdoc/>
    public string Path => _file.Path;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Tensors { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Unsupported { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, double> Numbers { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Maps a file and checks its header; tensors are read when they are touched.</summary>
    /// <exception cref="CheckpointException">The file cannot be read, or breaks a rule of the format.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = MappedFile.Open(path, PrefixLength);
        try
        {
            RequireLength(file);
            var headerLength = HeaderLength(file);
            if (headerLength > SafetensorsHeader.MaxLength || (long)headerLength > file.Length - PrefixLength)
            {
                throw new CheckpointException(
                    path,
                    $"its header claims {headerLength} bytes, of {file.Length} in the file and {SafetensorsHeader.MaxLength} "
                        + "allowed: it is damaged, or not a safetensors file."
                );
            }

            var dataStart = PrefixLength + (long)headerLength;
            var header = SafetensorsHeader.Parse(path, file.Bytes(PrefixLength, (int)headerLength), file.Length - dataStart);
            RequireEnd(file, dataStart + header.DataLength);
            return new SafetensorsFile(file, header, dataStart);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Ends every view of the file.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>Refuses a file that begins with letters, which are the beginning of another format and not a length.</summary>
    private static void RequireLength(MappedFile file)
    {
        var start = file.Bytes(0, PrefixLength);
        if (!start.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
        {
            throw new CheckpointException(
                file.Path,
                $"it begins with {CheckpointException.Quote(Encoding.ASCII.GetString(start))}, as no safetensors file does: it is of "
                    + "another format, or something else was saved under this name."
            );
        }
    }

    /// <summary>Refuses a file that continues after its tensors, except with a few zeros.</summary>
    private static void RequireEnd(MappedFile file, long end)
    {
        if (!file.IsPadding(end, alignment: 1))
        {
            throw new CheckpointException(
                file.Path,
                $"its tensors end {file.Length - end} bytes before the file does: it is damaged, or something was appended to it. "
                    + $"Download it again, or cut it to {end} bytes."
            );
        }
    }

    private static ulong HeaderLength(MappedFile file) => BinaryPrimitives.ReadUInt64LittleEndian(file.Bytes(0, PrefixLength));
}
