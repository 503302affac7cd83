using System.Diagnostics;
using WanSharp.Graphs;
using WanSharp.Runtime;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>
/// What this machine's matrix kernels reach: one large matrix product through ONNX Runtime, its weight packed, on
/// the threads that networks run on. Other work on the machine lowers it as it lowers a network, so it is measured
/// between the network's runs, and the best counts.
/// </summary>
internal sealed class MachinePeak : IDisposable
{
    private const int Size = 2048; // three matrices of 16 MB: beyond the caches of a core, as the networks' are
    private const double Operations = 2.0 * Size * Size * Size;
    private const int Repetitions = 5;
    private const string Product = "product.weight";

    private readonly Tensor _weight;
    private readonly Tensor _input;
    private readonly Tensor _output;
    private readonly Session _session;
    private readonly PreparedRun _run;

    private MachinePeak(OrtRuntime runtime, Tensor input, Tensor weight, DType result, Func<GraphBuilder, GraphValue, GraphValue> product)
    {
        (_input, _weight, _output) = (input, weight, Tensor.Zeros(result, [Size, Size]));
        var graph = new GraphBuilder("peak", new GraphOptions { Weights = WeightStorage.Initializers });
        graph.Output("y", product(graph, graph.Input("x", input.DType, [Size, Size])));
        _session = runtime.CreateSession(
            graph.Build().ToBytes(),
            new SessionSettings { Name = "peak" },
            new Dictionary<string, Tensor> { [Product] = weight }
        );
        _run = _session.Prepare();
        _run.SetInput("x", _input);
        _run.SetOutput("y", _output);
    }

    /// <summary>The product of matrices in F32.</summary>
    public static MachinePeak Float(OrtRuntime runtime)
    {
        var (input, weight) = (Tensor.Zeros(DType.F32, [Size, Size]), Tensor.Zeros(DType.F32, [Size, Size]));
        input.Write<float>().Fill(0.5f); // not subnormal, whose arithmetic is slow
        weight.Write<float>().Fill(0.5f);
        return new MachinePeak(runtime, input, weight, DType.F32, (graph, x) => graph.Linear(x, "product", Size, bias: false));
    }

    /// <summary>The product of 8-bit integers.</summary>
    public static MachinePeak EightBit(OrtRuntime runtime) =>
        new(
            runtime,
            Tensor.Zeros(DType.U8, [Size, Size]),
            Tensor.Zeros(DType.I8, [Size, Size]),
            DType.I32,
            (graph, x) => graph.IntegerMatMul(x, graph.Weight(Product, [Size, Size], DType.I8))
        );

    /// <summary>The best so far, in operations a second.</summary>
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
