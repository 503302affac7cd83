namespace WanSharp.Tools.Quality;

/// <summary>A clip that was made in another way, next to the one of the model's own settings.</summary>
/// <param name="Way">The preset, or the settings.</param>
/// <param name="Prompt">The prompt.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Quality">How near it is.</param>
/// <param name="Motion">How much moves in it (<see cref="Quality.Motion"/>).</param>
/// <param name="FullMotion">How much moves in the other one.</param>
/// <param name="Time">The denoising time, as a share of the other one's.</param>
public sealed record PresetClip(string Way, string Prompt, ulong Seed, FrameQuality Quality, double Motion, double FullMotion, double Time);
