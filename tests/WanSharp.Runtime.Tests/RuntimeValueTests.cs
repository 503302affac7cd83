using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests;

[NoLiveObjects]
[Collection("native objects")]
public sealed class RuntimeValueTests(RuntimeFixture fixture)
{
    private readonly OrtRuntime _runtime = fixture.Runtime;

    [Fact]
    public void Run_OfEveryElementType_GivesTheSameBytes()
    {
        using var session = fixture.Compile("types");
        using var run = session.Prepare();
        var inputs = new Dictionary<string, Tensor>();
        foreach (var dtype in Enum.GetValues<DType>().Where(dtype => dtype.BlockLength() == 1))
        {
            var tensor = Tensor.Zeros(dtype, [3]);
            FillWithDistinctBytes(tensor);
            inputs.Add($"{dtype}", tensor);
            run.SetInput($"in_{dtype}", tensor);
        }

        using var result = run.Run();

        Assert.Equal(inputs.Count, session.Outputs.Count);
        foreach (var (name, tensor) in inputs)
        {
            var output = result[$"out_{name}"].AsTensor();
            Assert.Equal(tensor.DType, output.DType);
            Assert.Equal(tensor.ReadBytes(0, (int)tensor.ByteLength), output.ReadBytes(0, (int)output.ByteLength));
            tensor.Dispose();
        }
    }

    [Fact]
    public void SetOutput_ToATensor_WritesThroughToItsMemory()
    {
        using var session = fixture.Compile("scale");
        using var x = Tensor.CopyOf<float>([1, 4], [1, 2, 3, 4]);
        using var w = Tensor.CopyOf<float>([4], [2, 2, 2, 2]);
        using var y = Tensor.Zeros(DType.F32, [1, 4]);
        using var run = session.Prepare();
        run.SetInput("x", x);
        run.SetInput("w", w);
        run.SetOutput("y", y);

        using var result = run.Run();

        Assert.Equal([2, 4, 6, 8], y.Read<float>());
        Assert.Equal(y.Address, result["y"].AsTensor().Address);
    }

    [Fact]
    public void Borrow_OfATensor_SeesWhatIsWrittenLater()
    {
        using var session = fixture.Compile("scale");
        using var x = Tensor.Zeros(DType.F32, [1, 4]);
        using var w = Tensor.CopyOf<float>([4], [1, 1, 1, 1]);
        using var run = session.Prepare();
        run.SetInput("x", x);
        run.SetInput("w", w);
        x.Write<float>().Fill(7);

        using var result = run.Run();

        Assert.Equal([7, 7, 7, 7], result["y"].AsTensor().Read<float>());
    }

    [Fact]
    public void Borrow_OfASlice_StartsWhereTheSliceDoes()
    {
        using var session = fixture.Compile("scale");
        using var all = Tensor.CopyOf<float>([3, 4], [0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0]);
        using var w = Tensor.CopyOf<float>([4], [1, 1, 1, 1]);
        using var run = session.Prepare();
        run.SetInput("x", all.Slice(1, 1));
        run.SetInput("w", w);

        using var result = run.Run();

        Assert.Equal([1, 2, 3, 4], result["y"].AsTensor().Read<float>());
    }

    [Fact]
    public void Borrow_OfATensorDisposedMeanwhile_KeepsItsMemory()
    {
        using var session = fixture.Compile("scale");
        var x = Tensor.CopyOf<float>([1, 4], [1, 2, 3, 4]);
        using var w = Tensor.CopyOf<float>([4], [1, 1, 1, 1]);
        using var run = session.Prepare();
        run.SetInput("x", x);
        run.SetInput("w", w);
        x.Dispose();

        using var result = run.Run();

        Assert.Equal([1, 2, 3, 4], result["y"].AsTensor().Read<float>());
    }

    [Fact]
    public void Borrow_OfADisposedTensor_Throws()
    {
        var tensor = Tensor.Zeros(DType.F32, [4]);
        tensor.Dispose();

        Assert.Throws<ObjectDisposedException>(() => _runtime.Borrow(tensor));
    }

    [Fact]
    public void Run_OfNoRows_GivesNoRows()
    {
        using var session = fixture.Compile("scale");
        using var x = Tensor.Zeros(DType.F32, [0, 4]);
        using var w = Tensor.Zeros(DType.F32, [4]);
        using var run = session.Prepare();
        run.SetInput("x", x);
        run.SetInput("w", w);

        using var result = run.Run();

        Assert.Equal([0, 4], result["y"].AsTensor().Shape);
        Assert.Equal(0, result["y"].AsTensor().Read<float>().Length);
        Assert.Equal([0], result["total"].AsTensor().Read<float>());
    }

    [Fact]
    public void AsTensor_OfAResult_EndsWithTheResult()
    {
        using var session = fixture.Compile("scale");
        using var x = Tensor.Zeros(DType.F32, [1, 4]);
        using var w = Tensor.Zeros(DType.F32, [4]);
        using var run = session.Prepare();
        run.SetInput("x", x);
        run.SetInput("w", w);
        var result = run.Run();
        var value = result["y"];
        var view = value.AsTensor();

        result.Dispose();

        Assert.Throws<ObjectDisposedException>(() => view.Read<float>().Length);
        Assert.Throws<ObjectDisposedException>(value.AsTensor);
    }

    [Fact]
    public void AsTensor_OfAResult_FeedsTheNextRunWithoutACopy()
    {
        using var session = fixture.Compile("scale");
        using var x = Tensor.CopyOf<float>([1, 4], [1, 2, 3, 4]);
        using var w = Tensor.CopyOf<float>([4], [2, 2, 2, 2]);
        using var run = session.Prepare();
        run.SetInput("x", x);
        run.SetInput("w", w);
        var first = run.Run();
        run.SetInput("x", first["y"].AsTensor());
        first.Dispose(); // the prepared run keeps the memory

        using var second = run.Run();

        Assert.Equal([4, 8, 12, 16], second["y"].AsTensor().Read<float>());
    }

    private static void FillWithDistinctBytes(Tensor tensor)
    {
        switch (tensor.DType)
        {
            case DType.F32:
                tensor.Write<float>()[1] = -1.5f;
                break;
            case DType.F16:
                tensor.Write<Half>()[1] = (Half)(-1.5f);
                break;
            case DType.BF16:
                tensor.Write<BFloat16>()[1] = (BFloat16)(-1.5f);
                break;
            case DType.F8E4M3:
                tensor.Write<Float8E4M3>()[1] = (Float8E4M3)(-1.5f);
                break;
            case DType.F8E5M2:
                tensor.Write<Float8E5M2>()[1] = (Float8E5M2)(-1.5f);
                break;
            case DType.I8:
                tensor.Write<sbyte>()[1] = -3;
                break;
            case DType.U8:
                tensor.Write<byte>()[1] = 200;
                break;
            case DType.I32:
                tensor.Write<int>()[1] = -70_000;
                break;
            case DType.I64:
                tensor.Write<long>()[1] = long.MinValue + 5;
                break;
            default:
                tensor.Write<bool>()[1] = true;
                break;
        }
    }
}
