namespace WanSharp.Tools.Benchmarks;

/// <summary>What PyTorch made of the same network with the same weights and inputs, its runs between ours.</summary>
/// <param name="Version">PyTorch's version.</param>
/// <param name="Threads">Threads that computed.</param>
/// <param name="StartToFirst">Seconds from the start of Python to the end of the first forward pass in F32.</param>
/// <param name="F32">Times in F32.</param>
/// <param name="BF16">Times in BF16: matrix weights converted beforehand, autocast for the rest.</param>
/// <param name="F32Difference">Our result against that in F32.</param>
/// <param name="BF16Difference">Its own BF16 result against that in F32, for comparison.</param>
public sealed record PeerReport(
    string Version,
    int Threads,
    double StartToFirst,
    Timing F32,
    Timing BF16,
    OutputDifference F32Difference,
    OutputDifference BF16Difference
);
