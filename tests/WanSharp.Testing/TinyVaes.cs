using WanSharp.Graphs.Networks;

namespace WanSharp.Testing;

/// <summary>Tiny autoencoders (TAEHV) of few channels.</summary>
public static class TinyVaes
{
    /// <summary>For latents of Wan 2.1: 16 channels at an eighth of the size.</summary>
    public static VaeConfig Wan21 { get; } = Of(channels: 16, patch: 1);

    /// <summary>For latents of Wan 2.2: 48 channels at a sixteenth of the size.</summary>
    public static VaeConfig Wan22 { get; } = Of(channels: 48, patch: 2);

    /// <param name="channels">Channels of the latents.</param>
    /// <param name="patch">Pixels of a position's side.</param>
    /// <param name="hasEncoder">Whether there is an encoder.</param>
    public static VaeConfig Of(int channels, int patch = 1, bool hasEncoder = true) =>
        new()
        {
            Kind = VaeKind.Tiny,
            Patch = patch,
            Dim = 6,
            DecoderDim = 1,
            DimMultipliers = [6, 6, 8, 12],
            ResidualBlocks = 3,
            TemporalDownsample = [true, true, false],
            LatentChannels = channels,
            Mean = new float[channels],
            Std = [.. Enumerable.Repeat(1f, channels)],
            HasEncoder = hasEncoder,
        };
}
