using System.Text;
using WanSharp.Testing;

namespace WanSharp.Tensors.Tests;

public sealed class SafetensorsWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_EveryType_ReadsBack()
    {
        var random = new Random(3);
        var tensors = new Dictionary<string, Tensor>();
        foreach (var dtype in Enum.GetValues<DType>().Where(dtype => dtype.BlockLength() == 1))
        {
            var tensor = Tensor.Zeros(dtype, [3, 1, 5]);
            random.NextBytes(tensor.WriteBytes(0, (int)tensor.ByteLength));
            tensors.Add($"层.{dtype}", tensor);
        }

        tensors.Add("scalar", Tensor.CopyOf<float>(Shape.Scalar, [2.5f]));
        tensors.Add("empty", Tensor.Zeros(DType.F32, [0, 7]));
        Write("all.safetensors", tensors, new Dictionary<string, string> { ["prompt"] = "一个红色圆形 \"x\"" });

        using var file = SafetensorsFile.Open(_folder["all.safetensors"]);
        Assert.Equal("一个红色圆形 \"x\"", file.Metadata["prompt"]);
        Assert.Equal(tensors.Keys.Order(), file.Tensors.Keys.Order());
        foreach (var (name, tensor) in tensors)
        {
            var read = file.Get(name);
            Assert.Equal(tensor.DType, read.DType);
            Assert.Equal(tensor.Shape, read.Shape);
            Assert.Equal(tensor.ReadBytes(0, (int)tensor.ByteLength).ToArray(), read.ReadBytes(0, (int)read.ByteLength).ToArray());
            Assert.Equal(0, read.Address % read.DType.ByteSize());
            tensor.Dispose();
        }
    }

    [Fact]
    public void Write_Header_IsAlignedAndTheSameInAnyOrder()
    {
        using var a = Tensor.CopyOf<byte>([1], [1]);
        using var b = Tensor.CopyOf<float>([1], [1]);
        Write("1", new Dictionary<string, Tensor> { ["a"] = a, ["b"] = b });
        Write("2", new Dictionary<string, Tensor> { ["b"] = b, ["a"] = a });
        var bytes = File.ReadAllBytes(_folder["1"]);
        Assert.Equal(bytes, File.ReadAllBytes(_folder["2"]));
        var length = (int)BitConverter.ToInt64(bytes);
        Assert.Equal(0, length % 8);
        Assert.Equal(
            """{"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[1],"data_offsets":[4,5]}}""",
            Encoding.UTF8.GetString(bytes, 8, length).TrimEnd(' ')
        );
    }

    [Fact]
    public void Write_ExistingFile_IsReplaced()
    {
        using var tensor = Tensor.CopyOf<byte>([1], [1]);
        File.WriteAllText(_folder["file"], "before");
        Write("file", new Dictionary<string, Tensor> { ["a"] = tensor });
        using var file = SafetensorsFile.Open(_folder["file"]);
        Assert.Single(file.Tensors);
    }

    [Fact]
    public void Write_ThatFailsOrIsCancelled_LeavesTheOldFileAlone()
    {
        File.WriteAllText(_folder["file"], "before");
        using var first = Tensor.CopyOf<long>([1], [1]);
        var gone = Tensor.CopyOf<byte>([1], [1]);
        gone.Dispose();
        var tensors = new Dictionary<string, Tensor> { ["first"] = first, ["gone"] = gone };
        Assert.Throws<ObjectDisposedException>(() => Write("file", tensors));
        Assert.Throws<OperationCanceledException>(() =>
            SafetensorsWriter.Write(_folder["file"], tensors, null, new CancellationToken(canceled: true))
        );
        Assert.Equal([_folder["file"]], Directory.GetFiles(_folder));
        Assert.Equal("before", File.ReadAllText(_folder["file"]));
    }

    [Fact]
    public void Write_WhereNothingCanBeWritten_NamesTheFile()
    {
        var path = _folder["absent/file"];
        var exception = Assert.Throws<CheckpointException>(() => Write("absent/file", new Dictionary<string, Tensor>()));
        SafetensorsFileTests.AssertNames(exception, path, "written");
    }

    [Fact]
    public void Write_ReservedName_Throws()
    {
        using var tensor = Tensor.CopyOf<byte>([1], [1]);
        Assert.Throws<CheckpointException>(() => Write("file", new Dictionary<string, Tensor> { ["__metadata__"] = tensor }));
    }

    private void Write(string name, Dictionary<string, Tensor> tensors, Dictionary<string, string>? metadata = null) =>
        SafetensorsWriter.Write(_folder[name], tensors, metadata, TestContext.Current.CancellationToken);
}
