namespace WanSharp.Graphs.Networks;

/// <summary>The architecture of a Wan VAE, and the statistics of its latents.</summary>
/// <remarks>Source: Wan-Video/Wan2.1:wan/modules/vae.py (<c>WanVAE_</c>, <c>_video_vae</c>, <c>WanVAE</c>).</remarks>
public sealed record VaeConfig
{
    /// <summary>The official VAE of Wan 2.1 and of Wan 2.2's 14B models: 16 latent channels at an eighth of the size.</summary>
    public static VaeConfig Wan21 { get; } = new();

    /// <summary>Channels at full resolution. Default: 96. At least 1.</summary>
    public int Dim { get; init; } = 96;

    /// <summary>Channels of a level, finest first, in multiples of <see cref="Dim"/>; each level but the last halves height and width. Default: 1, 2, 4, 4.</summary>
    public IReadOnlyList<int> DimMultipliers { get; init; } = [1, 2, 4, 4];

    /// <summary>Residual blocks of an encoder level; a decoder level has one more. Default: 2. At least 1.</summary>
    public int ResidualBlocks { get; init; } = 2;

    /// <summary>Whether the encoder halves the frame rate where it halves the size, finest level first. Default: no, yes, yes.</summary>
    public IReadOnlyList<bool> TemporalDownsample { get; init; } = [false, true, true];

    /// <summary>Channels of a latent. Default: 16.</summary>
    public int LatentChannels { get; init; } = 16;

    /// <summary>The mean of each latent channel, subtracted by the encoder. Default: the official table (wan/modules/vae.py:629).</summary>
    public IReadOnlyList<float> Mean { get; init; } =
    [
        -0.7571f, -0.7089f, -0.9113f, 0.1075f, -0.1745f, 0.9653f, -0.1517f, 1.5508f,
        0.4134f, -0.0715f, 0.5517f, -0.3632f, -0.1922f, -0.9497f, 0.2503f, -0.2921f,
    ];

    /// <summary>The standard deviation of each latent channel, divided by in the encoder. Default: the official table (wan/modules/vae.py:633).</summary>
    public IReadOnlyList<float> Std { get; init; } =
    [
        2.8184f, 1.4541f, 2.3275f, 2.6558f, 1.2196f, 1.7708f, 2.6052f, 2.0743f,
        3.2687f, 2.1526f, 2.8652f, 1.5579f, 1.6382f, 1.1253f, 2.8251f, 1.9160f,
    ];

    /// <summary>Height and width in pixels of one latent position: 8 in the official configuration.</summary>
    public int SpatialStride => 1 << (DimMultipliers.Count - 1);

    /// <summary>Frames of one latent frame, the first excepted, which is of one frame: 4 in the official configuration.</summary>
    public int TemporalStride => 1 << TemporalDownsample.Count(halves => halves);

    /// <summary>Checks that the parts fit together.</summary>
    /// <exception cref="GraphException">A number is out of range, or a table has another length than it must.</exception>
    public void Validate()
    {
        Require(Dim >= 1 && ResidualBlocks >= 1 && LatentChannels >= 1, "its dim, residual blocks and latent channels must be at least 1");
        Require(DimMultipliers.Count is >= 1 and <= 8 && DimMultipliers.All(multiplier => multiplier >= 1), "it needs 1 to 8 levels, their multipliers at least 1");
        Require(TemporalDownsample.Count == DimMultipliers.Count - 1, $"{DimMultipliers.Count} levels need {DimMultipliers.Count - 1} temporal_downsample entries, not {TemporalDownsample.Count}");
        Require(Mean.Count == LatentChannels && Std.Count == LatentChannels, $"{LatentChannels} latent channels need as many means and standard deviations, not {Mean.Count} and {Std.Count}");
        Require(Mean.All(float.IsFinite) && Std.All(std => std > 0 && float.IsFinite(std)), "its means must be finite, its standard deviations positive");
    }

    private static void Require(bool holds, string rule)
    {
        if (!holds)
        {
            throw new GraphException($"A VAE configuration does not fit together: {rule}.");
        }
    }
}
