using WanSharp.Testing;

namespace WanSharp.Tensors.Tests;

public sealed class CheckpointTests : IDisposable
{
    private const string IndexName = "model.safetensors.index.json";

    private readonly TemporaryFolder _folder = new();

    public CheckpointTests()
    {
        WriteShard("shard-1.safetensors", "a", 1);
        WriteShard("shard-2.safetensors", "b", 2);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_Index_FindsTensorsInTheirShards()
    {
        var path = WriteIndex(
            """{"metadata":{"total_size":2,"by":"x"},"weight_map":{"a":"shard-1.safetensors","b":"shard-2.safetensors"}}"""
        );
        using var checkpoint = Checkpoint.Open(path);
        Assert.Equal(1, checkpoint.Get("a").Read<byte>()[0]);
        Assert.Equal(2, checkpoint.Get("b").Read<byte>()[0]);
        Assert.Equal("2", checkpoint.Metadata["total_size"]);
        Assert.Equal("x", checkpoint.Metadata["by"]);
    }

    [Fact]
    public void Dispose_OfAnIndex_EndsTheViewsOfEveryShard()
    {
        var checkpoint = Checkpoint.Open(WriteIndex("""{"weight_map":{"a":"shard-1.safetensors","b":"shard-2.safetensors"}}"""));
        Tensor[] tensors = [.. checkpoint.Tensors.Values];
        checkpoint.Dispose();
        Assert.Equal(2, tensors.Length);
        Assert.All(
            tensors,
            tensor =>
                Assert.Throws<ObjectDisposedException>(() =>
                {
                    _ = tensor.Read<byte>().Length;
                })
        );
    }

    /// <summary>The lengths of some headers are the first bytes of a pickle.</summary>
    [Theory]
    [InlineData(640)]
    [InlineData(1408)]
    [InlineData(66_176)]
    public void Open_AHeaderOfAnyLength_IsSafetensors(int length)
    {
        var bytes = File.ReadAllBytes(_folder["shard-1.safetensors"]);
        var header = (int)BitConverter.ToInt64(bytes);
        var padded = new byte[8 + length + bytes.Length - 8 - header];
        padded.AsSpan(8, length).Fill((byte)' ');
        BitConverter.TryWriteBytes(padded, (long)length);
        bytes.AsSpan(8, header).CopyTo(padded.AsSpan(8));
        bytes.AsSpan(8 + header).CopyTo(padded.AsSpan(8 + length));
        File.WriteAllBytes(_folder["padded.safetensors"], padded);

        using var checkpoint = Checkpoint.Open(_folder["padded.safetensors"]);
        Assert.Equal(1, checkpoint.Get("a").Read<byte>()[0]);
    }

    [Theory]
    [InlineData("{\"layers\":{\"a\":{\"format\":\"x\"}}}", "{\"layers\":{\"b\":{\"format\":\"y\"}}}", true)]
    [InlineData("{\"layers\":{\"a\":{\"format\":\"x\"}}}", "{\"layers\":{\"a\":{\"format\":\"y\"}}}", false)]
    [InlineData("{\"layers\":{}}", "7}", false)]
    public void Open_ShardsWithNotesOfTheirOwn_JoinsThem(string first, string second, bool fit)
    {
        WriteShard("m-00001-of-00002.safetensors", "a", 1, new() { ["_quantization_metadata"] = first, ["by"] = "one" });
        WriteShard("m-00002-of-00002.safetensors", "b", 2, new() { ["_quantization_metadata"] = second, ["by"] = "two" });
        if (!fit)
        {
            SafetensorsFileTests.AssertNames(
                Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder["m-00001-of-00002.safetensors"])),
                "m-00002-of-00002.safetensors",
                "_quantization_metadata"
            );
            return;
        }

        using var checkpoint = Checkpoint.Open(_folder["m-00001-of-00002.safetensors"]);
        Assert.Equal("{\"layers\":{\"a\":{\"format\":\"x\"},\"b\":{\"format\":\"y\"}}}", checkpoint.Metadata["_quantization_metadata"]);
        Assert.Equal("one", checkpoint.Metadata["by"]);
    }

    [Fact]
    public void Open_Folder_TakesItsIndexOrItsOnlyFile()
    {
        var severals = Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder));
        SafetensorsFileTests.AssertNames(severals, _folder, "shard-1.safetensors", "shard-2.safetensors");

        WriteIndex("""{"weight_map":{"a":"shard-1.safetensors"}}""");
        using (var indexed = Checkpoint.Open(_folder))
        {
            Assert.Equal(["a"], indexed.Tensors.Keys);
        }

        File.Delete(_folder[IndexName]);
        File.Delete(_folder["shard-2.safetensors"]);
        using (var single = Checkpoint.Open(_folder))
        {
            Assert.Equal(_folder["shard-1.safetensors"], single.Path);
        }

        File.Delete(_folder["shard-1.safetensors"]);
        SafetensorsFileTests.AssertNames(Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder)), _folder, "no .safetensors");
    }

    [Theory]
    [InlineData("""{"weight_map":{"c":"shard-1.safetensors"}}""", "shard-1", "'c'")]
    [InlineData("""{"weight_map":{"a":"absent.safetensors"}}""", "absent.safetensors: there is no such file", "or remove this index")]
    [InlineData("""{"weight_map":{"a":"../shard-1.safetensors"}}""", "index", "../shard-1")]
    [InlineData("""{"weight_map":{"a":"/etc/passwd"}}""", "index", "/etc/passwd")]
    [InlineData("""{"weight_map":{"a":"..\\shard-1.safetensors"}}""", "index", "not a file next")]
    [InlineData("""{"weight_map":{"a":"\u0000"}}""", "index", "not a file next")]
    [InlineData("""{"weight_map":{"a":""}}""", "index", "not a file next")]
    [InlineData("""{"weight_map":{"a":".."}}""", "..", "opened")]
    [InlineData("""{"weight_map":{"a":null}}""", "index", "not a file next")]
    [InlineData("""{"weight_map":{"a":7}}""", "index", "valid index")]
    [InlineData("""{"weight_map":{"a":"shard-1.safetensors","a":"shard-2.safetensors"}}""", "index", "valid index")]
    [InlineData("""{"weight_map":[]}""", "index", "valid index")]
    [InlineData("""{"metadata":{}}""", "index", "weight_map")]
    [InlineData("""[]""", "index", "valid index")]
    [InlineData("""{"weight_map":{"a":"shard-""", "index", "valid index")]
    [InlineData("", "index", "valid index")]
    public void Open_BrokenIndex_NamesFileAndCause(string json, string where, string what) =>
        SafetensorsFileTests.AssertNames(Assert.Throws<CheckpointException>(() => Checkpoint.Open(WriteIndex(json))), where, what);

    private string WriteIndex(string json)
    {
        File.WriteAllText(_folder[IndexName], json);
        return _folder[IndexName];
    }

    private void WriteShard(string name, string tensor, byte value, Dictionary<string, string>? notes = null)
    {
        using var data = Tensor.CopyOf<byte>([1], [value]);
        SafetensorsWriter.Write(_folder[name], new Dictionary<string, Tensor> { [tensor] = data }, notes);
    }
}
