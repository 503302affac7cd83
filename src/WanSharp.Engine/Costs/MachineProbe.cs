using System.Diagnostics;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime;
using WanSharp.Tensors;

namespace WanSharp.Engine.Costs;

/// <summary>
/// Runs small pieces of what networks are made of, at sizes where they behave as in the networks: weights that come from
/// memory and not from a cache, attention over a thousand tokens, convolutions at the VAE's levels.
/// </summary>
/// <param name="runtime">ONNX Runtime.</param>
/// <param name="effort">How much it runs.</param>
internal sealed class MachineProbe(OrtRuntime runtime, ProbeEffort effort) : IDisposable
{
    private const int Features = 1536;
    private const int WideFeatures = 4096;
    private const int FewRows = 64;
    private const int Weights = 4; // 100 MB together: beyond the caches
    private const long WidenedElements = 1 << 20;
    private const long FewElements = 1 << 12;

    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(400);

    private readonly List<IDisposable> _owned = [];

    /// <summary>Measures everything; who and when is the caller's to fill in.</summary>
    public Calibration Measure(CancellationToken cancellationToken)
    {
        var (products, weightBytes) = MeasureProducts(cancellationToken);
        var movedBytes = MeasureMoves(cancellationToken);
        var convolutions = MeasureConvolutions(movedBytes, cancellationToken);
        // seconds later: what disturbed the first ones, such as a compiler at its end, may be over
        var later = MeasureProducts(cancellationToken);
        return new Calibration
        {
            Measured = default,
            Machine = "",
            Threads = 0,
            OnnxRuntime = "",
            Products = Math.Max(products, later.Operations),
            IntegerProducts = MeasureIntegerProducts(cancellationToken),
            WeightBytes = Math.Max(weightBytes, later.WeightBytes),
            MovedBytes = movedBytes,
            Attention = MeasureAttention(movedBytes, cancellationToken),
            Convolutions = convolutions,
            Widened = MeasureWidening([.. Enum.GetValues<DType>().Where(IsWidened)], cancellationToken),
        };
    }

    public void Dispose()
    {
        _owned.Reverse<IDisposable>().ToList().ForEach(part => part.Dispose());
        _owned.Clear();
    }

    /// <summary>A product's time is that of its rows and that of fetching its weight: two heights tell them apart.</summary>
    private (double Operations, double WeightBytes) MeasureProducts(CancellationToken cancellationToken)
    {
        var g = new GraphBuilder("product", new GraphOptions());
        g.Output("y", g.Linear(g.Input("x", DType.F32, ["rows", Features]), "linear", WideFeatures, bias: false));
        var session = Own(runtime.CreateSession(g.Build().ToBytes(), new SessionSettings { Name = "product" }, cancellationToken));
        var runs = Enumerable.Range(0, Weights).Select(_ => Prepare(session, ("linear.weight", Filled([WideFeatures, Features])))).ToList();
        var (few, many) = (Seconds(FewRows), Seconds(effort.Rows));
        var perRow = Math.Max(many - few, many / 2) / (effort.Rows - FewRows); // of one product
        var fetching = Math.Max(few - (FewRows * perRow), few / 10);
        return (2.0 * Features * WideFeatures / perRow, sizeof(float) * (double)Features * WideFeatures / fetching);

        double Seconds(int rows)
        {
            var x = Filled([rows, Features]);
            runs.ForEach(run => run.SetInput("x", x));
            return LeastSeconds(() => runs.ForEach(run => run.Run(cancellationToken).Dispose()), cancellationToken) / Weights;
        }
    }

    private double MeasureIntegerProducts(CancellationToken cancellationToken)
    {
        var g = new GraphBuilder("integer_product", new GraphOptions());
        var (codes, weight) = (g.Input("codes", DType.U8, ["rows", Features]), g.Input("weight", DType.I8, [Features, WideFeatures]));
        g.Output("y", g.IntegerMatMul(codes, weight));
        var inputs = (
            Codes: Own(Tensor.Zeros(DType.U8, [effort.Rows, Features])),
            Weight: Own(Tensor.Zeros(DType.I8, [Features, WideFeatures]))
        );
        return 2.0
            * effort.Rows
            * Features
            * WideFeatures
            / Time(g.Build(), cancellationToken, ("codes", inputs.Codes), ("weight", inputs.Weight));
    }

    /// <summary>The mix of what stands between products: sums, factors, norms, activations.</summary>
    private double MeasureMoves(CancellationToken cancellationToken)
    {
        var g = new GraphBuilder("moves", new GraphOptions());
        var (x, y) = (g.Input("x", DType.F32, ["rows", Features]), g.Input("y", DType.F32, ["rows", Features]));
        g.Output("z", g.GeluTanh((g.LayerNorm(x, "norm", 1e-6f, affine: false) * y) + x));
        return MeasureGraph(
            g,
            new() { ["rows"] = effort.Rows },
            work => work.MovedBytes,
            cancellationToken,
            ("x", Filled([effort.Rows, Features])),
            ("y", Filled([effort.Rows, Features]))
        );
    }

    private double MeasureAttention(double movedBytes, CancellationToken cancellationToken)
    {
        const int Heads = 12;
        var g = new GraphBuilder("attention", new GraphOptions());
        Dim[] shape = [1, "tokens", Features];
        var (q, k, v) = (g.Input("q", DType.F32, shape), g.Input("k", DType.F32, shape), g.Input("v", DType.F32, shape));
        g.Output("z", g.Attention(q, k, v, Heads));
        var graph = g.Build();
        var work = graph.CountWork(new Dictionary<string, long> { ["tokens"] = effort.Rows });
        var x = Filled([1, effort.Rows, Features]);
        var seconds = Time(graph, cancellationToken, ("q", x), ("k", x), ("v", x));
        return work.Attention / Math.Max(seconds - (work.MovedBytes / movedBytes), seconds / 2);
    }

    /// <summary>
    /// A later step of the VAE's decoder, of fewer blocks: convolutions in the mix of channels, sizes and kinds that decoding
    /// has, and about them what memory-bound work it has.
    /// </summary>
    private double MeasureConvolutions(double movedBytes, CancellationToken cancellationToken)
    {
        var config = VaeConfig.Wan21 with { ResidualBlocks = 1 };
        var graph = new VaeGraphs(config, new GraphOptions { Weights = WeightStorage.Initializers }).DecodeNext;
        var lengths = new Dictionary<string, long>
        {
            ["batch"] = 1,
            ["height"] = effort.LatentSide,
            ["width"] = effort.LatentSide,
        };
        var work = graph.CountWork(lengths);
        var seconds = Time(graph, cancellationToken, [.. graph.Inputs.Select(input => (input.Name, Filled(input.ShapeAt(lengths))))]);
        return work.Convolutions / Math.Max(seconds - (work.MovedBytes / movedBytes), seconds / 3);
    }

    private Dictionary<DType, double> MeasureWidening(IReadOnlyList<DType> dtypes, CancellationToken cancellationToken)
    {
        // Long enough for the compiler to notice what runs often, as it soon does in a network.
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < WarmUp)
        {
            foreach (var dtype in dtypes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Measure(dtype, FewElements);
            }
        }

        return dtypes.ToDictionary(dtype => dtype, dtype => WidenedElements / Measure(dtype, WidenedElements));

        double Measure(DType dtype, long elements)
        {
            using var narrow = Tensor.Zeros(dtype, [elements]);
            using var wide = Tensor.Zeros(DType.F32, [elements]);
            return LeastSeconds(() => narrow.ConvertTo(wide), cancellationToken);
        }
    }

    /// <summary>Types that weights are stored in and graphs do not compute in.</summary>
    private static bool IsWidened(DType dtype) =>
        dtype is DType.F16 or DType.BF16 or DType.F8E4M3 or DType.F8E5M2 || dtype.BlockLength() > 1;

    private double MeasureGraph(
        GraphBuilder g,
        Dictionary<string, long> lengths,
        Func<GraphWork, double> unit,
        CancellationToken cancellationToken,
        params (string Name, Tensor Value)[] inputs
    )
    {
        var graph = g.Build();
        return unit(graph.CountWork(lengths)) / Time(graph, cancellationToken, inputs);
    }

    /// <summary>The least time of a run of a graph.</summary>
    private double Time(OnnxGraph graph, CancellationToken cancellationToken, params (string Name, Tensor Value)[] inputs)
    {
        var constants =
            graph.Options.Weights == WeightStorage.Initializers
                ? graph.Weights.ToDictionary(slot => slot.Name, slot => Filled(slot.Shape))
                : [];
        var session = Own(runtime.CreateSession(graph.ToBytes(), new SessionSettings { Name = graph.Name }, constants, cancellationToken));
        var run = Prepare(session, inputs);
        return LeastSeconds(() => run.Run(cancellationToken).Dispose(), cancellationToken);
    }

    private PreparedRun Prepare(Session session, params (string Name, Tensor Value)[] inputs)
    {
        var run = Own(session.Prepare());
        foreach (var (name, value) in inputs)
        {
            run.SetInput(name, value);
        }

        return run;
    }

    private double LeastSeconds(Action action, CancellationToken cancellationToken)
    {
        action(); // what the first run allocates, later ones reuse
        var least = double.MaxValue;
        for (var i = 0; i < effort.Repetitions; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var started = Stopwatch.GetTimestamp();
            action();
            least = Math.Min(least, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        return least;
    }

    private Tensor Filled(Shape shape)
    {
        var tensor = Own(Tensor.Zeros(DType.F32, shape));
        tensor.Write<float>().Fill(0.5f); // not subnormal, whose arithmetic is slow
        return tensor;
    }

    private T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Add(part);
        return part;
    }
}
