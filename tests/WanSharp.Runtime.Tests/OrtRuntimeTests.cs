using System.Runtime.InteropServices;
using WanSharp.Runtime.Native;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests;

[NoLiveObjects]
[Collection("native objects")]
public sealed unsafe class OrtRuntimeTests(RuntimeFixture fixture)
{
    [Fact]
    public void Create_WithTheBuildsLibrary_TellsVersionAndProviders()
    {
        Assert.Equal(typeof(Microsoft.ML.OnnxRuntime.OrtEnv).Assembly.GetName().Version!.ToString(3), fixture.Runtime.Version);
        Assert.Equal("cpu", fixture.Runtime.AvailableProviders[^1]);
        Assert.Equal(Path.Combine(AppContext.BaseDirectory, OrtLibrary.FileName), fixture.Runtime.LibraryPath);
    }

    [Fact]
    public void Create_MissingLibrary_NamesTheFileAndTheWayOut()
    {
        var error = Assert.Throws<OrtLibraryException>(() =>
            OrtRuntime.Create(new RuntimeOptions { LibraryPath = "/nowhere/libonnxruntime.so" })
        );

        Assert.Contains("libonnxruntime.so", error.Message, StringComparison.Ordinal);
        Assert.Contains("WAN_ONNXRUNTIME", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_FileThatIsNoLibrary_NamesIt()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "This is a text file.");

            var error = Assert.Throws<OrtLibraryException>(() => OrtRuntime.Create(new RuntimeOptions { LibraryPath = path }));

            Assert.Contains($"'{path}' is not a library that this system can load", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Create_LibraryOfAnotherKind_SaysThatItIsNotOnnxRuntime()
    {
        var otherLibrary = Directory
            .GetFiles(RuntimeEnvironment.GetRuntimeDirectory(), "*System.Native*")
            .First(path => !path.EndsWith(".dll.config", StringComparison.Ordinal));

        var error = Assert.Throws<OrtLibraryException>(() => OrtRuntime.Create(new RuntimeOptions { LibraryPath = otherLibrary }));

        Assert.Contains("is not ONNX Runtime", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FromBase_LibraryThatIsTooOld_TellsItsVersionAndTheOneNeeded()
    {
        var error = Assert.Throws<OrtLibraryException>(() =>
        {
            var old = new OrtApiBase { GetApi = &NoTable, GetVersionString = &Version1_8 };
            OrtApi.FromBase(&old, "old.so");
        });

        Assert.Contains(
            "'old.so' is ONNX Runtime 1.8.1, which is too old: version 1.12 or later is needed",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1025)]
    public void Create_ThreadsOutOfRange_IsRefused(int threads) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => OrtRuntime.Create(new RuntimeOptions { Threads = threads }));

    [Fact]
    public void Log_OfAFailingNode_Arrives()
    {
        using var session = fixture.Compile("reshape");
        using var x = Tensor.Zeros(DType.F32, [6]);
        using var shape = Tensor.CopyOf<long>([1], [5]);
        using var run = session.Prepare();
        run.SetInput("x", x);
        run.SetInput("shape", shape);

        Assert.Throws<OrtException>(() =>
        {
            run.Run();
        });

        Assert.Contains(
            fixture.Log,
            message => message.Level == OrtLogLevel.Error && message.Text.Contains("Reshape", StringComparison.Ordinal)
        );
    }

    /// <summary>
    /// Each of the library's three ways to append a provider is called for real, and refuses: the npm package comes without
    /// these.
    /// </summary>
    [Theory]
    [InlineData("cuda")]
    [InlineData("tensorrt")]
    [InlineData("abacus")]
    public void SessionOptions_ForAProviderWithoutItsFiles_NamesTheProvider(string provider)
    {
        var error = Assert.Throws<OrtException>(() =>
            SessionOptionsFactory.Create(fixture.Runtime.Api, new SessionSettings { Provider = provider }, new RuntimeOptions())
        );

        Assert.Contains($"adding provider {provider}", error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Session_OutlivesItsRuntime()
    {
        var runtime = OrtRuntime.Create();
        using var session = runtime.CreateSession(RuntimeFixture.Model("scale"), new SessionSettings());
        runtime.Dispose();

        Assert.Equal(2, session.Inputs.Count);
        Assert.True(runtime.Api.LiveObjects > 0);
    }

    [Fact]
    public void ThousandCycles_OfSessionsRunsAndValues_LeaveNoNativeObject()
    {
        using var runtime = OrtRuntime.Create();
        using var x = Tensor.Zeros(DType.F32, [1, 4]);
        using var w = Tensor.Zeros(DType.F32, [4]);
        var before = runtime.Api.LiveObjects;

        for (var i = 0; i < 1000; i++)
        {
            using var session = i % 20 == 0 ? runtime.CreateSession(RuntimeFixture.Model("scale"), new SessionSettings()) : null;
            using var value = runtime.Borrow(x);
            if (session is not null)
            {
                using var run = session.Prepare();
                run.SetInput("x", value);
                run.SetInput("w", w);
                run.SetInput("w", w);
                using var result = run.Run();
                Assert.Equal(0, result["total"].AsTensor().Read<float>()[0]);
            }
        }

        Assert.Equal(before, runtime.Api.LiveObjects);
    }

    [Fact]
    public void FailuresInEveryPlace_LeaveNoNativeObject()
    {
        using var runtime = OrtRuntime.Create();
        var before = runtime.Api.LiveObjects;

        Assert.Throws<OrtException>(() => runtime.CreateSession("not a model"u8.ToArray(), new SessionSettings()));
        Assert.Throws<ArgumentException>(() =>
            runtime.CreateSession(
                RuntimeFixture.Model("scale"),
                new SessionSettings { ProviderOptions = new Dictionary<string, string> { ["a"] = "b" } }
            )
        );
        using (var session = runtime.CreateSession(RuntimeFixture.Model("reshape"), new SessionSettings()))
        using (var x = Tensor.Zeros(DType.F32, [6]))
        using (var shape = Tensor.CopyOf<long>([1], [5]))
        using (var run = session.Prepare())
        {
            run.SetInput("x", x);
            run.SetInput("shape", shape);
            Assert.Throws<OrtException>(() => run.Run());
        }

        Assert.Equal(before, runtime.Api.LiveObjects);
    }

    [UnmanagedCallersOnly]
    private static OrtApiTable* NoTable(uint version) => null;

    [UnmanagedCallersOnly]
    private static byte* Version1_8()
    {
        fixed (byte* text = "1.8.1\0"u8) // a literal's bytes do not move
        {
            return text;
        }
    }
}
