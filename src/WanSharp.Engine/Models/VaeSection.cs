using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Models;

/// <summary>A VAE's dimensions under their official names (wan/modules/vae.py), and the statistics of its latents.</summary>
internal sealed record VaeSection
{
    /// <summary>The file beside the description; a fixture says it elsewhere.</summary>
    public string? File { get; init; }

    public required int Dim { get; init; }

    public required int ZDim { get; init; }

    public required int[] DimMult { get; init; }

    public required int NumResBlocks { get; init; }

    public required bool[] TemperalDownsample { get; init; }

    public float[]? AttnScales { get; init; }

    /// <summary>Mean of each latent channel; the official table when left out.</summary>
    public float[]? Mean { get; init; }

    /// <summary>Standard deviation of each latent channel; the official table when left out.</summary>
    public float[]? Std { get; init; }

    /// <param name="source">The file, for errors.</param>
    public VaeConfig ToConfiguration(string source) => AttnScales is { Length: > 0 }
        ? throw new CheckpointException(source, "attn_scales other than none are in no published Wan VAE.")
        : Described.Valid(source, new VaeConfig
        {
            Dim = Dim,
            LatentChannels = ZDim,
            DimMultipliers = DimMult,
            ResidualBlocks = NumResBlocks,
            TemporalDownsample = TemperalDownsample,
            Mean = Mean ?? VaeConfig.Wan21.Mean,
            Std = Std ?? VaeConfig.Wan21.Std,
        }, configuration => configuration.Validate());
}
