using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Providers;
using WanSharp.Tensors;

namespace WanSharp.Runtime;

/// <summary>Computes one small block of the transformer, with the head size of Wan's, and compares it with the processor's.</summary>
internal static class BlockTrial
{
    /// <summary>Tokens of the block: a tile of 32 queries, as kernels have them, and a part of one.</summary>
    public const int Tokens = 2 * 4 * 6;

    /// <summary>Width of a token: two heads of 128.</summary>
    public const int Width = 256;

    private const int TextRows = 40;
    private const int Runs = 3;

    private const int Heads = 2;

    /// <summary>A right kernel is within 1e-5 in F32; the wrong one that this was written for was off by a tenth and more.</summary>
    private const double Limit = 1e-3;

    // A small one, and that of all published transformers: kernels may have one of them.
    private static readonly int[] Widths = [Heads * 16, Width];

    // The graph's lengths, for providers that build something for them.
    private static readonly Dictionary<string, long> Lengths = new()
    {
        ["batch"] = 1,
        ["groups"] = 1,
        ["tokens"] = Tokens,
        ["text_rows"] = TextRows,
    };

    /// <summary>How far a provider is from the processor, which computes in F32 and plain operators.</summary>
    /// <exception cref="OrtException">It has no kernel for something.</exception>
    public static BlockTrialResult Compare(OrtRuntime runtime, SessionSettings settings, GraphOptions options, TimeProvider clock) =>
        Widths.Select(width => Compare(runtime, settings, options, width, clock)).Aggregate(Worse);

    private static BlockTrialResult Worse(BlockTrialResult small, BlockTrialResult large) =>
        small.IsRight && large.IsRight ? large with { Error = Math.Max(small.Error, large.Error) }
        : small.Error > large.Error ? small
        : large;

    private static BlockTrialResult Compare(
        OrtRuntime runtime,
        SessionSettings settings,
        GraphOptions options,
        int width,
        TimeProvider clock
    )
    {
        var host = new SessionSettings { Name = settings.Name };
        var expected = Run(runtime, host, new GraphOptions { Lowering = Lowering.Plain }, width, (_, output, _) => output);
        return Run(
            runtime,
            settings,
            options,
            width,
            (graph, output, again) =>
            {
                var error = Difference(expected, output);
                var limit = Limit + RoundingError.Of(options.Compute, graph.Outputs.Max(one => one.Roundings), output.Length);
                var time = error <= limit ? Enumerable.Range(0, Runs).Select(_ => Time(again, clock)).Order().ElementAt(Runs / 2) : 0;
                return new BlockTrialResult(error, limit, time);
            }
        );
    }

    /// <summary>The largest difference in parts of the largest number; infinite when something is not a number.</summary>
    public static double Difference(float[] expected, float[] actual)
    {
        var largest = expected.Max(Math.Abs);
        var error = expected.Zip(actual, (e, a) => float.IsFinite(a) ? Math.Abs(e - a) : double.PositiveInfinity).Max();
        return error / largest;
    }

    private static T Run<T>(
        OrtRuntime runtime,
        SessionSettings settings,
        GraphOptions options,
        int width,
        Func<OnnxGraph, float[], Action, T> use
    )
    {
        var config = new TransformerConfig
        {
            Dim = width,
            FfnDim = width,
            Heads = Heads,
            Layers = 1,
            TextLength = TextRows,
        };
        var graph = new TransformerGraphs(config, options).Block;
        var fixedLengths = ProviderProfiles.Of(settings.Provider).BuildsForShapes;
        using var session = runtime.CreateSession(graph.ToBytes(), fixedLengths ? settings with { Dimensions = Lengths } : settings);
        using var given = new Given(config, graph);
        using var output = Tensor.Zeros(DType.F32, [1, Tokens, width]);
        using var run = session.Prepare();
        foreach (var (input, tensor) in given.Tensors)
        {
            run.SetInput(input, tensor);
        }

        run.SetOutput("x_out", output);
        Again();
        return use(graph, output.Read<float>().ToArray(), Again);

        void Again() => run.Run().Dispose();
    }

    private static double Time(Action run, TimeProvider clock)
    {
        var start = clock.GetTimestamp();
        run();
        return clock.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>Inputs and weights: waves, so that the same numbers come everywhere.</summary>
    private sealed class Given : IDisposable
    {
        public Given(TransformerConfig config, OnnxGraph graph)
        {
            var width = config.Dim;
            Tensors["x"] = Wave([1, Tokens, width], 1);
            Tensors["e0"] = Wave([1, 1, 6, width], 0.5f);
            foreach (var name in WanTransformer.KeyNames(config, block: 0))
            {
                Tensors[name] = Wave([1, TextRows, width], 1);
            }

            (Tensors["rope_cos"], Tensors["rope_sin"]) = WanTransformer.RopeTables(config, frames: 2, height: 8, width: 12);
            foreach (var slot in graph.Weights)
            {
                using var weight = Wave(slot.Shape, 2 / MathF.Sqrt(slot.Shape[^1]));
                Tensors[slot.Name] = weight.ConvertTo(slot.DType);
            }
        }

        public Dictionary<string, Tensor> Tensors { get; } = [];

        public void Dispose()
        {
            foreach (var tensor in Tensors.Values)
            {
                tensor.Dispose();
            }
        }

        private Tensor Wave(Shape shape, float size)
        {
            var tensor = Tensor.Zeros(DType.F32, shape);
            var values = tensor.Write<float>();
            var phase = Tensors.Count;
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = size * MathF.Sin((i * 0.7f) + (i * 0.013f * (i % 89)) + phase);
            }

            return tensor;
        }
    }
}
