using System.Diagnostics;
using WanSharp.Graphs;
using WanSharp.Runtime;
using WanSharp.Tensors;

namespace WanSharp.Engine.Benchmarks;

/// <summary>
/// What this machine's matrix kernels reach: one large F32 matrix product through ONNX Runtime, its weight packed, on
/// the threads that networks run on. Other work on the machine lowers it as it lowers a network, so it is measured
/// between the network's runs, and the best counts.
/// </summary>
internal sealed class MachinePeak : IDisposable
{
    private const int Size = 2048; // three matrices of 16 MB: beyond the caches of a core, as the networks' are
    private const double Operations = 2.0 * Size * Size * Size;
    private const int Repetitions = 5;

    private readonly Tensor _weight = Tensor.Zeros(DType.F32, [Size, Size]);
    private readonly Tensor _input = Tensor.Zeros(DType.F32, [Size, Size]);
    private readonly Tensor _output = Tensor.Zeros(DType.F32, [Size, Size]);
    private readonly Session _session;
    private readonly PreparedRun _run;

    public MachinePeak(OrtRuntime runtime)
    {
        _weight.Write<float>().Fill(0.5f); // not subnormal, whose arithmetic is slow
        _input.Write<float>().Fill(0.5f);
        var graph = new GraphBuilder("peak", new GraphOptions { Weights = WeightStorage.Initializers });
        graph.Output("y", graph.Linear(graph.Input("x", DType.F32, [Size, Size]), "product", Size, bias: false));
        _session = runtime.CreateSession(graph.Build().ToBytes(), new SessionSettings { Name = "peak" }, new Dictionary<string, Tensor> { ["product.weight"] = _weight });
        _run = _session.Prepare();
        _run.SetInput("x", _input);
        _run.SetOutput("y", _output);
    }

    /// <summary>The best so far, in floating point operations a second.</summary>
    public double OperationsPerSecond { get; private set; }

    /// <summary>Measures again.</summary>
    public void Measure(CancellationToken cancellationToken)
    {
        for (var i = 0; i < Repetitions; i++)
        {
            var started = Stopwatch.GetTimestamp();
            using (_run.Run(cancellationToken))
            {
                OperationsPerSecond = Math.Max(OperationsPerSecond, Operations / Stopwatch.GetElapsedTime(started).TotalSeconds);
            }
        }
    }

    public void Dispose()
    {
        _run.Dispose();
        _session.Dispose();
        _weight.Dispose();
        _input.Dispose();
        _output.Dispose();
    }
}
