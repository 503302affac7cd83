namespace WanSharp.Cli.Output;

/// <summary>What a preset, or other settings, save and lose, in the mean of some clips.</summary>
/// <param name="Way">The preset, or the settings.</param>
/// <param name="Clips">How many clips.</param>
/// <param name="Time">The denoising time, as a share of that of the model's own settings.</param>
/// <param name="Psnr">To the clips of the model's own settings, in dB; null where they are equal.</param>
/// <param name="Ssim">To them.</param>
/// <param name="Motion">How much moves, as a share of what moves in them; null where nothing does.</param>
internal sealed record PresetWayOutput(string Way, int Clips, double Time, double? Psnr, double Ssim, double? Motion);
