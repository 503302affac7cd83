using System.Globalization;

namespace WanSharp.Tensors.Torch;

/// <summary>A checkpoint of PyTorch's (<c>.pth</c>, <c>.pt</c>, <c>.bin</c>), mapped into memory. Code in it is never run.</summary>
internal sealed class TorchFile : ICheckpoint
{
    private const string PickleName = "/data.pkl";
    private const string ByteOrderName = "byteorder";
    private const int DeepestDictionary = 8;

    // The two entries of every optimizer's state dictionary.
    private const string OptimizerState = "state";
    private const string OptimizerGroups = "param_groups";
    private const int LongestName = 1 << 10;

    private readonly MappedFile _file;
    private readonly StoredZip _zip;
    private readonly string _root;
    private readonly Dictionary<string, Tensor> _tensors = [];
    private readonly Dictionary<string, string> _unsupported = [];
    private readonly Dictionary<string, double> _numbers = [];
    private long _copied;

    private TorchFile(MappedFile file, StoredZip zip)
    {
        _file = file;
        _zip = zip;
        var pickles = zip.Names.Where(name => name.EndsWith(PickleName, StringComparison.Ordinal)).Take(2).ToList();
        if (pickles is not [var pickle])
        {
            throw new CheckpointException(
                file.Path,
                "it is a zip archive without the one data.pkl of a PyTorch checkpoint; if it holds one, unpack it."
            );
        }

        _root = pickle[..^PickleName.Length] + "/";
    }

    /// <summary>The first bytes of a checkpoint since PyTorch 1.6.</summary>
    public static ReadOnlySpan<byte> ZipMagic => "PK\x03\x04"u8;

    /// <summary>Whether a file begins as a bare pickle, the format of older ones.</summary>
    public static bool IsPickle(ReadOnlySpan<byte> start) => start is [0x80, >= 2 and <= 5, ..];

    /// <inheritdoc/>
    public string Path => _file.Path;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Tensors => _tensors;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Unsupported => _unsupported;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, double> Numbers => _numbers;

    /// <summary>Nothing: the format has no notes.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    /// <summary>
    /// Maps a file and reads its pickle. Tensors are read when they are touched, except the rare ones that are not contiguous:
    /// those are copied.
    /// </summary>
    /// <exception cref="CheckpointException">The file cannot be read, is damaged, or asks for more than tensors.</exception>
    public static TorchFile Open(string path)
    {
        var file = MappedFile.Open(path, ZipMagic.Length);
        TorchFile? checkpoint = null;
        try
        {
            if (IsPickle(file.Bytes(0, ZipMagic.Length)))
            {
                throw new CheckpointException(
                    path,
                    "it is in the format of PyTorch before 1.6; load it there and save it again, or convert it to safetensors."
                );
            }

            checkpoint = new TorchFile(file, StoredZip.Read(file));
            checkpoint.Load();
            return checkpoint;
        }
        catch
        {
            checkpoint?.Dispose();
            file.Dispose();
            throw;
        }
    }

    /// <summary>Ends every view of the file.</summary>
    public void Dispose()
    {
        foreach (var tensor in _tensors.Values)
        {
            tensor.Dispose();
        }

        _file.Dispose();
    }

    private void Load()
    {
        if (_zip.Find(_root + ByteOrderName) is { } order && !Read(order, 16).SequenceEqual("little"u8))
        {
            throw new CheckpointException(Path, "its numbers are big-endian; save it on a little-endian machine.");
        }

        var pickle = _zip.Find(_root + PickleName[1..])!.Value;
        if (pickle.Length > TorchPickle.MaxLength)
        {
            throw new CheckpointException(
                Path,
                $"its pickle has {pickle.Length} bytes, so that it holds numbers itself, such as NumPy's arrays: save tensors of PyTorch, "
                    + "or as safetensors."
            );
        }

        var root = new TorchPickle(Path, Read(pickle, TorchPickle.MaxLength)).Run();
        if (TorchPickle.NameOf(root) is { } name)
        {
            throw new CheckpointException(
                Path,
                $"its pickle is {CheckpointException.Quote(name)}, not a dictionary of tensors, and nothing of it was run; save the "
                    + "model's state_dict()."
            );
        }

        AddAll(root as Dictionary<string, object?> ?? [], "", 0, []);
        if (_tensors.Count + _unsupported.Count == 0)
        {
            throw new CheckpointException(Path, "its pickle is not a dictionary of tensors; save the model's state_dict().");
        }
    }

    /// <summary>
    /// Adds the tensors of a dictionary and of those in it, whose keys go before the tensors' names. A dictionary that is the
    /// only one with tensors (<c>state_dict</c>, <c>model</c>) adds nothing to the names. What is in lists is called by its number. An
    /// optimizer's state is not a network's, wherever it is.
    /// </summary>
    private void AddAll(Dictionary<string, object?> dictionary, string prefix, int depth, HashSet<object> seen)
    {
        // A pickle can put a dictionary into itself.
        if (!seen.Add(dictionary) || IsOptimizer(dictionary))
        {
            return;
        }

        if (depth > DeepestDictionary)
        {
            throw new CheckpointException(
                Path,
                $"its pickle has dictionaries nested more than {DeepestDictionary} deep; save the model's state_dict()."
            );
        }

        var isWrapper =
            !dictionary.Values.Any(value => value is TorchTensor)
            && dictionary.Values.OfType<Dictionary<string, object?>>().Count(inner => Holds(inner, depth)) == 1;
        foreach (var (key, value) in dictionary)
        {
            if (value is TorchTensor tensor)
            {
                Add(prefix + key, tensor);
            }
            else if (value is TorchObject { HasTensor: true } made)
            {
                _unsupported[prefix + key] = made.Name; // a tensor of another library's, or one that something was done to
            }
            else if (value is Dictionary<string, object?> more)
            {
                AddAll(more, isWrapper ? prefix : $"{prefix}{key}.", depth + 1, seen);
            }
            else if (value is IReadOnlyList<object?> list && seen.Add(list))
            {
                AddAll(Numbered(list), $"{prefix}{key}.", depth + 1, seen);
            }
        }
    }

    /// <summary>Whether something is a tensor of a network, or has one in it.</summary>
    private static bool Holds(object? value, int depth) =>
        value switch
        {
            TorchTensor or TorchObject { HasTensor: true } => true,
            _ when depth > DeepestDictionary => false,
            Dictionary<string, object?> dictionary => !IsOptimizer(dictionary) && dictionary.Values.Any(inner => Holds(inner, depth + 1)),
            IReadOnlyList<object?> list => list.Any(inner => Holds(inner, depth + 1)),
            _ => false,
        };

    private static Dictionary<string, object?> Numbered(IReadOnlyList<object?> list) =>
        list.Index().ToDictionary(item => item.Index.ToString(CultureInfo.InvariantCulture), item => item.Item);

    private static bool IsOptimizer(Dictionary<string, object?> dictionary) =>
        dictionary.GetValueOrDefault(OptimizerState) is Dictionary<string, object?>
        && dictionary.GetValueOrDefault(OptimizerGroups) is List<object?>;

    private ReadOnlySpan<byte> Read((long Start, long Length) entry, int most) =>
        entry.Length <= most
            ? _file.Bytes(entry.Start, (int)entry.Length)
            : throw new CheckpointException(Path, $"an entry of {entry.Length} bytes is longer than the {most} allowed.");

    private void Add(string name, TorchTensor tensor)
    {
        var storage = tensor.Storage;
        var type = tensor.Type ?? storage.Type;
        if (name.Length > LongestName || _tensors.ContainsKey(name) || _unsupported.ContainsKey(name))
        {
            throw new CheckpointException(
                Path,
                name,
                name.Length > LongestName ? $"its name is longer than the {LongestName} characters allowed." : "its pickle has it twice."
            );
        }

        if (TorchTypes.Find(type) is not { } dtype)
        {
            _unsupported.Add(name, type);
            if (
                Array.TrueForAll(tensor.Dims, length => length == 1)
                && TorchTypes.NumberOf(type) is var (number, size)
                && _zip.Find($"{_root}data/{storage.Key}") is var (begin, bytes)
                && tensor.Offset >= 0
                && tensor.Offset < bytes / size
                && SafetensorsDTypes.ReadNumber(number, _file, begin + (tensor.Offset * size)) is { } value
            )
            {
                _numbers.Add(name, value);
            }

            return;
        }

        var (start, length) =
            _zip.Find($"{_root}data/{storage.Key}")
            ?? throw new CheckpointException(Path, name, $"its storage {CheckpointException.Quote(storage.Key)} is not in the archive.");
        try
        {
            var shape = Shape.Create(tensor.Dims);
            var inStorage = Math.Min(tensor.Type is null ? storage.Length : storage.Length / dtype.ByteSize(), length / dtype.ByteSize());
            if (tensor.Strides.Length != shape.Rank || tensor.Offset < 0 || Reach(tensor, shape) > inStorage)
            {
                throw new CheckpointException(
                    Path,
                    name,
                    $"shape {shape} with strides [{string.Join(", ", tensor.Strides)}] goes beyond the {inStorage} "
                        + "elements of its storage; the file is damaged."
                );
            }

            _tensors.Add(
                name,
                IsContiguous(tensor)
                    ? _file.Tensor(start + (tensor.Offset * dtype.ByteSize()), dtype, shape)
                    : Gather(name, tensor, _file.Tensor(start, dtype, [inStorage]), shape)
            );
        }
        catch (Exception e) when (e is ArgumentException or OverflowException)
        {
            throw new CheckpointException(Path, name, e.Message);
        }
    }

    /// <summary>The number of elements of the storage up to the last one used.</summary>
    private static Int128 Reach(TorchTensor tensor, Shape shape)
    {
        if (shape.ElementCount == 0)
        {
            return tensor.Offset;
        }

        Int128 last = tensor.Offset;
        for (var i = 0; i < shape.Rank; i++)
        {
            last += tensor.Strides[i] >= 0 ? (Int128)tensor.Strides[i] * (tensor.Dims[i] - 1) : long.MaxValue;
        }

        return last + 1;
    }

    private static bool IsContiguous(TorchTensor tensor)
    {
        long expected = 1;
        for (var i = tensor.Dims.Length - 1; i >= 0; i--)
        {
            if (tensor.Dims[i] != 1 && tensor.Strides[i] != expected)
            {
                return tensor.Dims.Contains(0);
            }

            expected *= tensor.Dims[i];
        }

        return true;
    }

    /// <summary>A contiguous copy of a tensor that lies scattered in its storage.</summary>
    private Tensor Gather(string name, TorchTensor tensor, Tensor storage, Shape shape)
    {
        var size = storage.DType.ByteSize();
        _copied = checked(_copied + storage.DType.ByteLength(shape.ElementCount));
        if (_copied > _file.Length)
        {
            throw new CheckpointException(
                Path,
                name,
                "its tensors are not contiguous, and larger than the file when they are; save them with .contiguous()."
            );
        }

        var copy = Tensor.Zeros(storage.DType, shape);
        var index = new long[shape.Rank];
        var from = tensor.Offset;
        for (long to = 0; to < shape.ElementCount; to++)
        {
            storage.ReadBytes(from * size, size).CopyTo(copy.WriteBytes(to * size, size));
            for (var axis = shape.Rank - 1; axis >= 0; axis--)
            {
                from += tensor.Strides[axis];
                if (++index[axis] < shape[axis])
                {
                    break;
                }

                from -= tensor.Strides[axis] * shape[axis];
                index[axis] = 0;
            }
        }

        return copy;
    }
}
