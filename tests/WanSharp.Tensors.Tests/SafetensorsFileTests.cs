using System.Text;
using WanSharp.Testing;

namespace WanSharp.Tensors.Tests;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_ValidFile_MapsTensorsAndMetadata()
    {
        var path = _folder.WriteSafetensors(
            "model.safetensors",
            """{"__metadata__":{"format":"pt"},"b":{"dtype":"U8","shape":[],"data_offsets":[4,5]},"a":{"dtype":"BF16","shape":[2,"""
                + """1],"data_offsets":[0,4]},"none":{"dtype":"F32","shape":[0,3],"data_offsets":[4,4]}}   """,
            dataLength: 5
        );
        using var file = SafetensorsFile.Open(path);
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal(["a", "b", "none"], file.Tensors.Keys.Order());
        Assert.Equal([new BFloat16(0x0201), new BFloat16(0x0403)], file.Get("a").Read<BFloat16>().ToArray());
        Assert.Equal([2, 1], file.Get("a").Shape);
        Assert.Equal(5, file.Get("b").Read<byte>()[0]);
        Assert.Equal([0, 3], file.Get("none").Shape);
        Assert.True(file.Get("a").IsReadOnly);
    }

    [Fact]
    public void Open_TypeThatIsNotSupported_FailsOnlyWhenTheTensorIsAskedFor()
    {
        var path = _folder.WriteSafetensors(
            "model.safetensors",
            """{"odd":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"a":{"dtype":"U8","shape":[1],"data_offsets":[8,9]}}""",
            dataLength: 9
        );
        using var file = SafetensorsFile.Open(path);
        Assert.Equal(9, file.Get("a").Read<byte>()[0]);
        Assert.Equal("F64", file.Unsupported["odd"]);
        AssertNames(Assert.Throws<CheckpointException>(() => file.Get("odd")), path, "'odd'", "F64", "BF16");
        AssertNames(Assert.Throws<CheckpointException>(() => file.Get("absent")), path, "'absent'", "missing");
    }

    [Fact]
    public void Dispose_EndsTheViews()
    {
        var file = SafetensorsFile.Open(
            _folder.WriteSafetensors("model.safetensors", """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", dataLength: 1)
        );
        var tensor = file.Get("a");
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() =>
        {
            _ = tensor.Read<byte>().Length;
        });
    }

    [Theory]
    [InlineData(
        """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""",
        "'a'",
        "twice"
    )]
    [InlineData("""{"a":{"dtype":"U8","dtype":"I8","shape":[8],"data_offsets":[0,8]}}""", "'a'", "twice")]
    [InlineData("""{"__metadata__":{},"__metadata__":{},"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}""", "__metadata__", "twice")]
    [InlineData("""{"__metadata__":{"k":"1","k":"2"},"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}""", "'k'", "twice")]
    [InlineData("""{"__metadata__":null,"__metadata__":{},"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}""", "__metadata__", "twice")]
    [InlineData("""{"__metadata__":{"k":1},"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}""", "'k'", "String")]
    [InlineData(
        """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[5],"data_offsets":[3,8]}}""",
        "'b'",
        "overlaps"
    )]
    [InlineData(
        """{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""",
        "'b'",
        "holes"
    )]
    [InlineData("""{"a":{"dtype":"U8","shape":[7],"data_offsets":[1,8]}}""", "'a'", "holes")]
    [InlineData("""{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}""", "'a'", "beyond")]
    [InlineData("""{"a":{"dtype":"U8","shape":[7],"data_offsets":[0,7]}}""", "1 bytes before the file", "cut it to")]
    [InlineData("""{}""", "8 bytes before the file", "cut it to")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "'a'", "[3]")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "'a'", "8 to 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", "'a'", "-8 to 0")]
    [InlineData("""{"a":{"dtype":"U8","shape":[-8],"data_offsets":[0,8]}}""", "'a'", "negative")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,2],"data_offsets":[0,8]}}""", "'a'", "many")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387906],"data_offsets":[0,8]}}""", "'a'", "fill")]
    [InlineData("""{"a":{"dtype":"I32","shape":[9223372036854775807],"data_offsets":[0,9223372036854775804]}}""", "'a'", "fill")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}""", "'a'", "integers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}""", "'a'", "at most 2")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8]}}""", "'a'", "two")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", "'a'", "data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"extra":1}}""", "'a'", "extra")]
    [InlineData("""{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}""", "'a'", "F33")]
    [InlineData("""{"a":7}""", "'a'", "StartObject")]
    [InlineData("""[]""", "header", "StartObject")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} x""", "header", "JSON")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""", "header", "JSON")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "header", "JSON")]
    public void Open_HeaderThatBreaksARule_NamesFileAndCause(string header, string where, string what)
    {
        var path = _folder.WriteSafetensors("broken.safetensors", header, dataLength: 8);
        AssertNames(Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path)), path, where, what);
    }

    [Fact]
    public void Open_ImplausibleHeaderLength_Throws()
    {
        long[] lengths = [3, -1, long.MaxValue, SafetensorsHeader.MaxLength + 1];
        foreach (var length in lengths)
        {
            var path = _folder.WriteSafetensors("broken.safetensors", "{}", headerLength: length);
            AssertNames(Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path)), path, "header");
        }
    }

    [Fact]
    public void Open_NoSuchFileOrFolderOrEmpty_Throws()
    {
        File.WriteAllBytes(_folder["empty"], []);
        File.WriteAllBytes(_folder["short"], new byte[7]);
        foreach (var path in new[] { _folder["absent"], _folder, _folder["empty"], _folder["short"], _folder["absent/absent"] })
        {
            AssertNames(Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path)), path);
        }
    }

    [Fact]
    public void Open_NameUnfitForATerminal_IsShownSafely()
    {
        var path = _folder.WriteSafetensors("broken.safetensors", $$$"""{"\u001b[2J{{{new string('x', 1000)}}}":7}""");
        var message = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path)).Message;
        Assert.DoesNotContain('\u001b', message);
        Assert.InRange(message.Length, 1, 600);
    }

    [Fact]
    public void Open_FileOver4GiB_ReachesTheLastElement()
    {
        const long Count = 5_000_000_000;
        var header = Encoding.UTF8.GetBytes(
            $$$"""{"big":{"dtype":"U8","shape":[{{{Count}}}],"data_offsets":[0,{{{Count}}}]}"""
                + $$$""","tail":{"dtype":"F32","shape":[2],"data_offsets":[{{{Count}}},{{{Count + 8}}}]}}"""
        );
        var path = _folder["big.safetensors"];
        using (var stream = File.Create(path))
        {
            // Sparse: only the written pages take room.
            stream.Write(BitConverter.GetBytes((long)header.Length));
            stream.Write(header);
            stream.Position += Count - 1;
            stream.WriteByte(42);
            stream.Write([.. BitConverter.GetBytes(1.5f), .. BitConverter.GetBytes(-2f)]);
        }

        using var file = SafetensorsFile.Open(path);
        Assert.Equal(Count, file.Get("big").ByteLength);
        Assert.Equal(42, file.Get("big").ReadBytes(Count - 1, 1)[0]);
        Assert.Equal([0, 42], file.Get("big").Slice(Count - 2, 2).Read<byte>().ToArray());
        Assert.Throws<InvalidOperationException>(() =>
        {
            _ = file.Get("big").Read<byte>().Length;
        });
        using var tail = file.Get("tail").ConvertTo(DType.F16);
        Assert.Equal([(Half)1.5f, (Half)(-2f)], tail.Read<Half>().ToArray());
    }

    internal static void AssertNames(CheckpointException exception, params string[] parts) =>
        Assert.All(parts, part => Assert.Contains(part, exception.Message, StringComparison.Ordinal));
}
