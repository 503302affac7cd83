using WanSharp.Engine.Costs;
using WanSharp.Engine.Strategies;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks.Memory;

/// <summary>What the choice of a strategy needs of a transformer alone.</summary>
internal static class PassFacts
{
    /// <param name="shape">The network.</param>
    /// <param name="weights">Its checkpoint.</param>
    /// <param name="latents">The clip's latents, <c>[1, channels, frames, height, width]</c>.</param>
    /// <param name="textTokens">Tokens of the prompt.</param>
    public static StrategyFacts Of(NamedShape shape, WeightStore weights, Shape latents, int textTokens)
    {
        var config = shape.Transformer;
        var graphs = new NetworkGraphs(config, shape.TextEncoder, shape.Vae);
        var activations = new ActivationMemory(graphs, config);
        var network = new TransformerGraphs(config, new GraphOptions());
        var stored = NetworkWeights.Of(weights, network.BlockWeights);
        var rest = NetworkWeights.Of(weights, network.OtherWeights);
        var rows = Math.Min(textTokens + 1, config.TextLength);
        var keys = 2L * rows * config.Dim * sizeof(float) * (config.Layers + config.ControlBlocks);
        var patch = config.PatchSize;
        return new StrategyFacts
        {
            Blocks = config.Layers,
            StoredBlock = stored.StoredBytes / config.Layers,
            ComputedBlock = graphs.TransformerBlockBytes,
            Widens = stored.WidensBlocks,
            OtherWeights = rest.GraphBytes, // what is converted is read once, and its pages go
            TextEncoder = 0,
            Vae = 0,
            TextActivations = 0,
            DenoiseActivations = atOnce => keys + stored.WidenedMatrixBytes + activations.OfPass(latents, rows: 1, groups: 1, atOnce),
            DecodeActivations = _ => 0,
            Tokens = (int)(latents[2] / patch.Frames * (latents[3] / patch.Height) * (latents[4] / patch.Width)),
            IsOnHost = true,
        };
    }
}
