using WanSharp.Tools.Benchmarks;

namespace WanSharp.Cli.Output;

/// <summary>What <c>wan profile</c> recorded.</summary>
/// <param name="Title">The model, the clip and the machine.</param>
/// <param name="Clips">How many clips were made together.</param>
/// <param name="Seconds">The time of all of them.</param>
/// <param name="Overhead">How much longer it took to record them, as a share.</param>
/// <param name="IdleSeconds">How long lanes had nothing to compute.</param>
/// <param name="WaitSeconds">How long blocks waited for their weights.</param>
/// <param name="PeakOperations">Operations of products in F32 that the machine's kernels reach in a second.</param>
/// <param name="Roofs">The same of each kind of operations.</param>
/// <param name="PeakBytes">Bytes that they move in a second.</param>
/// <param name="Stages">The stages against these.</param>
/// <param name="Spans">All spans, by their start.</param>
/// <param name="MostProcessBytes">The most memory that the process had, mapped files included.</param>
/// <param name="MostLibraryBytes">The most that ONNX Runtime held.</param>
/// <param name="Layers">Kinds of layers by their time, in a run of their own.</param>
/// <param name="Operators">Operators by their time.</param>
internal sealed record ProfileOutput(
    string Title,
    int Clips,
    double Seconds,
    double Overhead,
    double IdleSeconds,
    double WaitSeconds,
    double PeakOperations,
    IReadOnlyDictionary<string, double> Roofs,
    double PeakBytes,
    IReadOnlyList<StageProfileOutput> Stages,
    IReadOnlyList<SpanOutput> Spans,
    long MostProcessBytes,
    long MostLibraryBytes,
    IReadOnlyList<OperatorShare> Layers,
    IReadOnlyList<OperatorShare> Operators
);
