using WanSharp.Testing;

namespace WanSharp.Tensors.Tests;

/// <summary>Shards of any tool's names are found together, with an index or without.</summary>
public sealed class ShardFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("model-0000{0}-of-00003.safetensors", 1)]
    [InlineData("diffusion_pytorch_model.fp16-0000{0}-of-00003.safetensors", 1)]
    [InlineData("diffusion_pytorch_model-0000{0}-of-00003.fp16.safetensors", 1)]
    [InlineData("pytorch_model-0000{0}-of-00003.bin", 1)]
    [InlineData("model-0000{0}-of-00003.safetensors", 0)]
    public void Open_AnyShardWithoutIndex_OpensAll(string name, int first)
    {
        string[] paths = [.. Enumerable.Range(first, 3).Select(i => _folder[string.Format(null, name, i)])];
        for (var i = 0; i < paths.Length; i++)
        {
            Write(paths[i], $"t{i}", (byte)(i + 1));
        }

        foreach (var path in paths)
        {
            Assert.Equal(paths[0], ShardFiles.SetOf(path));
            using var checkpoint = Checkpoint.Open(path);
            Assert.Equal((paths[0], 3), (checkpoint.Path, checkpoint.Files.Count));
            Assert.Equal(paths, checkpoint.Files);
            Assert.Equal([1, 2, 3], Enumerable.Range(0, 3).Select(i => (int)checkpoint.Get($"t{i}").Read<byte>()[0]));
        }

        File.Delete(paths[1]);
        SafetensorsFileTests.AssertNames(
            Assert.Throws<CheckpointException>(() => Checkpoint.Open(paths[2])),
            "one of 3 shards",
            Path.GetFileName(paths[1])
        );
        Assert.Equal(paths[0], ShardFiles.SetOf(paths[2]));
    }

    [Theory]
    [InlineData("diffusion_pytorch_model.fp16-0000{0}-of-00002.safetensors", "diffusion_pytorch_model.safetensors.index.fp16.json")]
    [InlineData("model-0000{0}-of-00002.safetensors", "model.safetensors.index.json")]
    [InlineData("pytorch_model-0000{0}-of-00002.bin", "pytorch_model.bin.index.json")]
    [InlineData("other-0000{0}-of-00002.safetensors", "model.safetensors.index.json")]
    public void Open_AShard_TakesTheIndexThatNamesIt(string name, string index)
    {
        var names = Enumerable.Range(1, 2).Select(i => string.Format(null, name, i)).ToList();
        names.ForEach(shard => Write(_folder[shard], shard, 1));
        File.WriteAllText(_folder["another.safetensors.index.json"], """{"weight_map":{"a":"another-00001-of-00001.safetensors"}}""");
        File.WriteAllText(_folder[index], $$$"""{"weight_map":{"{{{names[0]}}}":"{{{names[0]}}}","{{{names[1]}}}":"{{{names[1]}}}"}}""");
        foreach (var shard in names)
        {
            using var checkpoint = Checkpoint.Open(_folder[shard]);
            Assert.Equal(_folder[index], checkpoint.Path);
            Assert.Equal(2, checkpoint.Tensors.Count);
        }

        Assert.True(ShardFiles.IsIndex(index));
    }

    [Fact]
    public void Open_TensorsThatTheIndexDoesNotName_AreThere()
    {
        Write(_folder["model-00001-of-00001.safetensors"], "a", 1, "b");
        File.WriteAllText(_folder["model.safetensors.index.json"], """{"weight_map":{"a":"model-00001-of-00001.safetensors"}}""");
        using var checkpoint = Checkpoint.Open(_folder["model.safetensors.index.json"]);
        Assert.Equal(["a", "b"], checkpoint.Tensors.Keys.Order());
    }

    /// <summary>LightX2V's shards are called as what they hold.</summary>
    [Fact]
    public void Open_AFileThatAnIndexNames_OpensAllWhateverItIsCalled()
    {
        Write(_folder["non_block.safetensors"], "a", 1);
        Write(_folder["block_0.safetensors"], "b", 2);
        Write(_folder["other.safetensors"], "c", 3);
        File.WriteAllText(
            _folder["diffusion_pytorch_model.safetensors.index.json"],
            """{"weight_map":{"a":"non_block.safetensors","b":"block_0.safetensors"}}"""
        );
        using var checkpoint = Checkpoint.Open(_folder["non_block.safetensors"]);
        Assert.Equal(["a", "b"], checkpoint.Tensors.Keys.Order());
        Assert.Equal(_folder["other.safetensors"], ShardFiles.SetOf(_folder["other.safetensors"]));
    }

    [Fact]
    public void Open_TwoShardsWithOneName_IsRefused()
    {
        Write(_folder["model-00001-of-00002.safetensors"], "a", 1);
        Write(_folder["model-00002-of-00002.safetensors"], "a", 2);
        SafetensorsFileTests.AssertNames(
            Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder["model-00001-of-00002.safetensors"])),
            "'a'",
            "another shard"
        );
    }

    [Theory]
    [InlineData("model-00001-of-999999999.safetensors", "more than 10000 shards")]
    [InlineData("model-00001-of-00009.gguf", "8 are missing")]
    public void Open_ANameThatPromisesTooMuch_IsRefused(string name, string cause)
    {
        Write(_folder[name], "a", 1);
        SafetensorsFileTests.AssertNames(Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder[name])), name, cause);
    }

    [Fact]
    public void Open_AnIndexThatNamesItself_IsRefused()
    {
        File.WriteAllText(_folder["model.safetensors.index.json"], """{"weight_map":{"a":"model.safetensors.index.json"}}""");
        SafetensorsFileTests.AssertNames(
            Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder["model.safetensors.index.json"])),
            "JSON"
        );
    }

    private static void Write(string path, string tensor, byte value, string? second = null)
    {
        using var data = Tensor.CopyOf<byte>([1], [value]);
        var tensors = new Dictionary<string, Tensor> { [tensor] = data };
        if (second is not null)
        {
            tensors.Add(second, data);
        }

        SafetensorsWriter.Write(path, tensors);
    }
}
