namespace WanSharp.Tools.Benchmarks;

/// <summary>What decoding a clip by one network costs.</summary>
/// <param name="Network">The network.</param>
/// <param name="Seconds">The whole clip.</param>
/// <param name="FirstFrameSeconds">The time until the first frame is complete.</param>
/// <param name="PeakBytes">The most that the library holds: packed weights, activations and caches.</param>
/// <param name="Operations">Floating point operations of its convolutions as they are computed.</param>
/// <param name="Ratio">How many times as fast as the first row.</param>
public sealed record DecoderRow(string Network, Timing Seconds, Timing FirstFrameSeconds, long PeakBytes, double Operations, double Ratio);
