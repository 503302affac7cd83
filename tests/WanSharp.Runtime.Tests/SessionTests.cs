using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests;

[NoLiveObjects]
[Collection("native objects")]
public sealed class SessionTests(RuntimeFixture fixture)
{
    private static readonly Dictionary<string, string> ExternalData = new()
    {
        ["session.model_external_initializers_file_folder_path"] = Path.GetDirectoryName(RuntimeFixture.PathOf("external"))!,
    };

    private readonly OrtRuntime _runtime = fixture.Runtime;

    [Fact]
    public void Run_TwoInputs_GivesBothOutputs()
    {
        using var session = fixture.Compile("scale");
        using var x = Tensor.CopyOf<float>([2, 4], [1, 2, 3, 4, 5, 6, 7, 8]);
        using var w = Tensor.CopyOf<float>([4], [1, 10, 100, 1000]);
        using var inputX = _runtime.Borrow(x);
        using var inputW = _runtime.Borrow(w);

        using var result = session.Run(new Dictionary<string, RuntimeValue> { ["x"] = inputX, ["w"] = inputW });

        Assert.Equal([1, 20, 300, 4000, 5, 60, 700, 8000], result["y"].AsTensor().Read<float>());
        Assert.Equal(Shape.Scalar, result["total"].Shape);
        Assert.Equal([13086], result["total"].AsTensor().Read<float>());
    }

    [Fact]
    public void Inputs_OfASession_AreWhatTheGraphDeclares()
    {
        using var session = fixture.Compile("scale");

        Assert.Equal(["x F32 [batch, 4]", "w F32 [4]"], session.Inputs.Select(value => value.ToString()));
        Assert.Equal(["y F32 [batch, 4]", "total F32 []"], session.Outputs.Select(value => value.ToString()));
    }

    [Fact]
    public void Run_FromAFile_FindsExternalDataBesideIt()
    {
        using var session = _runtime.CreateSession(RuntimeFixture.PathOf("external"), new SessionSettings());

        Assert.Equal([1, 2, 3, 4], RunExternal(session));
    }

    [Fact]
    public void Run_FromBytes_FindsExternalDataInTheFolderGiven()
    {
        var settings = new SessionSettings { ConfigEntries = ExternalData };
        using var session = fixture.Compile("external", settings);

        Assert.Equal([1, 2, 3, 4], RunExternal(session));
    }

    [Fact]
    public void Run_OfAnUnplannedAndUnoptimizedGraph_GivesTheSame()
    {
        var settings = new SessionSettings
        {
            MemoryPattern = false,
            Optimization = GraphOptimization.None,
            ConfigEntries = new Dictionary<string, string>(ExternalData) { ["session.disable_prepacking"] = "1" },
        };
        using var session = fixture.Compile("external", settings);

        Assert.Equal([1, 2, 3, 4], RunExternal(session));
    }

    [Fact]
    public void Run_WithInitializersFromTensors_NeedsNoFileAndKeepsTheirMemory()
    {
        using var w = Tensor.CopyOf<float>([4], [5, 6, 7, 8]);
        using var session = _runtime.CreateSession(
            RuntimeFixture.Model("external"),
            new SessionSettings(),
            new Dictionary<string, Tensor> { ["w"] = w }
        );
        w.Dispose();

        Assert.Equal([5, 6, 7, 8], RunExternal(session));
    }

    [Fact]
    public void Run_OfParallelCallers_GivesEachItsOwnResult()
    {
        using var session = fixture.Compile("scale");
        using var w = Tensor.CopyOf<float>([4], [1, 2, 3, 4]);

        Parallel.For(
            0,
            64,
            i =>
            {
                using var x = Tensor.CopyOf<float>([1, 4], [i, i, i, i]);
                using var run = session.Prepare();
                run.SetInput("x", x);
                run.SetInput("w", w);
                using var result = run.Run();
                Assert.Equal([i, 2 * i, 3 * i, 4 * i], result["y"].AsTensor().Read<float>());
            }
        );
    }

    [Fact]
    public void CreateSession_FromBytesThatAreNoModel_SaysSo()
    {
        var error = Assert.Throws<OrtException>(() =>
            _runtime.CreateSession("not a model"u8.ToArray(), new SessionSettings { Name = "block" })
        );

        Assert.Equal(OrtErrorCode.InvalidProtobuf, error.Code);
        Assert.Contains("compiling graph 'block'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CreateSession_FromAMissingFile_NamesIt()
    {
        var error = Assert.Throws<OrtException>(() => _runtime.CreateSession("missing.onnx", new SessionSettings()));

        Assert.Equal(OrtErrorCode.NoSuchFile, error.Code);
        Assert.Contains("missing.onnx", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CreateSession_ForAProviderThatIsNotThere_ListsThoseThatAre()
    {
        var error = Assert.Throws<ArgumentException>(() => fixture.Compile("scale", new SessionSettings { Provider = "abacus" }));

        Assert.Contains("no provider 'abacus'", error.Message, StringComparison.Ordinal);
        Assert.Contains("cpu", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CreateSession_WithOptimizedModelPath_WritesAModelThatCompiles()
    {
        var path = Path.GetTempFileName();
        try
        {
            fixture.Compile("scale", new SessionSettings { OptimizedModelPath = path }).Dispose();
            using var session = _runtime.CreateSession(path, new SessionSettings { Optimization = GraphOptimization.None });

            Assert.Equal(["x", "w"], session.Inputs.Select(value => value.Name));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void EndProfiling_AfterARun_NamesAFileWithTheNodes()
    {
        var folder = Directory.CreateTempSubdirectory("wan-profile");
        try
        {
            using var session = fixture.Compile(
                "external",
                new SessionSettings { ProfilePathPrefix = Path.Combine(folder.FullName, "block"), ConfigEntries = ExternalData }
            );
            RunExternal(session);

            var path = session.EndProfiling();

            Assert.StartsWith(Path.Combine(folder.FullName, "block"), path, StringComparison.Ordinal);
            Assert.Contains("\"Add\"", File.ReadAllText(path), StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Run_WhileOtherSessionsAreProfiled_IsNotDisturbed()
    {
        using var session = fixture.Compile("scale");
        using var x = Tensor.Zeros(DType.F32, [200_000, 4]); // enough that several threads share it
        using var w = Tensor.Zeros(DType.F32, [4]);
        var folder = Directory.CreateTempSubdirectory("wan-profile");
        try
        {
            var profiling = Task.Run(
                () =>
                {
                    for (var i = 0; i < 15; i++)
                    {
                        using var profiled = fixture.Compile(
                            "scale",
                            new SessionSettings { ProfilePathPrefix = Path.Combine(folder.FullName, $"{i}") }
                        );
                        RunScale(profiled, x, w);
                        profiled.EndProfiling();
                    }
                },
                TestContext.Current.CancellationToken
            );

            while (!profiling.IsCompleted)
            {
                RunScale(session, x, w);
            }

            await profiling;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void RunScale(Session session, Tensor x, Tensor w)
    {
        using var run = session.Prepare();
        run.SetInput("x", x);
        run.SetInput("w", w);
        run.Run().Dispose();
    }

    private static float[] RunExternal(Session session)
    {
        using var x = Tensor.Zeros(DType.F32, [4]);
        using var run = session.Prepare();
        run.SetInput("x", x);
        using var result = run.Run();
        return result["y"].AsTensor().Read<float>().ToArray();
    }
}
