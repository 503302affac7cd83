using WanSharp.Engine.Noise;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks.Memory;

/// <summary>Three sizes in turn, twice, then another expert of the same network: what is compiled for it.</summary>
internal sealed class SizesRow(OrtRuntime runtime)
{
    private const float Timestep = 500;

    private static readonly (int Width, int Height, int Frames)[] Sizes = [(128, 128, 5), (192, 128, 5), (128, 192, 9)];

    public async Task<MemoryRowResult> RunAsync(string name, int? layers, string checkpoint, CancellationToken cancellationToken)
    {
        var shape = NamedShape.Find(name, layers);
        using var first = new WeightStore(Checkpoint.Open(checkpoint));
        using var second = new WeightStore(Checkpoint.Open(checkpoint));
        using var graphs = new GraphCache(runtime);
        await RunSizesAsync(graphs, shape, first, cancellationToken).ConfigureAwait(false);
        var once = Compiles(graphs);
        await RunSizesAsync(graphs, shape, first, cancellationToken).ConfigureAwait(false);
        var twice = Compiles(graphs);
        await RunSizesAsync(graphs, shape, second, cancellationToken).ConfigureAwait(false);
        var switched = Compiles(graphs);
        var most = once.Values.Max();
        var later = switched.Values.Sum() - once.Values.Sum();
        return new MemoryRowResult
        {
            Row = MemoryRow.Sizes,
            Goal = "a graph is compiled at most once for each of three sizes, and not again in the second round or for the other expert",
            IsReached = most <= Sizes.Length && later == 0,
            Ratios = new Dictionary<string, double> { ["sizes_a_compile"] = (double)Sizes.Length / most },
            Figures = new Dictionary<string, double>
            {
                ["most_compiles_of_a_graph"] = most,
                ["graphs"] = once.Count,
                ["second_round_compiles"] = twice.Values.Sum() - once.Values.Sum(),
                ["expert_compiles"] = switched.Values.Sum() - twice.Values.Sum(),
                ["compile_seconds"] = graphs.Statistics().Sum(graph => graph.CompileTime.TotalSeconds),
            },
            Graphs = graphs.Statistics(),
        };
    }

    private static Dictionary<string, long> Compiles(GraphCache graphs) =>
        graphs.Statistics().ToDictionary(graph => graph.Name, graph => graph.Compiles);

    private static async Task RunSizesAsync(GraphCache graphs, NamedShape shape, WeightStore weights, CancellationToken cancellationToken)
    {
        using var transformer = await TransformerRunner
            .CreateAsync(graphs, shape.Transformer, weights, new SessionSettings(), cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        using var text = Tensor.Zeros(DType.F32, [1, shape.Transformer.TextLength, shape.Transformer.TextDim]);
        using var context = transformer.PrepareContext(text, cancellationToken: cancellationToken);
        foreach (var (width, height, frames) in Sizes)
        {
            var latents = Workload.LatentsOf(shape, width, height, frames);
            using var noise = Tensor.Zeros(DType.F32, latents);
            using var velocity = Tensor.Zeros(DType.F32, latents);
            new NoiseGenerator(Seed: 1).Fill(noise.Write<float>());
            transformer.Forward(noise, [Timestep], [context], velocity, cancellationToken);
        }
    }
}
