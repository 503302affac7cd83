using System.Text;
using WanSharp.Graphs;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Tests.Weights;

/// <summary>Quantized weights of every layout give the numbers that they stand for, or are refused.</summary>
public sealed class WeightScaleTests : IDisposable
{
    private const int Rows = 48;
    private const int Columns = 256;

    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("wansharp-").FullName, "weights.safetensors");
    private readonly sbyte[] _codes = [.. Enumerable.Range(0, Rows * Columns).Select(i => (sbyte)((i * 37 % 255) - 127))];

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);

    [Theory]
    [InlineData("weight_scale_inv", 16, 16, "3,16")] // square blocks
    [InlineData("weight_scale_inv", 32, 32, "2,8")] // the last row of blocks is cut
    [InlineData("weight_scale_inv", 128, 128, "1,2")]
    [InlineData("weight_scale", 1, 64, "48,4")] // groups of a row
    [InlineData("scale_weight", 1, 64, "48,4,1")]
    [InlineData("scale_weight", 1, 256, "48,1")]
    [InlineData("weight_scale", 48, 256, "1,1")]
    public void Get_AnyGridOfScales_MultipliesEachPartByItsOwn(string suffix, int blockRows, int blockColumns, string shape)
    {
        long[] dims = [.. shape.Split(',').Select(long.Parse)];
        float[] scales = [.. Enumerable.Range(1, (int)Shape.Create(dims).ElementCount).Select(i => i * 0.37f)];
        using var store = Store(DType.I8, new() { [$"w.{suffix}"] = Tensor.CopyOf<float>(Shape.Create(dims), scales) });
        var across = (Columns + blockColumns - 1) / blockColumns;
        Assert.Equal(
            _codes.Select((code, i) => code * scales[(i / Columns / blockRows * across) + (i % Columns / blockColumns)]),
            Get(store)
        );

        using var table = new EmbeddingTable(store, "w.weight", Rows, Columns).Lookup([Rows - 1]);
        Assert.Equal(Get(store)[^Columns..], table.Read<float>().ToArray());
    }

    [Theory]
    [InlineData(256, true)]
    [InlineData(64, true)]
    [InlineData(16, false)]
    [InlineData(4, true)]
    public void Get_RotatedCodes_AreRotatedBack(int group, bool isPerRow)
    {
        float[] scales = [.. Enumerable.Range(1, isPerRow ? Rows : 1).Select(i => i * 0.013f)];
        using var store = Store(
            DType.I8,
            new()
            {
                ["w.weight_scale"] = Tensor.CopyOf<float>([scales.Length, 1], scales),
                ["w.comfy_quant"] = Text(
                    $$"""{"format": "int8_tensorwise", "convrot": true, "convrot_groupsize": {{group}}, "per_row": true}"""
                ),
            }
        );
        var expected = Rotated(group).Select((code, i) => code * scales[isPerRow ? i / Columns : 0]).ToArray();
        Assert.Equal(expected, Get(store)); // exact: the rotation of whole numbers rounds nothing
        Assert.Equal(expected.Select(value => (float)(Half)value), Get(store, DType.F16));
    }

    [Theory]
    [InlineData("""{"format":"int8_tensorwise"}""", null)]
    [InlineData(
        """{"format":"int8_tensorwise","convrot":false,"per_row":true,"orig_dtype":"torch."""
            + """bfloat16","orig_shape":[48,256],"full_precision_matrix_mult":true}""",
        null
    )]
    [InlineData("""{"format":"int8_blockwise","group_size":256}""", null)]
    [InlineData("""{"format":"int8_blockwise","group_size":128}""", "1×128")]
    [InlineData("""{"format":"int8_blockwise","block_size":[1,256]}""", null)]
    [InlineData("""{"format":"int8_blockwise","block_size":[1,256],"group_size":128}""", "differ")]
    [InlineData("""{"format":"int8_blockwise","block_size":"256"}""", "'256'")]
    [InlineData("""{"format":"int8_tensorwise","per_row":"yes"}""", "JSON")]
    [InlineData("{\"format\":\"int8_tensorwise\"}\0\0\0", null)] // padded
    [InlineData("{\"format\":\"int8_tensorwise\"} \n\0", null)]
    [InlineData("{\"format\":\"int8_tensorwise\"}\0 ", "JSON")]
    [InlineData("{\"format\":\"int8_tensorwise\"}\0{}", "JSON")]
    [InlineData("{\"format\":\"int8_tensorwise\"}\u0001", "JSON")]
    [InlineData("\0{\"format\":\"int8_tensorwise\"}", "JSON")]
    [InlineData("\0\0", "JSON")]
    [InlineData("""{"format":"nvfp4","group_size":16}""", "'nvfp4' is not supported")]
    [InlineData("""{"format":"mxfp8"}""", "'mxfp8' is not supported")]
    [InlineData("""{"format":"asym_w4a8_int8"}""", "'asym_w4a8_int8' is not supported")]
    [InlineData("""{"convrot":true}""", "'' is not supported")]
    [InlineData("""{"format":"float8_e4m3fn"}""", "it is I8, but its note says that it was quantized as float8_e4m3fn")]
    [InlineData("""{"format":"int8_tensorwise","twist":true}""", "'twist'")]
    [InlineData("""{"format":"int8_tensorwise","orig_shape":[256,48]}""", "[256, 48]")]
    [InlineData("""{"format":"int8_tensorwise","convrot":true,"convrot_groupsize":128}""", "groups of 128")]
    [InlineData("""{"format":"int8_tensorwise","convrot":true,"convrot_groupsize":1024}""", "groups of 1024")]
    [InlineData("""{"format":"int8_tensorwise","convrot":true,"convrot_groupsize":0}""", "'0'")]
    [InlineData("""{"format":"int8_tensorwise","convrot":1}""", "JSON")]
    [InlineData("""{"format":"int8_tensorwise","format":"int8_tensorwise"}""", "JSON")]
    [InlineData("""[]""", "JSON")]
    [InlineData("""int8""", "JSON")]
    public void Get_WithANote_ItIsUnderstoodOrRefused(string note, string? cause)
    {
        using var store = Store(
            DType.I8,
            new()
            {
                ["w.weight_scale"] = Tensor.CopyOf<float>([Rows], Enumerable.Repeat(2f, Rows).ToArray()),
                ["w.comfy_quant"] = Text(note),
            }
        );
        if (cause is null)
        {
            Assert.Equal(_codes.Select(code => code * 2f), Get(store));
        }
        else
        {
            Assert.Contains(cause, Assert.Throws<CheckpointException>(() => Get(store)).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(96, "48,3", null)] // 96 + 96 + 64: the last group is cut
    [InlineData(96, "1,3", null)] // blocks of 96 rows, of which there are 48
    [InlineData(32, "2,8", null)]
    [InlineData(96, "48,4", "1×96")]
    [InlineData(64, "48,2", "1×64")]
    public void Get_WithTheSizeOfGroupsInTheNote_TheyAreThose(int size, string shape, string? cause)
    {
        long[] dims = [.. shape.Split(',').Select(long.Parse)];
        float[] scales = [.. Enumerable.Range(1, (int)Shape.Create(dims).ElementCount).Select(i => i * 0.37f)];
        using var store = Store(
            DType.I8,
            new()
            {
                ["w.weight_scale"] = Tensor.CopyOf<float>(Shape.Create(dims), scales),
                ["w.comfy_quant"] = Text($$"""{"format":"int8_blockwise","group_size":{{size}}}"""),
            }
        );
        if (cause is not null)
        {
            Assert.Contains(cause, Assert.Throws<CheckpointException>(() => Get(store)).Message, StringComparison.Ordinal);
            return;
        }

        var rows = dims[0] == Rows ? 1 : size;
        Assert.Equal(_codes.Select((code, i) => code * scales[(i / Columns / rows * (int)dims[1]) + (i % Columns / size)]), Get(store));
    }

    [Fact]
    public void Get_ANoteThatIsNoText_IsRefused()
    {
        using var store = Store(
            DType.I8,
            new() { ["w.weight_scale"] = Tensor.CopyOf<float>([1], [2f]), ["w.comfy_quant"] = Tensor.CopyOf<float>([1], [1f]) }
        );
        Assert.Contains("w.comfy_quant", Assert.Throws<CheckpointException>(() => Get(store)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("47")]
    [InlineData("1,48")]
    [InlineData("48,3")]
    [InlineData("48,32")] // groups of 8
    [InlineData("5,5")]
    [InlineData("48,256,2")]
    [InlineData("0")]
    public void Get_ScalesOfNoKnownLayout_AreRefused(string shape)
    {
        var scales = Tensor.Zeros(DType.F32, Shape.Create([.. shape.Split(',').Select(long.Parse)]));
        using var store = Store(DType.I8, new() { ["w.weight_scale"] = scales });
        Assert.Contains("'w.weight_scale'", Assert.Throws<CheckpointException>(() => Get(store)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_ScalesOfAnotherFormat_AreRefused()
    {
        using var store = Store(DType.F8E4M3, new() { ["w.weight_scale"] = Tensor.Zeros(DType.U8, [Rows, Columns / 32]) });
        Assert.Contains("mxfp8", Assert.Throws<CheckpointException>(() => Get(store)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_TwoScales_AreRefused()
    {
        using var store = Store(
            DType.I8,
            new() { ["w.weight_scale"] = Tensor.CopyOf<float>([1], [2f]), ["w.scale_weight"] = Tensor.CopyOf<float>([1], [2f]) }
        );
        Assert.Contains("two scales", Assert.Throws<CheckpointException>(() => Get(store)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DType.I8)]
    [InlineData(DType.U8)]
    public void Get_IntegersWithoutAScale_AreRefused(DType dtype)
    {
        using var store = Store(dtype, []);
        Assert.Contains("without a scale", Assert.Throws<CheckpointException>(() => Get(store)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "without a scale",
            Assert.Throws<CheckpointException>(() => new EmbeddingTable(store, "w.weight", Rows, Columns)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Get_AMatrixOfZeros_IsAnUnfinishedDownload()
    {
        Array.Clear(_codes);
        foreach (var dtype in new[] { DType.F16, DType.F32 }) // converted, or a view
        {
            using var store = Store(dtype, []);
            Assert.Contains("not complete", Assert.Throws<CheckpointException>(() => Get(store)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Get_AMatrixWithAHoleOfZeros_IsAnUnfinishedDownload()
    {
        const int Large = 1024; // a matrix of four megabytes
        var values = Enumerable.Range(1, Large * Large).Select(i => (float)i).ToArray();
        Array.Clear(values, 300_001, 150_000); // 600 KB that begin anywhere
        SafetensorsWriter.Write(_path, new Dictionary<string, Tensor> { ["w.weight"] = Tensor.CopyOf<float>([Large, Large], values) });
        using var store = new WeightStore(Checkpoint.Open(_path));
        Assert.Contains(
            "not complete",
            Assert.Throws<CheckpointException>(() => store.Get(new WeightSlot("w.weight", DType.F32, [Large, Large]))).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(8, 10, 30)] // in the middle, with a step for parts that are smaller than a table's
    [InlineData(1 << 20, 75, 100)] // the end
    public void Refuse_ATableOfWordsWithAHole_MeetsItWhateverTheStep(int step, int from, int to)
    {
        const int Words = (1 << 16) + 8;
        const int Width = 128; // 33 MB of float32, in parts of 4
        using var table = Tensor.Zeros(DType.F32, [Words, Width]);
        table.Write<float>().Fill(1);
        table.Write<float>()[(from * Words / 100 * Width)..(to * Words / 100 * Width)].Clear();

        Assert.Contains(
            "not complete",
            Assert.Throws<CheckpointException>(() => ZeroedParts.Refuse("t", "w.weight", table, step)).Message,
            StringComparison.Ordinal
        );

        SafetensorsWriter.Write(_path, new Dictionary<string, Tensor> { ["w.weight"] = table });
        using var store = new WeightStore(Checkpoint.Open(_path));
        var words = new EmbeddingTable(store, "w.weight", Words, Width);
        var token = (from + 5) * Words / 100;
        Assert.Contains(
            $"token {token}",
            Assert.Throws<CheckpointException>(() => words.Lookup([token])).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Get_TheFactorsOfANorm_AreNotAllZero()
    {
        SafetensorsWriter.Write(
            _path,
            new Dictionary<string, Tensor> { ["n.weight"] = Tensor.Zeros(DType.F32, [64]), ["n.bias"] = Tensor.Zeros(DType.F32, [64]) }
        );
        using var store = new WeightStore(Checkpoint.Open(_path));
        store.Get(new WeightSlot("n.bias", DType.F32, [64]));
        Assert.Contains(
            "all of it is zero",
            Assert.Throws<CheckpointException>(() => store.Get(new WeightSlot("n.weight", DType.F32, [64]))).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("1")]
    [InlineData("48,1")]
    [InlineData("48,4")]
    public void Get_AScaleOfZero_BelongsToCodesOfZero(string shape)
    {
        long[] dims = [.. shape.Split(',').Select(long.Parse)];
        var scales = Enumerable.Repeat(2f, (int)Shape.Create(dims).ElementCount).ToArray();
        scales[0] = 0;
        using (var lost = Store(DType.I8, new() { ["w.weight_scale"] = Tensor.CopyOf<float>(Shape.Create(dims), scales) }))
        {
            Assert.Contains("factor of 0", Assert.Throws<CheckpointException>(() => Get(lost)).Message, StringComparison.Ordinal);
        }

        if (scales.Length > 1)
        {
            Array.Clear(_codes, 0, _codes.Length / scales.Length);
            using var store = Store(DType.I8, new() { ["w.weight_scale"] = Tensor.CopyOf<float>(Shape.Create(dims), scales) });
            Assert.Equal(_codes.Select(code => code * 2f), Get(store));
        }
    }

    private static float[] Get(WeightStore store, DType dtype = DType.F32)
    {
        using var singles = store.Get(new WeightSlot("w.weight", dtype, [Rows, Columns])).ConvertTo(DType.F32);
        return singles.Read<float>().ToArray();
    }

    /// <summary>The codes times the matrix that the definition of ConvRot gives, group by group.</summary>
    private float[] Rotated(int group)
    {
        float[,] base4 =
        {
            { 1, 1, 1, -1 },
            { 1, 1, -1, 1 },
            { 1, -1, 1, 1 },
            { -1, 1, 1, 1 },
        };
        var result = new float[_codes.Length];
        for (var i = 0; i < result.Length; i++)
        {
            var first = i - (i % group);
            for (var j = 0; j < group; j++)
            {
                var sign = 1f;
                for (int a = i - first, b = j, size = group; size > 1; size /= 4, a /= 4, b /= 4)
                {
                    sign *= base4[b % 4, a % 4];
                }

                result[i] += _codes[first + j] * sign;
            }

            result[i] /= MathF.Sqrt(group);
        }

        return result;
    }

    private static Tensor Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Tensor.CopyOf<byte>([bytes.Length], bytes);
    }

    private WeightStore Store(DType dtype, Dictionary<string, Tensor> others)
    {
        using var singles = Tensor.CopyOf<float>([Rows, Columns], [.. _codes.Select(code => (float)code)]);
        using var weight = dtype switch
        {
            DType.I8 => Tensor.CopyOf<sbyte>([Rows, Columns], _codes),
            DType.U8 => Tensor.CopyOf<byte>([Rows, Columns], [.. _codes.Select(code => (byte)code)]),
            _ => singles.ConvertTo(dtype),
        };
        SafetensorsWriter.Write(_path, new Dictionary<string, Tensor>(others) { ["w.weight"] = weight });
        foreach (var other in others.Values)
        {
            other.Dispose();
        }

        return new WeightStore(Checkpoint.Open(_path));
    }
}
