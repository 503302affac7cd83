using System.Text;
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

    /// <summary>The length of such a header begins as pickles of protocols 2 to 5 do.</summary>
    [Theory]
    [InlineData(0x0280)]
    [InlineData(0x0380)]
    [InlineData(0x0580)]
    [InlineData(0x1_0280)]
    public void Open_HeadersOfEveryLength_AreSafetensors(int length)
    {
        var json = Encoding.ASCII.GetBytes("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""".PadRight(length));
        File.WriteAllBytes(_folder["padded.safetensors"], [.. BitConverter.GetBytes((long)length), .. json, 7]);

        using var checkpoint = Checkpoint.Open(_folder["padded.safetensors"]);

        Assert.Equal(7, checkpoint.Get("a").Read<byte>()[0]);
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
    [InlineData("""{"weight_map":{"a":"absent.safetensors"}}""", "absent.safetensors", "opened")]
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

    private void WriteShard(string name, string tensor, byte value)
    {
        using var data = Tensor.CopyOf<byte>([1], [value]);
        SafetensorsWriter.Write(_folder[name], new Dictionary<string, Tensor> { [tensor] = data });
    }
}
