namespace WanSharp.Tools.Benchmarks;

/// <summary>A clip made in two ways: as everybody began, and with what the community made.</summary>
/// <param name="Workload">The networks and the clip.</param>
/// <param name="TextParameters">Numbers of the text encoder.</param>
/// <param name="Full">F32, all steps with guidance, the model's own VAE.</param>
/// <param name="Few">8-bit integers, few steps without guidance, a tiny decoder.</param>
/// <param name="PreviewSeconds">A preview of a step by the colours of latents.</param>
public sealed record EndToEndReport(string Workload, long TextParameters, EndToEndRow Full, EndToEndRow Few, double PreviewSeconds)
{
    /// <summary>How many times as fast the second way is.</summary>
    public double Ratio => Math.Round(Full.TotalSeconds / Few.TotalSeconds, 2);

    /// <summary>How many times as much the processors do for the first way.</summary>
    public double ProcessorRatio => Math.Round(Full.ProcessorSeconds / Few.ProcessorSeconds, 2);

    /// <summary>A preview as a share of a step of the fast way.</summary>
    public double PreviewShare => Math.Round(PreviewSeconds / Few.StepSeconds, 6);
}
