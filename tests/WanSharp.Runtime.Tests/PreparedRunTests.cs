using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests;

[NoLiveObjects]
[Collection("native objects")]
public sealed class PreparedRunTests(RuntimeFixture fixture) : IDisposable
{
    private readonly Tensor _x = Tensor.CopyOf<float>([1, 4], [1, 2, 3, 4]);
    private readonly Tensor _w = Tensor.CopyOf<float>([4], [1, 10, 100, 1000]);

    [Fact]
    public void Run_Again_KeepsTheInputsThatWereNotSetAnew()
    {
        using var session = fixture.Compile("scale");
        using var other = Tensor.CopyOf<float>([1, 4], [9, 9, 9, 9]);
        using var run = session.Prepare();
        run.SetInput("w", _w);
        run.SetInput("x", _x);
        run.Run().Dispose();
        run.SetInput("x", other);

        using var result = run.Run();

        Assert.Equal([9, 90, 900, 9000], result["y"].AsTensor().Read<float>());
    }

    [Fact]
    public void SetInput_UnknownName_ListsTheInputs()
    {
        using var session = fixture.Compile("scale");
        using var run = session.Prepare();

        var error = Assert.Throws<ArgumentException>(() => run.SetInput("z", _x));

        Assert.Contains("Graph 'scale' has no input 'z'; its inputs are x, w.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SetInput_WrongShape_TellsTheDeclaredAndTheGiven()
    {
        using var session = fixture.Compile("scale");
        using var run = session.Prepare();
        using var narrow = Tensor.Zeros(DType.F32, [1, 3]);

        var error = Assert.Throws<ArgumentException>(() => run.SetInput("x", narrow));

        Assert.Contains("the input x F32 [batch, 4] and was given F32 [1, 3]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SetInput_WrongElementType_TellsTheDeclaredAndTheGiven()
    {
        using var session = fixture.Compile("scale");
        using var run = session.Prepare();
        using var half = Tensor.Zeros(DType.F16, [1, 4]);

        var error = Assert.Throws<ArgumentException>(() => run.SetInput("x", half));

        Assert.Contains("the input x F32 [batch, 4] and was given F16 [1, 4]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_WithoutAnInput_NamesIt()
    {
        using var session = fixture.Compile("scale");
        using var run = session.Prepare();
        run.SetInput("x", _x);

        var error = Assert.Throws<InvalidOperationException>(() => run.Run());

        Assert.Contains("no value for its input w F32 [4]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SetOutput_ReadOnlyMemory_IsRefused()
    {
        using var session = fixture.Compile("scale");
        using var run = session.Prepare();
        var mapped = Tensor.View(_x.Memory, 0, DType.F32, [1, 4], isReadOnly: true);

        Assert.Throws<ArgumentException>(() => run.SetOutput("y", mapped));
    }

    [Fact]
    public void Run_ThatFailsInANode_ThrowsWithTheLibrarysMessage()
    {
        using var session = fixture.Compile("reshape");
        using var x = Tensor.Zeros(DType.F32, [6]);
        using var shape = Tensor.CopyOf<long>([2], [4, 2]);
        using var run = session.Prepare();
        run.SetInput("x", x);
        run.SetInput("shape", shape);

        var error = Assert.Throws<OrtException>(() => run.Run());

        Assert.Contains("running graph 'reshape'", error.Message, StringComparison.Ordinal);
        Assert.Contains("Reshape", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ValueDisposedMeanwhile_Throws()
    {
        using var session = fixture.Compile("scale");
        using var run = session.Prepare();
        var value = fixture.Runtime.Borrow(_x);
        run.SetInput("x", value);
        run.SetInput("w", _w);
        value.Dispose();

        Assert.Throws<ObjectDisposedException>(() => run.Run());
    }

    [Fact]
    public void Run_SessionDisposedMeanwhile_Throws()
    {
        var session = fixture.Compile("scale");
        using var run = session.Prepare();
        session.Dispose();

        Assert.Throws<ObjectDisposedException>(() => run.Run());
    }

    public void Dispose()
    {
        _x.Dispose();
        _w.Dispose();
    }
}
