using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace WanSharp.Tensors.Torch;

/// <summary>
/// Reads the pickle of a PyTorch checkpoint. A pickle is a program; this machine has the instructions that build
/// dictionaries, lists and numbers, and knows a few functions, which build tensors. Nothing else is ever called: what another function
/// would make stays unknown, and a tensor that went into it is of no known meaning.
/// </summary>
/// <remarks>Instructions of protocol 2, which <c>torch.save</c> writes unless told otherwise, and of 3 to 5:
/// python/cpython:Lib/pickletools.py. The same restriction in PyTorch: pytorch/pytorch:torch/_weights_only_unpickler.py.</remarks>
/// <param name="path">The file, for errors.</param>
/// <param name="program">The pickle.</param>
internal ref struct TorchPickle(string path, ReadOnlySpan<byte> program)
{
    /// <summary>The longest program that is run.</summary>
    public const int MaxLength = PickleBytes.MaxLength;

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

    private readonly int _length = program.Length;
    private readonly Stack<List<object?>> _outer = new();
    private readonly Dictionary<ulong, object?> _memo = [];
    private readonly TensorSearch _search = new();
    private List<object?> _stack = [];
    private PickleBytes _bytes = new(path, program);

    /// <summary>Runs the program and returns what it built.</summary>
    /// <exception cref="CheckpointException">It asks for something that a checkpoint has no need of, or is damaged.</exception>
    public object? Run()
    {
        if (_length > MaxLength)
        {
            throw Damaged($"it has {_length} bytes, more than the {MaxLength} allowed");
        }

        while (true)
        {
            var instruction = _bytes.Take(1)[0];
            if (instruction == '.')
            {
                return Pop();
            }

            Step(instruction);
        }
    }

    /// <summary>The function that a value is, or that would have made it; null for what is known.</summary>
    public static string? NameOf(object? value) =>
        value switch
        {
            Global { Name: var name } => name,
            TorchObject { Name: var name } => name,
            _ => null,
        };

    private void Step(byte instruction)
    {
        switch (instruction)
        {
            case 0x80:
                ExpectProtocol(_bytes.Take(1)[0]);
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
                Push((long)BinaryPrimitives.ReadInt32LittleEndian(_bytes.Take(4)));
                break;
            case (byte)'K':
                Push((long)_bytes.Take(1)[0]);
                break;
            case (byte)'M':
                Push((long)BinaryPrimitives.ReadUInt16LittleEndian(_bytes.Take(2)));
                break;
            case 0x8A:
                Push(_bytes.ReadInteger(_bytes.Take(1)[0]));
                break;
            case 0x8B:
                Push(_bytes.ReadInteger(_bytes.ReadLength()));
                break;
            case (byte)'G':
                Push(BinaryPrimitives.ReadDoubleBigEndian(_bytes.Take(8)));
                break;
            case (byte)'X':
                Push(Encoding.UTF8.GetString(_bytes.Take(_bytes.ReadLength())));
                break;
            case (byte)'U' or 0x8C:
                Push(Encoding.UTF8.GetString(_bytes.Take(_bytes.Take(1)[0])));
                break;
            case 0x8D:
                Push(Encoding.UTF8.GetString(_bytes.Take(_bytes.ReadLongLength())));
                break;
            case (byte)'B':
                Push(_bytes.Take(_bytes.ReadLength()).ToArray());
                break;
            case (byte)'C':
                Push(_bytes.Take(_bytes.Take(1)[0]).ToArray());
                break;
            case 0x8E or 0x96:
                Push(_bytes.Take(_bytes.ReadLongLength()).ToArray());
                break;
            case 0x94:
                _memo[(ulong)_memo.Count] = Peek();
                break;
            case 0x95:
                _bytes.Take(sizeof(ulong));
                break; // a frame's length: it says how much to read at once
            case 0x8F:
                Push(new TorchObject("set")); // what is in one has no name
                break;
            case 0x90:
                Append(PopToMark());
                break;
            case 0x91:
                Push(Holding("frozenset", PopToMark()));
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
                _memo[_bytes.Take(1)[0]] = Peek();
                break;
            case (byte)'r':
                _memo[BinaryPrimitives.ReadUInt32LittleEndian(_bytes.Take(4))] = Peek();
                break;
            case (byte)'h':
                Push(Recall(_bytes.Take(1)[0]));
                break;
            case (byte)'j':
                Push(Recall(BinaryPrimitives.ReadUInt32LittleEndian(_bytes.Take(4))));
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
                Push(new Global(CheckGlobal($"{_bytes.ReadLine()}.{_bytes.ReadLine()}")));
                break;
            case 0x93:
                PushNamed(PopMany(2));
                break;
            case (byte)'Q':
                Push(ToStorage(Pop()));
                break;
            case (byte)'R' or 0x81:
                Call();
                break;
            case 0x92:
                CallWithNames();
                break;
            default:
                throw Damaged($"instruction 0x{instruction:X2} at byte {_bytes.Position - 1} is not one that a checkpoint needs");
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
        name.StartsWith("__torch__.", StringComparison.Ordinal)
            ? throw new CheckpointException(path, "it is a TorchScript program, not a checkpoint: get the model's weights.")
            : name;

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
                (null or OrderedDict or Size or RebuildTensor or RebuildTypedTensor or RebuildParameter or RebuildParameterWithState, _) =>
                    throw Damaged(
                        $"a call of {CheckpointException.Quote(function ?? "what is not a function")} has other arguments than it takes"
                    ),
                (_, null) => throw Damaged($"a call of {CheckpointException.Quote(function)} has no arguments"),
                _ => Holding(function, arguments),
            }
        );
    }

    private void CallWithNames()
    {
        var named = Pop();
        Call();
        if (Peek() is TorchObject made)
        {
            made.HasTensor |= _search.IsIn([named]);
        }
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

    private void SetItems(List<object?> items)
    {
        if (Peek() is TorchObject made)
        {
            made.HasTensor |= _search.IsIn(items);
            return;
        }

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
            else if (_search.IsIn([items[i + 1]]))
            {
                throw new CheckpointException(
                    path,
                    "its pickle has a tensor under a key that is no text, so that its name is not known: save the model's state_dict()."
                );
            }
        }
    }

    private void Append(List<object?> items)
    {
        if (Peek() is TorchObject made)
        {
            made.HasTensor |= _search.IsIn(items);
            return;
        }

        var list = Peek() as List<object?> ?? throw Damaged("an entry is appended to what is not a list");
        list.AddRange(items);
    }

    // The attributes of a dictionary: PyTorch notes module versions there. Those of other objects may be tensors.
    private void Build()
    {
        var state = Pop();
        if (Peek() is TorchObject made)
        {
            made.HasTensor |= _search.IsIn([state]);
        }
        else if (Peek() is not Dictionary<string, object?>)
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

    private readonly CheckpointException Damaged(string problem) => _bytes.Damaged(problem);

    private readonly TorchObject Holding(string name, IEnumerable<object?> parts) => new(name) { HasTensor = _search.IsIn(parts) };

    private sealed record Global(string Name);
}
