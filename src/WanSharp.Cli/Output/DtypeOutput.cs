namespace WanSharp.Cli.Output;

/// <summary>What weights of an element type cost.</summary>
/// <param name="Weights">The element type.</param>
/// <param name="FileBytes">The size of the file.</param>
/// <param name="FirstStartSeconds">A first start.</param>
/// <param name="SecondStartSeconds">A second one.</param>
/// <param name="ForwardSeconds">A forward pass.</param>
/// <param name="TimesF32">The same, in passes of F32.</param>
/// <param name="PeakPrivateBytes">The most private memory; null where it is not known.</param>
/// <param name="RelativeDifference">How far the result is from that of F32.</param>
internal sealed record DtypeOutput(
    string Weights,
    long FileBytes,
    double FirstStartSeconds,
    double SecondStartSeconds,
    double ForwardSeconds,
    double TimesF32,
    long? PeakPrivateBytes,
    double RelativeDifference
);
