using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Tests.Networks;

/// <summary>A transformer run whole, or block by block with one compiled block: either gives the same named values.</summary>
internal sealed class TransformerRun : IDisposable
{
    private readonly TransformerConfig _config;
    private readonly List<GraphSession> _sessions = [];
    private readonly bool _whole;

    public TransformerRun(OrtRuntime runtime, NetworkFixture fixture, Lowering lowering, WeightStorage storage)
    {
        _config = fixture.TransformerConfig();
        _whole = storage == WeightStorage.Initializers;
        var options = new GraphOptions
        {
            Lowering = lowering,
            Weights = storage,
            Probes = true,
        };
        if (_whole)
        {
            _sessions.Add(new GraphSession(runtime, WanTransformer.Whole(_config, options), fixture.Weights));
            return;
        }

        _sessions.Add(new GraphSession(runtime, WanTransformer.Context(_config, options), fixture.Weights));
        _sessions.Add(new GraphSession(runtime, WanTransformer.Embed(_config, options), fixture.Weights));
        var (keys, block) = (WanTransformer.Keys(_config, options), WanTransformer.Block(_config, options));
        for (var i = 0; i < _config.Layers; i++)
        {
            _sessions.Add(new GraphSession(runtime, keys, fixture.Weights, $"blocks.{i}."));
            _sessions.Add(new GraphSession(runtime, block, fixture.Weights, $"blocks.{i}."));
        }

        _sessions.Add(new GraphSession(runtime, WanTransformer.Head(_config, options), fixture.Weights));
    }

    /// <param name="latents">[batch, channels, frames, height, width].</param>
    /// <param name="timesteps">batch × groups of them.</param>
    /// <param name="context">[batch, text_len, text_dim].</param>
    /// <param name="clip">[batch, clip_tokens, clip_dim].</param>
    public Dictionary<string, Tensor> Run(Tensor latents, double[] timesteps, Tensor context, Tensor? clip = null)
    {
        (string, Tensor)[] image = clip is null ? [] : [("clip_features", clip)];
        var batch = latents.Shape[0];
        var groups = timesteps.Length / batch;
        if (_whole)
        {
            using var t = Tensor.CopyOf<float>([batch, groups], [.. timesteps.Select(value => (float)value)]);
            return _sessions[0].Run([("latents", latents), ("timesteps", t), ("context", context), .. image]);
        }

        using var sinusoid = WanTransformer.TimestepEmbedding(_config, timesteps);
        var contexts = _sessions[0].Run([("context", context), .. image]);
        var values = _sessions[1].Run([("latents", latents), ("timestep_embedding", sinusoid.Reshape([batch, groups, _config.FreqDim]))]);
        values["patch_embed"] = values["x"];
        values["text_embed"] = contexts["context_embedding"];
        if (clip is not null)
        {
            values["img_emb"] = contexts["image_embedding"];
        }

        int[] lengths = [.. latents.Shape.Dims[2..].ToArray().Select(length => (int)length)];
        var (cos, sin) = WanTransformer.RopeTables(_config, lengths[0], lengths[1], lengths[2]);
        using var ownedCos = cos;
        using var ownedSin = sin;
        var x = values["x"];
        for (var i = 0; i < _config.Layers; i++)
        {
            var keys = _sessions[(2 * i) + 2].Run([.. contexts.Select(part => (part.Key, part.Value))]);
            var results = _sessions[(2 * i) + 3]
                .Run([
                    ("x", x),
                    ("e0", values["e0"]),
                    ("rope_cos", cos),
                    ("rope_sin", sin),
                    .. keys.Select(part => (part.Key, part.Value)),
                ]);
            foreach (var (name, value) in results)
            {
                values[name == "x_out" ? $"block{i}" : $"block{i}_{name}"] = value;
            }

            x = results["x_out"];
        }

        var patch = _config.PatchSize;
        using var grid = Tensor.CopyOf<long>([3], [lengths[0] / patch.Frames, lengths[1] / patch.Height, lengths[2] / patch.Width]);
        foreach (var (name, value) in _sessions[^1].Run(("x", x), ("e", values["e"]), ("grid", grid)))
        {
            values[name] = value;
        }

        return values;
    }

    public void Dispose() => _sessions.ForEach(session => session.Dispose());
}
