using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace WanSharp.Tensors.Tests.Torch;

/// <summary>Writes dictionaries of tensors as <c>torch.save</c> does, in the instructions of a protocol.</summary>
/// <param name="protocol">2 to 5.</param>
internal sealed class TorchWriter(int protocol)
{
    private const int FramedProtocol = 4;

    private readonly List<byte[]> _storages = [];
    private readonly ArrayBufferWriter<byte> _pickle = new();

    private bool IsNew => protocol >= FramedProtocol;

    /// <summary>A float tensor, as <c>_rebuild_tensor_v2</c> makes it.</summary>
    public static Typed Tensor(long[] shape, params float[] values) => new("", shape, [.. values.SelectMany(BitConverter.GetBytes)]);

    public void Write(string path, Dictionary<string, object> content)
    {
        Bytes([0x80, (byte)protocol]);
        if (IsNew)
        {
            Bytes([0x95, .. new byte[8]]);
        }

        Add(content);
        Bytes("."u8);
        var pickle = _pickle.WrittenSpan.ToArray();
        if (IsNew)
        {
            BinaryPrimitives.WriteInt64LittleEndian(pickle.AsSpan(3), pickle.Length - 11);
        }

        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        Entry("archive/data.pkl", pickle);
        foreach (var (key, storage) in _storages.Index())
        {
            Entry($"archive/data/{key}", storage);
        }

        void Entry(string name, byte[] bytes)
        {
            using var stream = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
            stream.Write(bytes);
        }
    }

    private void Add(object value)
    {
        switch (value)
        {
            case Dictionary<string, object> dictionary:
                Bytes("}"u8);
                Note();
                Bytes("("u8);
                foreach (var (key, item) in dictionary)
                {
                    Text(key);
                    Note();
                    Add(item);
                }

                Bytes("u"u8);
                break;
            case Dictionary<int, object> numbered:
                Bytes("}("u8);
                foreach (var (key, item) in numbered)
                {
                    Number(key);
                    Add(item);
                }

                Bytes("u"u8);
                break;
            case object[] list:
                Bytes("]("u8);
                Array.ForEach(list, Add);
                Bytes("e"u8);
                break;
            case Parameter parameter:
                Global("torch._utils", "_rebuild_parameter_with_state");
                Bytes("("u8);
                Add(parameter.Data);
                Bytes([0x89]);
                Global("collections", "OrderedDict");
                Bytes(")R}tR"u8);
                break;
            case Typed tensor:
                Add(tensor);
                break;
            default:
                Number((int)value);
                break;
        }
    }

    private void Add(Typed tensor)
    {
        var isFloat = tensor.Type.Length == 0;
        Global("torch._utils", isFloat ? "_rebuild_tensor_v2" : "_rebuild_tensor_v3");
        Bytes("(("u8);
        Text("storage");
        Global(isFloat ? "torch" : "torch.storage", isFloat ? "FloatStorage" : "UntypedStorage");
        Text($"{_storages.Count}");
        Text("cpu");
        Number(isFloat ? tensor.Data.Length / sizeof(float) : tensor.Data.Length);
        _storages.Add(tensor.Data);
        Bytes("tQK\0("u8);
        Array.ForEach(tensor.Shape, Number);
        Bytes("t("u8);
        for (var i = 0; i < tensor.Shape.Length; i++)
        {
            Number(Shape.Create(tensor.Shape.AsSpan(i + 1)).ElementCount);
        }

        Bytes([(byte)'t', 0x89]);
        Global("collections", "OrderedDict");
        Bytes(")R"u8);
        if (!isFloat)
        {
            Global("torch", tensor.Type);
        }

        Bytes("tR"u8);
    }

    private void Note()
    {
        if (IsNew)
        {
            Bytes([0x94]);
        }
    }

    private void Global(string module, string name)
    {
        if (IsNew)
        {
            Text(module);
            Text(name);
            Bytes([0x93]);
        }
        else
        {
            Bytes(Encoding.ASCII.GetBytes($"c{module}\n{name}\n"));
        }
    }

    private void Text(string text) =>
        Bytes(
            IsNew
                ? [0x8C, (byte)text.Length, .. Encoding.UTF8.GetBytes(text)]
                : [(byte)'X', .. BitConverter.GetBytes(text.Length), .. Encoding.UTF8.GetBytes(text)]
        );

    private void Number(long number) => Bytes([(byte)'J', .. BitConverter.GetBytes((int)number)]);

    private void Bytes(ReadOnlySpan<byte> bytes) => _pickle.Write(bytes);

    /// <summary>A parameter that has attributes.</summary>
    internal sealed record Parameter(Typed Data);

    /// <summary>A tensor whose element type is named; an empty name is that of a float storage.</summary>
    internal sealed record Typed(string Type, long[] Shape, byte[] Data);
}
