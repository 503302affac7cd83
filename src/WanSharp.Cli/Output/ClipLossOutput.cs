namespace WanSharp.Cli.Output;

/// <summary>How far a clip is from that of full precision.</summary>
/// <param name="Prompt">Its prompt.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Psnr">In dB; null where both are equal.</param>
/// <param name="Ssim">Structural similarity.</param>
internal sealed record ClipLossOutput(string Prompt, ulong Seed, double? Psnr, double Ssim);
