using System.Text.Json.Nodes;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>A clip's decoding, latent frame by latent frame.</summary>
internal sealed class VaeWorkload : Workload
{
    private readonly VaeConfig _config;
    private readonly VaeGraphs _graphs;
    private readonly Shape _latents;

    /// <param name="config">The network.</param>
    /// <param name="latents">[1, channels, frames, height, width].</param>
    public VaeWorkload(VaeConfig config, Shape latents)
    {
        (_config, _latents) = (config, latents);
        _graphs = new VaeGraphs(config, new GraphOptions());
        AddNoise("latents", latents);
        Add("mean", Tensor.CopyOf<float>([config.LatentChannels], [.. config.Mean]));
        Add("std", Tensor.CopyOf<float>([config.LatentChannels], [.. config.Std]));
    }

    public override string Name => "vae";

    public override IEnumerable<WeightSlot> Weights => _graphs.DecoderWeights;

    public override double Operations
    {
        get
        {
            var lengths = new Dictionary<string, long>
            {
                ["batch"] = 1,
                ["height"] = _latents[3],
                ["width"] = _latents[4],
            };
            return _graphs.DecodeFirst.CountOperations(lengths) + ((_latents[2] - 1) * _graphs.DecodeNext.CountOperations(lengths));
        }
    }

    public override JsonObject PeerArguments =>
        _config.Kind == VaeKind.Wan21
            ? new JsonObject
            {
                ["dim"] = _config.Dim,
                ["z_dim"] = _config.LatentChannels,
                ["dim_mult"] = new JsonArray([.. _config.DimMultipliers.Select(multiplier => JsonValue.Create(multiplier))]),
                ["num_res_blocks"] = _config.ResidualBlocks,
                ["temperal_downsample"] = new JsonArray([.. _config.TemporalDownsample.Select(halves => JsonValue.Create(halves))]),
            }
            : throw new BenchmarkException("The peer has no VAE of Wan 2.2: leave --peer out, or measure another shape.");

    protected override ILoadedNetwork Load(WeightStore weights, BenchmarkContext context) =>
        new Loaded(this, new VaeRunner(context.Runtime, _config, weights, context.Settings), weights);

    private sealed class Loaded(VaeWorkload workload, VaeRunner vae, WeightStore weights) : ILoadedNetwork
    {
        private Tensor? _clip;

        /// <summary>Nothing to do: each graph compiles as the first clip needs it.</summary>
        public Task CompileAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Tensor Forward(CancellationToken cancellationToken)
        {
            var (offset, stride) = (0L, workload._config.TemporalStride);
            foreach (var piece in vae.Decode(workload.Inputs["latents"], cancellationToken)) // [1, 3, 1 or stride, height, width]
            {
                using (piece)
                {
                    var dims = piece.Shape;
                    _clip ??= Tensor.Zeros(DType.F32, [1, dims[1], 1 + ((workload._latents[2] - 1) * stride), dims[3], dims[4]]);
                    var image = dims[3] * dims[4];
                    for (var channel = 0; channel < dims[1]; channel++)
                    {
                        var frames = piece.Read<float>().Slice((int)(channel * dims[2] * image), (int)(dims[2] * image));
                        frames.CopyTo(_clip.Write<float>()[(int)(((channel * _clip.Shape[2]) + offset) * image)..]);
                    }

                    offset += dims[2];
                }
            }

            return _clip!; // There is at least one latent frame.
        }

        public void Dispose()
        {
            vae.Dispose();
            weights.Dispose();
            _clip?.Dispose();
        }
    }
}
