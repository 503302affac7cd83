using System.IO.Compression;
using System.Text;
using WanSharp.Testing;

namespace WanSharp.Tensors.Tests.Torch;

public sealed class TorchFileTests : IDisposable
{
    private const int Mutations = 6000;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_StateDictionary_MapsTensorsInPlace()
    {
        using var file = Checkpoint.Open(Data("module.pth"));
        Assert.Equal(["0.bias", "0.weight", "1.bias", "1.weight"], file.Tensors.Keys.Order());
        Assert.Equal([0, 1, 2, 3, 4, 5], file.Get("0.weight").Read<float>().ToArray());
        Assert.Equal([2, 3], file.Get("0.weight").Shape);
        Assert.True(file.Get("0.weight").IsReadOnly);
        Assert.Empty(file.Unsupported);
    }

    [Fact]
    public void Open_EveryKindOfTensor_HasItsElements()
    {
        using var file = Checkpoint.Open(Data("kinds.pth"));
        Assert.Equal(Enumerable.Range(0, 24).Select(i => (float)i), file.Get("plain").Read<float>().ToArray());
        Assert.Equal([2, 3, 4], file.Get("plain").Shape);
        Assert.Equal([4, 5, 6, 7, 8, 9], file.Get("window").Read<float>().ToArray());
        Assert.Equal([12, 13, 14, 15, 16, 17], file.Get("row").Read<float>().ToArray());
        Assert.Equal([6, 4], file.Get("transposed").Shape);
        Assert.Equal([0, 6, 12, 18, 1, 7], file.Get("transposed").Read<float>()[..6].ToArray());
        Assert.Equal(23, file.Get("transposed").Read<float>()[^1]);
        Assert.Equal([0, 0, 0, 1, 1, 1], file.Get("expanded").Read<float>().ToArray());
        Assert.Equal([0, 1, 2], file.Get("parameter").Read<float>().ToArray());
        Assert.Equal(2.5f, file.Get("scalar").Read<float>()[0]);
        Assert.Equal(Shape.Scalar, file.Get("scalar").Shape);
        Assert.Equal([0, 3], file.Get("empty").Shape);
        Assert.Equal([(Half)1.5, (Half)(-2)], file.Get("f16").Read<Half>().ToArray());
        Assert.Equal([(BFloat16)1.5f, (BFloat16)(-2f)], file.Get("bf16").Read<BFloat16>().ToArray());
        Assert.Equal([-(1L << 40), 7], file.Get("i64").Read<long>().ToArray());
        Assert.Equal(-5, file.Get("i8").Read<sbyte>()[0]);
        Assert.Equal(250, file.Get("u8").Read<byte>()[0]);
        Assert.Equal([true, false], file.Get("bool").Read<bool>().ToArray());
        Assert.Equal("DoubleStorage", file.Unsupported["f64"]);
    }

    [Fact]
    public void Dispose_EndsTheViewsAndTheCopies()
    {
        var file = Checkpoint.Open(Data("kinds.pth"));
        Tensor[] tensors = [file.Get("plain"), file.Get("transposed")];
        file.Dispose();
        Assert.All(
            tensors,
            tensor =>
                Assert.Throws<ObjectDisposedException>(() =>
                {
                    _ = tensor.Read<float>().Length;
                })
        );
    }

    [Fact]
    public void Open_NestedStateDictionary_IsFound()
    {
        using var file = Checkpoint.Open(Data("nested.pth"));
        Assert.Equal([0, 1], file.Get("a").Read<float>().ToArray());
    }

    [Fact]
    public void Open_Zip64_IsRead()
    {
        using var file = Checkpoint.Open(Data("zip64.pth"));
        Assert.Equal([0, 1, 2, 3, 4, 5], file.Get("0.weight").Read<float>().ToArray());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Open_AnyProtocol_IsRead(int protocol)
    {
        var writer = new TorchWriter(protocol);
        writer.Write(_folder["p.pth"], new() { ["a"] = TorchWriter.Tensor([2, 3], [1, 2, 3, 4, 5, 6]), ["note"] = 7 });
        using var file = Checkpoint.Open(_folder["p.pth"]);
        Assert.Equal([1, 2, 3, 4, 5, 6], file.Get("a").Read<float>().ToArray());
        Assert.Equal([2, 3], file.Get("a").Shape);
        Assert.Equal(["a"], file.Tensors.Keys);
    }

    [Fact]
    public void Open_Float8_IsRebuiltFromBytes()
    {
        new TorchWriter(2).Write(
            _folder["fp8.pth"],
            new()
            {
                ["a"] = new TorchWriter.Typed("float8_e4m3fn", [2, 2], [0x38, 0xB8, 0x40, 0x00]),
                ["b"] = new TorchWriter.Typed("float64", [1], new byte[8]),
            }
        );
        using var file = Checkpoint.Open(_folder["fp8.pth"]);
        using var floats = file.Get("a").ConvertTo(DType.F32);
        Assert.Equal([1, -1, 2, 0], floats.Read<float>().ToArray());
        Assert.Equal("float64", file.Unsupported["b"]);
    }

    [Fact]
    public void Open_Float8BeyondItsStorage_IsRefused()
    {
        new TorchWriter(2).Write(_folder["fp8.pth"], new() { ["a"] = new TorchWriter.Typed("float32", [2], new byte[7]) });
        SafetensorsFileTests.AssertNames(Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder["fp8.pth"])), "'a'", "beyond");
    }

    [Fact]
    public void Open_SeveralNetworks_NamesEachByItsKey()
    {
        var network = new Dictionary<string, object> { ["w"] = TorchWriter.Tensor([1], [3]) };
        new TorchWriter(2).Write(
            _folder["two.pth"],
            new()
            {
                ["generator"] = network,
                ["generator_ema"] = new Dictionary<string, object>(network),
                ["step"] = 3000,
            }
        );
        using var file = Checkpoint.Open(_folder["two.pth"]);
        Assert.Equal(["generator.w", "generator_ema.w"], file.Tensors.Keys.Order());
    }

    [Fact]
    public void Open_ANetworkNextToItsOptimizer_HasItsOwnNames()
    {
        var tensor = TorchWriter.Tensor([1], [3]);
        new TorchWriter(2).Write(
            _folder["last.ckpt"],
            new()
            {
                ["state_dict"] = new Dictionary<string, object> { ["w"] = tensor },
                ["hyper_parameters"] = new Dictionary<string, object> { ["rank"] = 8 },
                ["optimizer"] = new Dictionary<string, object>
                {
                    ["state"] = new Dictionary<int, object> { [0] = new Dictionary<string, object> { ["exp_avg"] = tensor } },
                    ["param_groups"] = new object[] { 1 },
                },
            }
        );
        using var file = Checkpoint.Open(_folder["last.ckpt"]);
        Assert.Equal(["w"], file.Tensors.Keys);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void Open_TensorsInListsAndUnderNumbers_AreNamedByThem(int protocol)
    {
        var tensor = TorchWriter.Tensor([1], [3]);
        new TorchWriter(protocol).Write(
            _folder["average.pth"],
            new()
            {
                ["state_dict"] = new Dictionary<string, object> { ["w"] = tensor },
                ["ema"] = new Dictionary<string, object> { ["shadow_params"] = new object[] { tensor, tensor } },
                ["numbered"] = new Dictionary<int, object> { [7] = new TorchWriter.Parameter(tensor) },
                ["optimizers"] = new object[]
                {
                    new Dictionary<string, object>
                    {
                        ["state"] = new Dictionary<int, object> { [0] = new Dictionary<string, object> { ["exp_avg"] = tensor } },
                        ["param_groups"] = new object[] { 1 },
                    },
                },
            }
        );
        using var file = Checkpoint.Open(_folder["average.pth"]);
        Assert.Equal(["ema.shadow_params.0", "ema.shadow_params.1", "numbered.7", "state_dict.w"], file.Tensors.Keys.Order());
        Assert.Equal(3, file.Get("numbered.7").Read<float>()[0]);
    }

    [Theory]
    [InlineData("}q\0X\u0001\0\0\0ah\0s.", "state_dict()")] // a dictionary in itself
    [InlineData("}(X\u0001\0\0\0aX\u0001\0\0\0bu.", "state_dict()")]
    public void Open_DictionariesWithoutTensors_AreRefused(string pickle, string cause) =>
        SafetensorsFileTests.AssertNames(Assert.Throws<CheckpointException>(() => Checkpoint.Open(Write(pickle))), "bad.pth", cause);

    [Fact]
    public void Open_DictionariesWithoutEnd_AreRefused()
    {
        const int Deep = 200_000;
        var pickle = string.Concat(Enumerable.Repeat("}X\u0001\0\0\0a", Deep)) + "K\u0001" + new string('s', Deep) + ".";
        SafetensorsFileTests.AssertNames(
            Assert.Throws<CheckpointException>(() => Checkpoint.Open(Write(pickle))),
            "bad.pth",
            "state_dict()"
        );
    }

    [Theory]
    [InlineData("compressed.pth", "compressed")]
    [InlineData("legacy.pth", "before 1.6")]
    [InlineData("bare_tensor.pth", "state_dict()")]
    public void Open_FilesThatAreNotRead_SaysWhy(string name, string cause) =>
        SafetensorsFileTests.AssertNames(Assert.Throws<CheckpointException>(() => Checkpoint.Open(Data(name))), name, cause);

    [Theory]
    [InlineData("cos\nsystem\n(X\u0005\0\0\0touchtR.", "'os.system'")]
    [InlineData("cposix\nsystem\n.", "'posix.system'")]
    [InlineData("cbuiltins\neval\n.", "'builtins.eval'")]
    [InlineData("c__builtin__\ngetattr\n.", "'__builtin__.getattr'")]
    [InlineData("ctorch\nload\n.", "'torch.load'")]
    [InlineData("ctorch.storage\n_load_from_bytes\n.", "'torch.storage._load_from_bytes'")]
    [InlineData("ctorch\nFloatStorage.__init__\n.", "'torch.FloatStorage.__init__'")]
    [InlineData("cos\u0000\u0007\nsystem\n.", "os\uFFFD")]
    [InlineData("(X\u0002\0\0\0lsios\nsystem\n.", "0x69")] // INST
    [InlineData("P0\n.", "0x50")]
    [InlineData("ctorch\nFloatStorage\n)R.", "'torch.FloatStorage'")]
    [InlineData("ccollections\nOrderedDict\nK\u0001\u0085R.", "other arguments")]
    [InlineData("K\u0001)R.", "not a function")]
    [InlineData("ccollections\nOrderedDict\n)\u0081.", "state_dict()")] // NEWOBJ
    [InlineData("K\u0001}b.", "not a dictionary")]
    [InlineData("K\u0001Q.", "persistent id")]
    [InlineData("X\u00FF\u00FF\u00FF\u007Fa.", "claims")]
    [InlineData("X\u00FF\0\0\0a.", "middle")]
    [InlineData("h\u0005.", "value 5")]
    [InlineData("t.", "mark")]
    [InlineData("\u0087.", "more values")]
    [InlineData(".", "more values")]
    [InlineData("K\u0001K\u0002a.", "not a list")]
    [InlineData("K\u0001K\u0002K\u0003s.", "not a dictionary")]
    [InlineData("\u0080\u0006.", "protocol 6")]
    [InlineData("\u008A\u0009\0\0\0\0\0\0\0\0\0.", "state_dict()")]
    [InlineData("}", "middle")]
    [InlineData("}.", "state_dict()")]
    [InlineData("cno line", "no end")]
    public void Open_PickleThatIsNoCheckpoint_RefusesWithoutRunningIt(string pickle, string cause) =>
        SafetensorsFileTests.AssertNames(Assert.Throws<CheckpointException>(() => Checkpoint.Open(Write(pickle))), "bad.pth", cause);

    /// <summary>What trainings keep next to a network is made by functions that are not known: it is left, and nothing is called.</summary>
    [Theory]
    [InlineData("cargparse\nNamespace\n)\u0081}X\u0002\0\0\0lrK\u0001sb")]
    [InlineData("cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(X\u0002\0\0\0f8K\0K\u0001tRC\u0001atR")]
    [InlineData("ccollections\ndefaultdict\nc__builtin__\nlist\n\u0085RX\u0001\0\0\0aK\u0001s")]
    [InlineData("c__builtin__\nset\n]\u0085R")]
    [InlineData("\u008F(K\u0001\u0090")] // a set of protocol 4
    [InlineData("cdatetime\ndatetime\n)}\u0092")]
    [InlineData("\u008A\u0009\0\0\0\0\0\0\0\0\u0001")] // 2^64
    [InlineData("}K\u0001K\u0002\u0086K\u0003s")] // a key of two numbers
    public void Open_WithWhatATrainingKeeps_ReadsTheTensors(string other)
    {
        using var file = Checkpoint.Open(Write($"}}X\u0001\0\0\0w{SmallTensor}sX\u0001\0\0\0o{other}s.", storage: new byte[32]));
        Assert.Equal(["w"], file.Tensors.Keys);
        Assert.Empty(file.Unsupported);
    }

    /// <summary>A tensor never goes unseen.</summary>
    [Theory]
    [InlineData("}(X\u0001\0\0\0oclib\nWrapped\nT\u0085Ru.", "'o'")]
    [InlineData("}(X\u0001\0\0\0oclib\nWrapped\n)\u0081}X\u0001\0\0\0dTsbu.", "'o'")]
    [InlineData("}(X\u0001\0\0\0oclib\nWrapped\n)}X\u0001\0\0\0dTs\u0092u.", "'o'")]
    [InlineData("}(X\u0001\0\0\0o\u008F(T\u0090u.", "'o'")]
    [InlineData("}(K\u0001K\u0002\u0086Tu.", "no text")]
    public void Open_WithATensorWhereItHasNoName_SaysSo(string pickle, string cause)
    {
        var path = Write(pickle.Replace("T", SmallTensor, StringComparison.Ordinal), storage: new byte[32]);
        var refused = Record.Exception(() =>
        {
            using var file = Checkpoint.Open(path);
            Assert.Empty(file.Tensors);
            _ = file.Get(Assert.Single(file.Unsupported).Key);
        });
        Assert.Contains(cause, Assert.IsType<CheckpointException>(refused).Message, StringComparison.Ordinal);
    }

    private const string SmallTensor =
        "ctorch._utils\n_rebuild_tensor_v2\n((X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\00X\u0003\0\0\0cpuK\u0008tQK\0"
        + "K\u0002\u0085K\u0001\u0085\u0089NtR";

    [Theory]
    [InlineData(0, 2, 1, 8, null)]
    [InlineData(0, 9, 1, 9, "beyond")]
    [InlineData(7, 2, 1, 8, "beyond")]
    [InlineData(-1, 2, 1, 8, "beyond")]
    [InlineData(0, 2, -1, 8, "beyond")]
    [InlineData(0, 2, 2000000000, 8, "beyond")]
    [InlineData(0, 2000000000, 0, 8, "not contiguous")]
    [InlineData(0, -2, 1, 8, "negative")]
    public void Open_TensorsBeyondTheirStorage_AreRefused(int offset, int dim, int stride, int storageLength, string? cause)
    {
        var path = Write(
            $"}}X\u0001\0\0\0actorch._utils\n_rebuild_tensor_v2\n((X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\0"
                + $"0X\u0003\0\0\0cpu{Int(storageLength)}tQ{Int(offset)}{Int(dim)}\u0085{Int(stride)}\u0085\u0089NtRs.",
            storage: new byte[32]
        );
        if (cause is null)
        {
            using var file = Checkpoint.Open(path);
            Assert.Equal(dim, file.Get("a").Shape[0]);
        }
        else
        {
            SafetensorsFileTests.AssertNames(Assert.Throws<CheckpointException>(() => Checkpoint.Open(path)), "'a'", cause);
        }

        static string Int(int value) => "J" + string.Concat(BitConverter.GetBytes(value).Select(part => (char)part));
    }

    [Fact]
    public void Open_PickleThatIsTooLong_IsRefused() =>
        SafetensorsFileTests.AssertNames(
            Assert.Throws<CheckpointException>(() => Checkpoint.Open(Write(new string('}', (4 << 20) + 1)))),
            "bad.pth",
            "holds numbers itself"
        );

    [Fact]
    public void Open_ZipWithoutPickle_IsRefused()
    {
        using (var archive = ZipFile.Open(_folder["bad.pth"], ZipArchiveMode.Create))
        {
            archive.CreateEntry("other");
        }

        SafetensorsFileTests.AssertNames(
            Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder["bad.pth"])),
            "bad.pth",
            "data.pkl"
        );
    }

    [Fact]
    public void Open_DamagedFiles_OpensOrRefuses()
    {
        var refused = 0;
        foreach (var name in new[] { "module.pth", "zip64.pth" })
        {
            var valid = File.ReadAllBytes(Data(name));
            var directory = valid.AsSpan().IndexOf("PK\x01\x02"u8);
            refused += new FormatFuzz(valid, [0..700, directory..valid.Length], Checkpoint.Open).Run(1, Mutations / 3);
        }

        new TorchWriter(5).Write(
            _folder["new.pth"],
            new()
            {
                ["a"] = new TorchWriter.Typed("float8_e4m3fn", [2, 8], new byte[16]),
                ["b"] = new Dictionary<string, object> { ["c"] = TorchWriter.Tensor([2], [1, 2]) },
            }
        );
        var recent = File.ReadAllBytes(_folder["new.pth"]);
        refused += new FormatFuzz(recent, [0..600, recent.AsSpan().IndexOf("PK\x01\x02"u8)..recent.Length], Checkpoint.Open).Run(
            2,
            Mutations / 3
        );
        Assert.InRange(refused, Mutations / 2, Mutations);
    }

    private static string Data(string name) => Path.Combine(AppContext.BaseDirectory, "Data", name);

    private string Write(string pickle, byte[]? storage = null)
    {
        File.Delete(_folder["bad.pth"]);
        using var archive = ZipFile.Open(_folder["bad.pth"], ZipArchiveMode.Create);
        Add("bad/data.pkl", Encoding.Latin1.GetBytes(pickle));
        Add("bad/data/0", storage ?? []);
        return _folder["bad.pth"];

        void Add(string name, byte[] bytes)
        {
            using var stream = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
            stream.Write(bytes);
        }
    }
}
