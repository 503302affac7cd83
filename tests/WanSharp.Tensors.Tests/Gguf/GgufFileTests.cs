using System.Buffers.Binary;
using System.Text;
using WanSharp.Tensors.Gguf;
using WanSharp.Testing;

namespace WanSharp.Tensors.Tests.Gguf;

public sealed class GgufFileTests : IDisposable
{
    private const int Mutations = 6000;

    private static readonly string Blocks = Path.Combine(AppContext.BaseDirectory, "Data", "blocks.gguf");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("q8_0", DType.Q80)]
    [InlineData("q4_0", DType.Q40)]
    [InlineData("q4_1", DType.Q41)]
    [InlineData("q5_0", DType.Q50)]
    [InlineData("q5_1", DType.Q51)]
    [InlineData("q2_K", DType.Q2K)]
    [InlineData("q3_K", DType.Q3K)]
    [InlineData("q4_K", DType.Q4K)]
    [InlineData("q5_K", DType.Q5K)]
    [InlineData("q6_K", DType.Q6K)]
    public void ConvertTo_BlockType_EqualsTheReferenceBitForBit(string name, DType dtype)
    {
        using var file = Checkpoint.Open(Blocks);
        var tensor = file.Get(name);
        Assert.Equal(dtype, tensor.DType);
        using var converted = tensor.ConvertTo(DType.F32);
        Assert.Equal(
            file.Get(name + ".expected").Read<float>().ToArray().Select(BitConverter.SingleToInt32Bits),
            converted.Read<float>().ToArray().Select(BitConverter.SingleToInt32Bits)
        );
        Assert.Equal(dtype.Name(), name, ignoreCase: true);
    }

    [Fact]
    public void Slice_OfRowsOfBlocks_IsThoseRows()
    {
        using var file = Checkpoint.Open(Blocks);
        using var rows = file.Get("q4_K").Slice(1, 2).ConvertTo(DType.F32);
        Assert.Equal(file.Get("q4_K.expected").Slice(1, 2).Read<float>().ToArray(), rows.Read<float>().ToArray());
        Assert.Throws<ArgumentException>(() => file.Get("q4_K").Reshape([768]).Slice(1, 256));
    }

    [Fact]
    public void Open_ReversesDimensionsOrTakesTheOriginalOnes()
    {
        using var file = Checkpoint.Open(Blocks);
        Assert.Equal([2, 3], file.Get("f16").Shape);
        Assert.Equal([0, 1, 2, 3, 4, 5], file.Get("f16").Read<Half>().ToArray().Select(value => (int)value));
        Assert.Equal([new BFloat16(0x3F80), new BFloat16(0xC000)], file.Get("bf16").Read<BFloat16>().ToArray());
        Assert.Equal([2, 3, 1, 2, 2], file.Get("five.dims").Shape);
        Assert.Equal(23, file.Get("five.dims").Read<float>()[23]);
    }

    [Fact]
    public void Open_TypeThatIsNotSupported_FailsOnlyWhenTheTensorIsAskedFor()
    {
        using var file = Checkpoint.Open(Blocks);
        Assert.Equal("IQ4_NL", file.Unsupported["odd"]);
        SafetensorsFileTests.AssertNames(Assert.Throws<CheckpointException>(() => file.Get("odd")), Blocks, "'odd'", "IQ4_NL");
    }

    [Fact]
    public void Metadata_IsText_AndLongListsAreOnlyCounted()
    {
        using var file = Checkpoint.Open(Blocks);
        Assert.Equal(
            "comfy.gguf.orig_shape.five.dims=[2, 3, 1, 2, 2] count=7 flag=true general.architecture=wan long=[20 entries] nested=[1 "
                + "entries] scale=0.5 words=[a, b]",
            string.Join(' ', file.Metadata.OrderBy(note => note.Key, StringComparer.Ordinal).Select(note => $"{note.Key}={note.Value}"))
        );
    }

    [Fact]
    public void Open_ByAnyName_RecognizesTheContent()
    {
        File.Copy(Blocks, _folder["weights.safetensors"]);
        using var file = Checkpoint.Open(_folder["weights.safetensors"]);
        Assert.IsType<GgufFile>(file);
    }

    [Fact]
    public void Open_HostileHeaders_NamesFileAndCause()
    {
        Refuses("version 1", Header(1, 0, 0));
        Refuses("big-endian", Header(BinaryPrimitives.ReverseEndianness(3), 0, 0));
        Refuses("tensors", Header(3, long.MaxValue, 0));
        Refuses("notes", Header(3, 0, -1));
        Refuses("ends", Header(3, 1, 0));
        Refuses("twice", Header(3, 0, 2), Note("a", 4, Bytes(7)), Note("a", 4, Bytes(7)));
        Refuses("type 99", Header(3, 0, 1), Note("a", 99, Bytes(7)));
        Refuses("bytes of a text", Header(3, 0, 1), Note("a", 8, [.. BitConverter.GetBytes(1L << 50)]));
        Refuses("longer than the file", Header(3, 0, 1), Note("a", 9, [.. Bytes(10), .. BitConverter.GetBytes(1L << 61)]));
        Refuses("UTF-8", Header(3, 0, 1), Note("a", 8, [.. BitConverter.GetBytes(1L), 0xFF]));
        Refuses("alignment", Header(3, 0, 1), Note("general.alignment", 4, Bytes(24)));
        Refuses("alignment", Header(3, 0, 1), Note("general.alignment", 4, Bytes(0)));
        Refuses(
            "deep",
            Header(3, 0, 1),
            Note("a", 9, [.. Enumerable.Repeat<byte[]>([.. Bytes(9), .. BitConverter.GetBytes(1L)], 2000).SelectMany(bytes => bytes)])
        );
        Refuses("beyond", Header(3, 1, 0), Tensor("a", [1 << 20], 0, 0));
        Refuses("beyond", Header(3, 1, 0), Tensor("a", [1], 0, 1L << 62));
        // nearly 2^63 bytes, and the data would begin behind the file's end
        Refuses("beyond", Header(3, 1, 0), Tensor("a", [(1L << 61) - 1], 0, 0));
        Refuses("multiple of 32", Header(3, 1, 0), Tensor("a", [1], 0, 1), new byte[64]);
        Refuses("twice", Header(3, 2, 0), Tensor("a", [1], 0, 0), Tensor("a", [1], 0, 0), new byte[64]);
        Refuses("dimensions", Header(3, 1, 0), Tensor("a", [1, 1, 1, 1, 1, 1, 1, 1, 1], 0, 0));
        Refuses("elements", Header(3, 1, 0), Tensor("a", [1L << 40, 1L << 40], 0, 0));
        Refuses("overflow", Header(3, 1, 0), Tensor("a", [1L << 62], 0, 0));
        Refuses("blocks of 32", Header(3, 1, 0), Tensor("a", [33], 8, 0), new byte[64]);
        Refuses(
            "another number",
            Header(3, 1, 1),
            Note("comfy.gguf.orig_shape.a", 9, [.. Bytes(5), .. BitConverter.GetBytes(1L), .. Bytes(3)]),
            Tensor("a", [2], 0, 0),
            new byte[64]
        );
        Refuses(
            "not a dimension",
            Header(3, 1, 1),
            Note("comfy.gguf.orig_shape.a", 9, [.. Bytes(8), .. BitConverter.GetBytes(1L), .. Text("x")]),
            Tensor("a", [2], 0, 0),
            new byte[64]
        );
    }

    [Fact]
    public void Open_ATensorOfAnotherTypeThanItsBytes_IsRefused()
    {
        byte[] data = [.. Enumerable.Repeat((byte)1, 2 * 34 * 32)];
        // Q4_0 for Q8_0
        Refuses("the next tensor 'b' begins at 1088", Header(3, 2, 0), Tensor("a", [1024], 2, 0), Tensor("b", [1024], 8, 1088), data);
        // F32 for Q8_0
        Refuses("the next tensor 'b' begins at 1088", Header(3, 2, 0), Tensor("a", [1024], 0, 0), Tensor("b", [1024], 8, 1088), data);
        Refuses("long before the file does", Header(3, 2, 0), Tensor("a", [1024], 8, 0), Tensor("b", [1024], 2, 1088), data);
        // IQ4_NL
        Refuses("the next tensor 'b' begins at 1088", Header(3, 2, 0), Tensor("a", [1024], 20, 0), Tensor("b", [1024], 8, 1088), data);
    }

    [Fact]
    public void Open_DamagedFiles_OpensOrRefuses()
    {
        var valid = File.ReadAllBytes(Blocks);
        var refused = new FormatFuzz(valid, [0..1600, 24..700], GgufFile.Open).Run(1, Mutations);
        Assert.InRange(refused, Mutations / 2, Mutations);
    }

    private void Refuses(string cause, params byte[][] parts)
    {
        File.WriteAllBytes(_folder["bad.gguf"], [.. parts.SelectMany(part => part)]);
        SafetensorsFileTests.AssertNames(Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder["bad.gguf"])), "bad.gguf", cause);
    }

    private static byte[] Header(int version, long tensors, long notes) =>
        [.. "GGUF"u8, .. Bytes(version), .. BitConverter.GetBytes(tensors), .. BitConverter.GetBytes(notes)];

    private static byte[] Note(string key, int kind, byte[] value) => [.. Text(key), .. Bytes(kind), .. value];

    private static byte[] Tensor(string name, long[] dims, int type, long offset) =>
        [.. Text(name), .. Bytes(dims.Length), .. dims.SelectMany(BitConverter.GetBytes), .. Bytes(type), .. BitConverter.GetBytes(offset)];

    private static byte[] Text(string text) => [.. BitConverter.GetBytes((long)text.Length), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Bytes(int value) => BitConverter.GetBytes(value);
}
