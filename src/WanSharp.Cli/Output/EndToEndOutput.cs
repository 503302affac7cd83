using WanSharp.Tools.Benchmarks;

namespace WanSharp.Cli.Output;

/// <summary>What <c>wan bench end-to-end</c> prints.</summary>
/// <param name="Workload">The networks and the clip.</param>
/// <param name="TextParameters">Numbers of the text encoder.</param>
/// <param name="Full">F32, 50 guided steps, the VAE.</param>
/// <param name="Few">8-bit integers, few steps, a tiny decoder.</param>
/// <param name="Ratio">How many times as fast the second is.</param>
/// <param name="ProcessorRatio">How many times as much the processors do for the first.</param>
/// <param name="PreviewSeconds">A preview by the colours of latents.</param>
internal sealed record EndToEndOutput(
    string Workload,
    long TextParameters,
    EndToEndRow Full,
    EndToEndRow Few,
    double Ratio,
    double ProcessorRatio,
    double PreviewSeconds
);
