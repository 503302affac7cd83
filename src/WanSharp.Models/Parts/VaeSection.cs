using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Models;

/// <summary>A VAE's dimensions under their official names (wan/modules/vae.py and vae2_2.py), and the statistics of its latents.</summary>
internal sealed record VaeSection
{
    /// <summary>The file next to the description; a fixture says it elsewhere.</summary>
    public string? File { get; init; }

    public required int Dim { get; init; }

    /// <summary>Channels of the decoder's finest level, which only Wan 2.2's VAE has.</summary>
    public int? DecDim { get; init; }

    public required int ZDim { get; init; }

    public required int[] DimMult { get; init; }

    public required int NumResBlocks { get; init; }

    public required bool[] TemperalDownsample { get; init; }

    public float[]? AttnScales { get; init; }

    /// <summary>Mean of each latent channel; the official table when left out.</summary>
    public float[]? Mean { get; init; }

    /// <summary>Standard deviation of each latent channel; the official table when left out.</summary>
    public float[]? Std { get; init; }

    /// <summary>Red, green and blue of each latent channel, for previews; the published table when left out, where there is one.</summary>
    public float[][]? RgbFactors { get; init; }

    /// <summary>What is added to them.</summary>
    public float[]? RgbBias { get; init; }

    /// <summary>The colours of latents, for previews; null where nothing is known.</summary>
    /// <param name="source">The file, for errors.</param>
    /// <param name="config">The VAE.</param>
    public LatentColors? ToColors(string source, VaeConfig config)
    {
        if (RgbFactors is null && RgbBias is null)
        {
            return LatentColors.Published(config);
        }

        return
            RgbFactors is { } factors
            && factors.Length == config.LatentChannels
            && factors.All(factor => factor is { Length: LatentColors.Colors } && factor.All(float.IsFinite))
            && RgbBias is { Length: LatentColors.Colors } bias
            && bias.All(float.IsFinite)
            ? new LatentColors([.. factors.SelectMany(factor => factor)], bias)
            : throw new CheckpointException(
                source,
                $"its rgb_factors are {config.LatentChannels} rows of 3 numbers, and its rgb_bias 3 numbers."
            );
    }

    /// <param name="source">The file, for errors.</param>
    public VaeConfig ToConfiguration(string source)
    {
        if (AttnScales is { Length: > 0 })
        {
            throw new CheckpointException(source, "attn_scales other than none are in no published Wan VAE.");
        }

        var official = DecDim is null ? VaeConfig.Wan21 : VaeConfig.Wan22;
        return Described.Valid(
            source,
            official with
            {
                Dim = Dim,
                DecoderDim = DecDim,
                LatentChannels = ZDim,
                DimMultipliers = DimMult,
                ResidualBlocks = NumResBlocks,
                TemporalDownsample = TemperalDownsample,
                Mean = Mean ?? official.Mean,
                Std = Std ?? official.Std,
            },
            configuration => configuration.Validate()
        );
    }
}
