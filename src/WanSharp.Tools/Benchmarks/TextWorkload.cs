using System.Text.Json.Nodes;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>A prompt of the full length through the text encoder.</summary>
internal sealed class TextWorkload : Workload
{
    private readonly Umt5Config _config;
    private readonly TextEncoderGraphs _graphs;
    private readonly int[] _ids;

    public TextWorkload(Umt5Config config, int length)
    {
        _config = config;
        _graphs = new TextEncoderGraphs(config, new GraphOptions());
        _ids = [.. Enumerable.Range(0, length).Select(i => i * 7919 % config.Vocabulary)]; // ids from all over the table
        Add("ids", Tensor.CopyOf<long>([1, length], [.. _ids.Select(id => (long)id)]));
        Add("mask", Tensor.CopyOf<long>([1, length], [.. Enumerable.Repeat(1L, length)]));
    }

    public override string Name => "text";

    public override IEnumerable<WeightSlot> Weights => _graphs.Weights;

    public override double Operations =>
        _config.Layers * _graphs.Block.CountOperations(new Dictionary<string, long> { ["batch"] = 1, ["length"] = _ids.Length });

    public override JsonObject PeerArguments =>
        new()
        {
            ["vocab"] = _config.Vocabulary,
            ["dim"] = _config.Dim,
            ["dim_attn"] = _config.AttentionDim,
            ["dim_ffn"] = _config.FfnDim,
            ["num_heads"] = _config.Heads,
            ["num_layers"] = _config.Layers,
            ["num_buckets"] = _config.Buckets,
        };

    protected override ILoadedNetwork Load(WeightStore weights, BenchmarkContext context) => new Loaded(this, context, weights);

    private sealed class Loaded(TextWorkload workload, BenchmarkContext context, WeightStore weights) : ILoadedNetwork
    {
        private readonly GraphCache _graphs = new(context.Runtime);
        private TextEncoderRunner? _encoder;
        private Tensor? _text;

        public async Task CompileAsync(CancellationToken cancellationToken) =>
            _encoder = await TextEncoderRunner
                .CreateAsync(_graphs, workload._config, weights, context.Settings, cancellationToken: cancellationToken)
                .ConfigureAwait(false);

        public Tensor Forward(CancellationToken cancellationToken)
        {
            _text?.Dispose();
            _text = _encoder!.Encode(workload._ids, workload._ids.Length, cancellationToken);
            return _text;
        }

        public void Dispose()
        {
            _encoder?.Dispose();
            _graphs.Dispose();
            weights.Dispose();
            _text?.Dispose();
        }
    }
}
