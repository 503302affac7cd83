namespace WanSharp.Cli.Output;

/// <summary>A row of <c>wan bench decoders</c>.</summary>
/// <param name="Network">The network.</param>
/// <param name="Seconds">The whole clip, the median.</param>
/// <param name="FirstFrameSeconds">Until the first frame is there, the median.</param>
/// <param name="PeakBytes">The most that the library holds.</param>
/// <param name="Operations">Floating point operations of its convolutions.</param>
/// <param name="Ratio">How many times as fast as the first row.</param>
/// <param name="Runs">Runs.</param>
internal sealed record DecoderOutput(
    string Network,
    double Seconds,
    double FirstFrameSeconds,
    long PeakBytes,
    double Operations,
    double Ratio,
    int Runs
);
