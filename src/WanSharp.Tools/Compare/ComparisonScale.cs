using System.Globalization;

namespace WanSharp.Tools.Compare;

/// <summary>What similarities mean: the scale of this project and that of others.</summary>
public static class ComparisonScale
{
    /// <summary>The greatest loss of SSIM that this project calls little.</summary>
    public const double LittleLoss = 0.03;

    // Step caches against the same seed without: TeaCache 0.806, EasyCache 0.834, MagCache 0.749 (arXiv:2506.09045, table 1).
    private const double PeersLeast = 0.75;

    /// <summary>Both scales in a sentence.</summary>
    public static string Note { get; } =
        string.Create(
            CultureInfo.InvariantCulture,
            $"Clips of one prompt and seed: WanSharp calls a loss of up to {100 * LittleLoss:0} % of SSIM little (SSIM "
                + $"{1 - LittleLoss:0.00} and more); papers on step caches call SSIM {PeersLeast:0.00} to 0.83 nearly lossless."
        );

    /// <summary>Where an SSIM stands on both scales.</summary>
    /// <param name="ssim">The mean of a clip.</param>
    public static string Verdict(double ssim) =>
        ssim >= 1 - LittleLoss ? $"little loss (up to {100 * LittleLoss:0} %)"
        : ssim >= PeersLeast ? $"more than {100 * LittleLoss:0} %; what papers on step caches call nearly lossless"
        : "another clip";
}
