namespace WanSharp.Graphs.Networks;

/// <summary>The architecture of a Wan VAE, and the statistics of its latents.</summary>
/// <remarks>Source: Wan-Video/Wan2.1:wan/modules/vae.py and Wan-Video/Wan2.2:wan/modules/vae2_2.py.</remarks>
public sealed record VaeConfig
{
    /// <summary>The official VAE of Wan 2.1 and of Wan 2.2's 14B models: 16 latent channels at an eighth of the size.</summary>
    public static VaeConfig Wan21 { get; } = new();

    /// <summary>
    /// The official VAE of Wan 2.2's 5B model: 48 latent channels at a sixteenth of the size (wan/modules/vae2_2.py:904).
    /// </summary>
    // csharpier-ignore
    public static VaeConfig Wan22 { get; } =
        new()
        {
            Kind = VaeKind.Wan22,
            Dim = 160,
            DecoderDim = 256,
            LatentChannels = 48,
            Mean =
            [
                -0.2289f, -0.0052f, -0.1323f, -0.2339f, -0.2799f, 0.0174f, 0.1838f, 0.1557f,
                -0.1382f, 0.0542f, 0.2813f, 0.0891f, 0.1570f, -0.0098f, 0.0375f, -0.1825f,
                -0.2246f, -0.1207f, -0.0698f, 0.5109f, 0.2665f, -0.2108f, -0.2158f, 0.2502f,
                -0.2055f, -0.0322f, 0.1109f, 0.1567f, -0.0729f, 0.0899f, -0.2799f, -0.1230f,
                -0.0313f, -0.1649f, 0.0117f, 0.0723f, -0.2839f, -0.2083f, -0.0520f, 0.3748f,
                0.0152f, 0.1957f, 0.1433f, -0.2944f, 0.3573f, -0.0548f, -0.1681f, -0.0667f,
            ],
            Std =
            [
                0.4765f, 1.0364f, 0.4514f, 1.1677f, 0.5313f, 0.4990f, 0.4818f, 0.5013f,
                0.8158f, 1.0344f, 0.5894f, 1.0901f, 0.6885f, 0.6165f, 0.8454f, 0.4978f,
                0.5759f, 0.3523f, 0.7135f, 0.6804f, 0.5833f, 1.4146f, 0.8986f, 0.5659f,
                0.7069f, 0.5338f, 0.4889f, 0.4917f, 0.4069f, 0.4999f, 0.6866f, 0.4093f,
                0.5709f, 0.6065f, 0.6415f, 0.4944f, 0.5726f, 1.2042f, 0.5458f, 1.6887f,
                0.3971f, 1.0600f, 0.3943f, 0.5537f, 0.5444f, 0.4089f, 0.7468f, 0.7744f,
            ],
        };

    /// <summary>The network's construction. Default: <see cref="VaeKind.Wan21"/>.</summary>
    public VaeKind Kind { get; init; }

    /// <summary>
    /// Channels of the finest level; of every level of a tiny autoencoder's encoder. Default: 96. At least 1.
    /// </summary>
    public int Dim { get; init; } = 96;

    /// <summary>Channels of the decoder's finest level. Default: null, as many as the encoder's.</summary>
    public int? DecoderDim { get; init; }

    /// <summary>
    /// Channels of a level, finest first, in multiples of <see cref="Dim"/>; each level but the last halves height and width.
    /// Default: 1, 2, 4, 4.
    /// </summary>
    public IReadOnlyList<int> DimMultipliers { get; init; } = [1, 2, 4, 4];

    /// <summary>
    /// Residual blocks of an encoder level; a decoder level has one more. In a tiny autoencoder, blocks of either's levels.
    /// Default: 2. At least 1.
    /// </summary>
    public int ResidualBlocks { get; init; } = 2;

    /// <summary>Whether the encoder halves the frame rate where it halves the size, finest level first. Default: no, yes, yes.</summary>
    public IReadOnlyList<bool> TemporalDownsample { get; init; } = [false, true, true];

    /// <summary>Channels of a latent. Default: 16.</summary>
    public int LatentChannels { get; init; } = 16;

    /// <summary>
    /// The mean of each latent channel, subtracted by the encoder. Default: the official table of Wan 2.1
    /// (wan/modules/vae.py:629).
    /// </summary>
    // csharpier-ignore
    public IReadOnlyList<float> Mean { get; init; } =
    [
        -0.7571f, -0.7089f, -0.9113f, 0.1075f, -0.1745f, 0.9653f, -0.1517f, 1.5508f,
        0.4134f, -0.0715f, 0.5517f, -0.3632f, -0.1922f, -0.9497f, 0.2503f, -0.2921f,
    ];

    /// <summary>
    /// The standard deviation of each latent channel, divided by in the encoder. Default: the official table of Wan 2.1
    /// (wan/modules/vae.py:633).
    /// </summary>
    // csharpier-ignore
    public IReadOnlyList<float> Std { get; init; } =
    [
        2.8184f, 1.4541f, 2.3275f, 2.6558f, 1.2196f, 1.7708f, 2.6052f, 2.0743f,
        3.2687f, 2.1526f, 2.8652f, 1.5579f, 1.6382f, 1.1253f, 2.8251f, 1.9160f,
    ];

    /// <summary>
    /// Height and width of the patches of pixels that the network takes as channels of one position. Default: null, 2 for
    /// <see cref="VaeKind.Wan22"/> and 1 for the others.
    /// </summary>
    public int? Patch { get; init; }

    /// <summary>
    /// How many times as wide and as high as what is encoded the decoder's frames are: 2 for a decoder whose head gives four pixels
    /// for each. Default: 1.
    /// </summary>
    public int FrameScale { get; init; } = 1;

    /// <summary>Whether there is an encoder: tiny autoencoders are also published as decoders alone. Default: true.</summary>
    public bool HasEncoder { get; init; } = true;

    /// <summary>
    /// Whether the latents are the transformer's own, with neither mean nor deviation, as most tiny autoencoders have them.
    /// </summary>
    public bool TakesStandardized => Mean.All(mean => mean == 0) && Std.All(std => std == 1);

    /// <summary>Height and width in pixels of one latent position: officially 8 for Wan 2.1, 16 for Wan 2.2.</summary>
    public int SpatialStride => PatchSize << (Levels - 1);

    /// <summary>Height and width in pixels of what the decoder makes of one latent position.</summary>
    public int FrameStride => SpatialStride * FrameScale;

    /// <summary>Frames of one latent frame, the first excepted, which is of one frame: 4 in the official configuration.</summary>
    public int TemporalStride => 1 << TemporalDownsample.Count(halves => halves);

    /// <inheritdoc cref="Patch"/>
    internal int PatchSize => Patch ?? (Kind == VaeKind.Wan22 ? 2 : 1);

    /// <summary>The frames that the encoder's first step takes: a tiny one pads the clip at its end, the others know one alone.</summary>
    public int FirstFrames => Kind == VaeKind.Tiny ? TemporalStride : 1;

    /// <summary>The number of sizes at which the network works.</summary>
    internal int Levels => DimMultipliers.Count;

    /// <summary>The encoder's channels at a level, finest first.</summary>
    internal int EncoderChannels(Index level) => Kind == VaeKind.Tiny ? Dim : Dim * DimMultipliers[level.GetOffset(Levels)];

    /// <summary>The decoder's channels at a level, finest first.</summary>
    internal int DecoderChannels(Index level) => (DecoderDim ?? Dim) * DimMultipliers[level.GetOffset(Levels)];

    /// <summary>Checks that the parts fit together.</summary>
    /// <exception cref="GraphException">A number is out of range, or a table has another length than it must.</exception>
    public void Validate()
    {
        Require(
            Dim >= 1 && DecoderDim is null or >= 1 && ResidualBlocks >= 1 && LatentChannels >= 1,
            "its dim, residual blocks and latent channels must be at least 1"
        );
        Require(
            DimMultipliers.Count is >= 1 and <= 8 && DimMultipliers.All(multiplier => multiplier >= 1),
            "it needs 1 to 8 levels, their multipliers at least 1"
        );
        Require(
            TemporalDownsample.Count == DimMultipliers.Count - 1,
            $"{DimMultipliers.Count} levels need {DimMultipliers.Count - 1} temporal_downsample entries, not {TemporalDownsample.Count}"
        );
        Require(
            PatchSize is >= 1 and <= 4 && FrameScale is >= 1 and <= 4 && (FrameScale == 1 || Kind == VaeKind.Wan21),
            "its patches and frames are of 1 to 4 pixels, and only a VAE of Wan 2.1's kind makes larger frames"
        );
        Require(
            Mean.Count == LatentChannels && Std.Count == LatentChannels,
            $"{LatentChannels} latent channels need as many means and standard deviations, not {Mean.Count} and {Std.Count}"
        );
        Require(
            Mean.All(float.IsFinite) && Std.All(std => std > 0 && float.IsFinite(std)),
            "its means must be finite, its standard deviations positive"
        );
    }

    private static void Require(bool holds, string rule)
    {
        if (!holds)
        {
            throw new GraphException($"A VAE configuration does not fit together: {rule}.");
        }
    }
}
