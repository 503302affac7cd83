using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Testing;

/// <summary>Files of random weights that stand in for a model's VAE.</summary>
public static class DecoderFiles
{
    /// <summary>What a tiny autoencoder for <see cref="TinyModel"/> says of its latents.</summary>
    public static Dictionary<string, string> OfTheTinyModel { get; } =
        new() { ["latents"] = "standardized", ["latents_mean"] = "0.1 -0.2 0.3 0" };

    /// <summary>Writes a network.</summary>
    /// <param name="path">The file.</param>
    /// <param name="config">Its dimensions.</param>
    /// <param name="metadata">What it says of its latents; null for nothing.</param>
    /// <param name="seed">The same seed gives the same weights.</param>
    /// <returns>The path.</returns>
    public static string Write(string path, VaeConfig config, IReadOnlyDictionary<string, string>? metadata = null, ulong seed = 1)
    {
        using var weights = Weights(config, seed);
        SafetensorsWriter.Write(path, weights.Tensors, metadata);
        return path;
    }

    /// <summary>A network's weights.</summary>
    public static RandomWeights Weights(VaeConfig config, ulong seed = 1)
    {
        var options = new GraphOptions();
        OnnxGraph[] decoder = [WanVae.DecodeNext(config, options)];
        return new RandomWeights(
            seed,
            [.. decoder, .. config.HasEncoder ? [WanVae.EncodeNext(config, options)] : Array.Empty<OnnxGraph>()]
        );
    }
}
