using System.Text.Json.Nodes;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>One branch of one denoise step. The first pass makes the keys and values of the text too, which later steps have.</summary>
internal sealed class TransformerWorkload : Workload
{
    private const float Timestep = 500;

    private readonly TransformerConfig _config;
    private readonly TransformerGraphs _graphs;
    private readonly Shape _latents;
    private readonly int _textRows;

    /// <param name="config">The network.</param>
    /// <param name="latents">[1, channels, frames, height, width].</param>
    /// <param name="textTokens">Rows of text before the padding; null for no padding.</param>
    public TransformerWorkload(TransformerConfig config, Shape latents, int? textTokens)
    {
        (_config, _latents) = (config, latents);
        _graphs = new TransformerGraphs(config, new GraphOptions());
        AddNoise("latents", latents);
        var tokens = Math.Min(textTokens ?? config.TextLength, config.TextLength);
        _textRows = Math.Min(tokens + 1, config.TextLength); // one row of padding stands for all
        AddNoise("context", [1, config.TextLength, config.TextDim]).Write<float>()[(tokens * config.TextDim)..].Clear();
        Add("timesteps", Tensor.CopyOf<float>([1, 1], [Timestep]));
    }

    public override string Name => "dit";

    public override IEnumerable<WeightSlot> Weights => _graphs.Weights;

    public override double Operations
    {
        get
        {
            var patch = _config.PatchSize;
            var (frames, height, width) = (_latents[2] / patch.Frames, _latents[3] / patch.Height, _latents[4] / patch.Width);
            var lengths = new Dictionary<string, long>
            {
                ["batch"] = 1,
                ["groups"] = 1,
                ["tokens"] = frames * height * width,
                ["text_rows"] = _textRows,
                ["frames"] = _latents[2],
                ["height"] = _latents[3],
                ["width"] = _latents[4],
                ["grid_frames"] = frames,
                ["grid_height"] = height,
                ["grid_width"] = width,
            };
            return _graphs.Embed.CountOperations(lengths)
                + (_config.Layers * _graphs.Block.CountOperations(lengths))
                + _graphs.Head.CountOperations(lengths);
        }
    }

    public override JsonObject PeerArguments =>
        new()
        {
            ["model_type"] = "t2v",
            ["patch_size"] = new JsonArray(_config.PatchSize.Frames, _config.PatchSize.Height, _config.PatchSize.Width),
            ["text_len"] = _config.TextLength,
            ["in_dim"] = _config.InChannels,
            ["dim"] = _config.Dim,
            ["ffn_dim"] = _config.FfnDim,
            ["freq_dim"] = _config.FreqDim,
            ["text_dim"] = _config.TextDim,
            ["out_dim"] = _config.OutChannels,
            ["num_heads"] = _config.Heads,
            ["num_layers"] = _config.Layers,
            ["eps"] = _config.Eps,
        };

    protected override ILoadedNetwork Load(WeightStore weights, BenchmarkContext context) => new Loaded(this, context, weights);

    private sealed class Loaded(TransformerWorkload workload, BenchmarkContext context, WeightStore weights) : ILoadedNetwork
    {
        private readonly GraphCache _graphs = new(context.Runtime);
        private readonly Tensor _velocity = Tensor.Zeros(DType.F32, workload._latents);
        private TransformerRunner? _transformer;
        private TextKeys? _keys;

        public async Task CompileAsync(CancellationToken cancellationToken) =>
            _transformer = await TransformerRunner
                .CreateAsync(
                    _graphs,
                    workload._config,
                    weights,
                    context.Settings,
                    options: context.Transformer,
                    cancellationToken: cancellationToken
                )
                .ConfigureAwait(false);

        public Tensor Forward(CancellationToken cancellationToken)
        {
            _keys ??= _transformer!.PrepareContext(workload.Inputs["context"], cancellationToken: cancellationToken); // once, as for a clip
            _transformer!.Forward(workload.Inputs["latents"], [Timestep], [_keys], _velocity, cancellationToken);
            return _velocity;
        }

        public void Dispose()
        {
            _keys?.Dispose();
            _transformer?.Dispose();
            _graphs.Dispose();
            weights.Dispose();
            _velocity.Dispose();
        }
    }
}
