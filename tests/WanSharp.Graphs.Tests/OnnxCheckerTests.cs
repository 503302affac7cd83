using System.Diagnostics;
using WanSharp.Tensors;

namespace WanSharp.Graphs.Tests;

/// <summary>python3-onnx, which shares no code with us, judges what we write.</summary>
public sealed class OnnxCheckerTests : IDisposable
{
    private const string Python = "/usr/bin/python3";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wansharp-");

    [Theory]
    [InlineData(Lowering.Plain, DType.F32, WeightStorage.Inputs)]
    [InlineData(Lowering.Plain, DType.F32, WeightStorage.Inputs, Quantization.EightBit)]
    [InlineData(Lowering.Plain, DType.F16, WeightStorage.Inputs)]
    [InlineData(Lowering.Plain, DType.BF16, WeightStorage.Inputs)]
    [InlineData(Lowering.Plain, DType.F32, WeightStorage.Initializers)]
    [InlineData(Lowering.Fused, DType.F32, WeightStorage.Inputs)]
    [InlineData(Lowering.Fused, DType.F16, WeightStorage.Initializers)]
    [InlineData(Lowering.Fused, DType.F32, WeightStorage.Initializers, Quantization.EightBit)]
    [InlineData(Lowering.Fused, DType.BF16, WeightStorage.Inputs)]
    [InlineData(Lowering.Fused, DType.BF16, WeightStorage.Inputs, Quantization.None, NarrowOperators.Moves)]
    [InlineData(Lowering.Plain, DType.F16, WeightStorage.Initializers, Quantization.None, NarrowOperators.Moves)]
    public async Task Checker_OnEveryNetworkAndOperation_FindsNothing(
        Lowering lowering,
        DType compute,
        WeightStorage storage,
        Quantization quantization = Quantization.None,
        NarrowOperators narrow = NarrowOperators.All
    )
    {
        Assert.SkipUnless(
            File.Exists(Python) && await Run("-c", "import onnx") is (0, _),
            $"{Python} has no onnx module: on Debian, install python3-onnx."
        );
        var written = 0;
        foreach (
            var graph in TinyNetworks.All(
                new GraphOptions
                {
                    Lowering = lowering,
                    Compute = compute,
                    NarrowOperators = narrow,
                    Weights = storage,
                    Quantization = quantization,
                    Probes = true,
                }
            )
        )
        {
            Write(graph, Path.Combine(_folder.FullName, $"{graph.Name}_{written++}.onnx"));
        }

        var (exitCode, output) = await Run(Path.Combine(AppContext.BaseDirectory, "tools", "check_onnx.py"), _folder.FullName);

        Assert.True(exitCode == 0, output);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static void Write(OnnxGraph graph, string path)
    {
        if (graph.Options.Weights == WeightStorage.Inputs)
        {
            File.WriteAllBytes(path, graph.ToBytes());
            return;
        }

        var weights = graph.Weights.ToDictionary(slot => slot.Name, slot => Tensor.Zeros(slot.DType, slot.Shape));
        graph.Save(path, name => weights[name]);
        foreach (var weight in weights.Values)
        {
            weight.Dispose();
        }
    }

    private static async Task<(int ExitCode, string Output)> Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(Python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output + await error);
    }
}
