using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Devices;

/// <summary>Values on a device: placed once, passed from run to run, copied back when asked.</summary>
public sealed class WebGpuTests(RuntimeFixture fixture) : IDisposable
{
    private readonly Tensor _x = Tensor.CopyOf<float>([2, 4], [1, 2, 3, 4, 5, 6, 7, 8]);
    private readonly Tensor _w = Tensor.CopyOf<float>([4], [1, 10, 100, 1000]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Run_WithInputsOnTheHost_GivesTheSameNumbers()
    {
        using var session = fixture.CompileForWebGpu("scale", strict: true);
        using var run = session.Prepare();
        run.SetInput("x", _x);
        run.SetInput("w", _w);

        using var result = run.Run(Token);

        AssertHolds(result["y"], [1, 20, 300, 4000, 5, 60, 700, 8000]);
    }

    [Fact]
    public void Run_WithResultsOfAnotherRun_LeavesThemOnTheDevice()
    {
        using var session = fixture.CompileForWebGpu("scale", strict: true);
        using var w = session.Memory.Place(_w, Token);
        using var y = session.Memory.Allocate(DType.F32, _x.Shape, Token);
        using var first = session.Prepare();
        first.SetInput("x", _x);
        first.SetInput("w", w);
        using var once = first.Run(Token);
        using var second = session.Prepare();
        second.SetInput("x", once["y"]);
        second.SetInput("w", w);
        second.SetOutput("y", y);

        using var twice = second.Run(Token);

        Assert.True(once["y"].IsOnDevice);
        Assert.Same(y, twice["y"]);
        AssertHolds(y, [1, 200, 30_000, 4_000_000, 5, 600, 70_000, 8_000_000]);
    }

    [Fact]
    public void SetOutput_ToATensor_CopiesTheResultToTheHost()
    {
        using var session = fixture.CompileForWebGpu("scale", strict: true);
        using var y = Tensor.Zeros(DType.F32, [2, 4]);
        using var run = session.Prepare();
        run.SetInput("x", _x);
        run.SetInput("w", _w);
        run.SetOutput("y", y);

        run.Run(Token).Dispose();

        Assert.Equal([1, 20, 300, 4000, 5, 60, 700, 8000], y.Read<float>());
    }

    [Fact]
    public void Place_ThenCopyToHost_GivesTheElementsBack()
    {
        using var session = fixture.CompileForWebGpu("scale");

        using var value = session.Memory.Place(_x, Token);

        Assert.Equal((DType.F32, _x.Shape), (value.DType, value.Shape));
        AssertHolds(value, _x.Read<float>().ToArray());
    }

    [Fact]
    public void AsTensor_OfAValueOnTheDevice_SaysHowToReadIt()
    {
        using var session = fixture.CompileForWebGpu("scale");
        using var value = session.Memory.Place(_x, Token);

        var error = Assert.Throws<InvalidOperationException>(value.AsTensor);

        Assert.Contains("CopyToHost", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_Disposed_LeaveNoNativeObject()
    {
        var settings = WebGpu.Settings();
        // its own count, which no other test changes
        using var runtime = OrtRuntime.Create(new RuntimeOptions { LibraryPath = NodePackages.WebGpuLibrary });
        using var session = runtime.CreateSession(RuntimeFixture.Model("scale"), settings, Token);
        session.Memory.Place(_x, Token).Dispose();
        session.Memory.Allocate(DType.F32, [8], Token).Dispose(); // what copies is made by now
        var objects = runtime.Api.LiveObjects;

        using (var run = session.Prepare())
        using (var x = session.Memory.Place(_x, Token))
        {
            run.SetInput("x", x);
            run.SetInput("w", _w);
            using var result = run.Run(Token);
            result["y"].CopyToHost(Token).Dispose();
        }

        Assert.Equal(objects, runtime.Api.LiveObjects);
    }

    public void Dispose()
    {
        _x.Dispose();
        _w.Dispose();
    }

    private static void AssertHolds(RuntimeValue value, float[] expected)
    {
        Assert.True(value.IsOnDevice);
        using var copy = value.CopyToHost(Token);
        Assert.Equal(expected, copy.Read<float>());
    }
}
