using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace WanSharp.Tensors.Torch;

/// <summary>
/// Reads the pickle of a PyTorch checkpoint. A pickle is a program; this machine has the instructions that build
/// dictionaries, lists and numbers, and knows a few functions, which build tensors. Nothing else is ever called.
/// </summary>
/// <remarks>Instructions of protocol 2, which <c>torch.save</c> writes unless told otherwise, and of 3 to 5:
/// python/cpython:Lib/pickletools.py. The same restriction in PyTorch: pytorch/pytorch:torch/_weights_only_unpickler.py.</remarks>
/// <param name="path">The file, for errors.</param>
/// <param name="program">The pickle.</param>
internal ref struct TorchPickle(string path, ReadOnlySpan<byte> program)
{
    /// <summary>The longest program that is run; a checkpoint of 2,000 tensors takes 300 KB.</summary>
    public const int MaxLength = 4 << 20;

    private const int MaxRank = 32;
    private const int OldestProtocol = 2;
    private const int LatestProtocol = 5;
    private const string OrderedDict = "collections.OrderedDict";
    private const string Size = "torch.Size";
    private const string RebuildTensor = "torch._utils._rebuild_tensor_v2";
    private const string RebuildTypedTensor = "torch._utils._rebuild_tensor_v3"; // of types that have no storage class
    private const string RebuildParameter = "torch._utils._rebuild_parameter";
    private const string RebuildParameterWithState = "torch._utils._rebuild_parameter_with_state"; // one that has attributes
    private const string TypePrefix = "torch.";
    private const string StorageSuffix = "Storage";

    private readonly ReadOnlySpan<byte> _program = program;
    private readonly Stack<List<object?>> _outer = new();
    private readonly Dictionary<ulong, object?> _memo = [];
    private List<object?> _stack = [];
    private int _position;

    /// <summary>Runs the program and returns what it built.</summary>
    /// <exception cref="CheckpointException">It asks for something that a checkpoint has no need of, or is damaged.</exception>
    public object? Run()
    {
        if (_program.Length > MaxLength)
        {
            throw Damaged($"it has {_program.Length} bytes, more than the {MaxLength} allowed");
        }

        while (true)
        {
            var instruction = Take(1)[0];
            if (instruction == '.')
            {
                return Pop();
            }

            Step(instruction);
        }
    }

    private void Step(byte instruction)
    {
        switch (instruction)
        {
            case 0x80:
                ExpectProtocol(Take(1)[0]);
                break;
            case (byte)'}':
                Push(new Dictionary<string, object?>());
                break;
            case (byte)']':
                Push(new List<object?>());
                break;
            case (byte)')':
                Push(Array.Empty<object?>());
                break;
            case (byte)'N':
                Push(null);
                break;
            case 0x88:
                Push(true);
                break;
            case 0x89:
                Push(false);
                break;
            case (byte)'J':
                Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
                break;
            case (byte)'K':
                Push((long)Take(1)[0]);
                break;
            case (byte)'M':
                Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
                break;
            case 0x8A:
                Push(ReadLong(Take(1)[0]));
                break;
            case 0x8B:
                Push(ReadLong(ReadLength()));
                break;
            case (byte)'G':
                Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
                break;
            case (byte)'X':
                Push(Encoding.UTF8.GetString(Take(ReadLength())));
                break;
            case (byte)'U' or 0x8C:
                Push(Encoding.UTF8.GetString(Take(Take(1)[0])));
                break;
            case 0x8D:
                Push(Encoding.UTF8.GetString(Take(ReadLongLength())));
                break;
            case (byte)'B':
                Push(Take(ReadLength()).ToArray());
                break;
            case (byte)'C':
                Push(Take(Take(1)[0]).ToArray());
                break;
            case 0x8E or 0x96:
                Push(Take(ReadLongLength()).ToArray());
                break;
            case 0x94:
                _memo[(ulong)_memo.Count] = Peek();
                break;
            case 0x95:
                Take(sizeof(ulong));
                break; // a frame's length: it says how much to read at once
            case 0x8F:
                Push(new List<object?>());
                break; // a set: no tensor is in one
            case 0x90:
                Append(PopToMark());
                break;
            case 0x91:
                Push(PopToMark());
                break;
            case (byte)'0':
                Pop();
                break;
            case (byte)'1':
                PopToMark();
                break;
            case (byte)'2':
                Push(Peek());
                break;
            case (byte)'q':
                _memo[Take(1)[0]] = Peek();
                break;
            case (byte)'r':
                _memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Peek();
                break;
            case (byte)'h':
                Push(Recall(Take(1)[0]));
                break;
            case (byte)'j':
                Push(Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))));
                break;
            case (byte)'(':
                Mark();
                break;
            case (byte)'t':
                Push(PopToMark().ToArray());
                break;
            case 0x85:
                PushTuple(1);
                break;
            case 0x86:
                PushTuple(2);
                break;
            case 0x87:
                PushTuple(3);
                break;
            case (byte)'a':
                Append([Pop()]);
                break;
            case (byte)'e':
                Append(PopToMark());
                break;
            case (byte)'s':
                SetItems(PopMany(2));
                break;
            case (byte)'u':
                SetItems(PopToMark());
                break;
            case (byte)'b':
                Build();
                break;
            case (byte)'c':
                Push(new Global(CheckGlobal($"{ReadLine()}.{ReadLine()}")));
                break;
            case 0x93:
                PushNamed(PopMany(2));
                break;
            case (byte)'Q':
                Push(ToStorage(Pop()));
                break;
            case (byte)'R':
                Call();
                break;
            default:
                throw Damaged($"instruction 0x{instruction:X2} at byte {_position - 1} is not one that a checkpoint needs");
        }
    }

    private readonly void ExpectProtocol(byte protocol)
    {
        if (protocol is < OldestProtocol or > LatestProtocol)
        {
            throw Damaged($"protocol {protocol} is not one of {OldestProtocol} to {LatestProtocol}");
        }
    }

    private readonly string CheckGlobal(string name) =>
        name is OrderedDict or Size or RebuildTensor or RebuildTypedTensor or RebuildParameter or RebuildParameterWithState || IsType(name)
            ? name
        : name.StartsWith("__torch__.", StringComparison.Ordinal)
            ? throw new CheckpointException(path, "it is a TorchScript program, not a checkpoint: get the model's weights.")
        : throw new CheckpointException(
            path,
            $"its pickle asks for {CheckpointException.Quote(name)}, which does not build a tensor: refused, and nothing of "
                + "it was run. If you trust the file, convert it to safetensors."
        );

    private static bool IsType(string name) =>
        name.StartsWith(TypePrefix, StringComparison.Ordinal)
        && (TorchTypes.IsStorage(name[TypePrefix.Length..]) || TorchTypes.IsElement(name[TypePrefix.Length..]));

    private readonly void PushNamed(List<object?> names) =>
        Push(
            names is [string module, string name]
                ? new Global(CheckGlobal($"{module}.{name}"))
                : throw Damaged("a function's name is not a text")
        );

    private void Call()
    {
        var arguments = Pop() as object?[];
        var function = (Pop() as Global)?.Name;
        Push(
            (function, arguments) switch
            {
                (OrderedDict, []) => new Dictionary<string, object?>(),
                (RebuildTensor, [TorchStorage storage, long offset, object?[] dims, object?[] strides, ..]) => new TorchTensor(
                    storage,
                    offset,
                    Numbers(dims),
                    Numbers(strides)
                ),
                (
                    RebuildTypedTensor,
                    [TorchStorage storage, long offset, object?[] dims, object?[] strides, _, _, Global { Name: var type }, ..]
                ) when type.StartsWith(TypePrefix, StringComparison.Ordinal) && TorchTypes.IsElement(type[TypePrefix.Length..]) =>
                    new TorchTensor(storage, offset, Numbers(dims), Numbers(strides)) { Type = type[TypePrefix.Length..] },
                (RebuildParameter or RebuildParameterWithState, [TorchTensor tensor, ..]) => tensor,
                (Size, [object?[] dims]) => dims,
                _ => throw Damaged(
                    $"a call of {CheckpointException.Quote(function ?? "what is not a function")} has other arguments than it takes"
                ),
            }
        );
    }

    // ('storage', type, key, device, number of elements); the device is where the tensor was, not where it will be.
    private readonly TorchStorage ToStorage(object? id) =>
        id is object?[] and ["storage", Global { Name: var type }, string key, string, long and >= 0 and var length]
        && type.EndsWith(StorageSuffix, StringComparison.Ordinal)
            ? new TorchStorage(type[(type.LastIndexOf('.') + 1)..], key, length)
            : throw Damaged("a persistent id is not that of a storage");

    private readonly long[] Numbers(object?[] values)
    {
        var numbers = values.OfType<long>().ToArray();
        return numbers.Length == values.Length && numbers.Length <= MaxRank
            ? numbers
            : throw Damaged($"a tensor's shape or strides are not up to {MaxRank} integers");
    }

    private readonly void SetItems(List<object?> items)
    {
        if (Peek() is not Dictionary<string, object?> dictionary || items.Count % 2 != 0)
        {
            throw Damaged("entries are set of what is not a dictionary");
        }

        for (var i = 0; i < items.Count; i += 2)
        {
            if (items[i] is string or long)
            {
                dictionary[Convert.ToString(items[i], CultureInfo.InvariantCulture)!] = items[i + 1];
            }
        }
    }

    private readonly void Append(List<object?> items)
    {
        var list = Peek() as List<object?> ?? throw Damaged("an entry is appended to what is not a list");
        list.AddRange(items);
    }

    // The attributes of a dictionary: PyTorch notes module versions there.
    private void Build()
    {
        Pop();
        if (Peek() is not Dictionary<string, object?>)
        {
            throw Damaged("attributes are set of what is not a dictionary");
        }
    }

    private void Mark()
    {
        _outer.Push(_stack);
        _stack = [];
    }

    private List<object?> PopToMark()
    {
        var items = _stack;
        _stack = _outer.TryPop(out var outer) ? outer : throw Damaged("there is no mark where one is needed");
        return items;
    }

    private void PushTuple(int length) => Push(PopMany(length).ToArray());

    private readonly List<object?> PopMany(int count)
    {
        var start = _stack.Count - count;
        var items = start >= 0 ? _stack.GetRange(start, count) : throw Damaged("it takes more values than there are");
        _stack.RemoveRange(start, count);
        return items;
    }

    private readonly object? Pop()
    {
        var value = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private readonly object? Peek() => _stack.Count > 0 ? _stack[^1] : throw Damaged("it takes more values than there are");

    private readonly void Push(object? value) => _stack.Add(value);

    private readonly object? Recall(uint number) =>
        _memo.TryGetValue(number, out var value) ? value : throw Damaged($"value {number} is used before it is noted");

    private long ReadLong(int count)
    {
        var bytes = Take(count);
        if (bytes.Length > sizeof(long))
        {
            throw Damaged($"an integer has {bytes.Length} bytes");
        }

        Span<byte> extended = stackalloc byte[sizeof(long)];
        extended.Fill(bytes.Length > 0 && (bytes[^1] & 0x80) != 0 ? byte.MaxValue : (byte)0);
        bytes.CopyTo(extended);
        return BinaryPrimitives.ReadInt64LittleEndian(extended);
    }

    private int ReadLength()
    {
        var length = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
        return length <= MaxLength ? (int)length : throw Damaged($"a text claims {length} bytes");
    }

    private int ReadLongLength()
    {
        var length = BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));
        return length <= MaxLength ? (int)length : throw Damaged($"a text claims {length} bytes");
    }

    private string ReadLine()
    {
        var length = _program[_position..].IndexOf((byte)'\n');
        var line = Encoding.UTF8.GetString(Take(length >= 0 ? length : throw Damaged("a line has no end")));
        _position++;
        return line;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        var bytes =
            count <= _program.Length - _position
                ? _program.Slice(_position, count)
                : throw Damaged("it ends in the middle of an instruction");
        _position += count;
        return bytes;
    }

    private readonly CheckpointException Damaged(string problem) => new(path, $"its pickle is damaged, or not a checkpoint's: {problem}.");

    private sealed record Global(string Name);
}
