namespace WanSharp.Tools.Benchmarks;

/// <summary>What a merge costs.</summary>
/// <param name="Seconds">Seconds from the call to weights that can be used, all of them flushed to the disk.</param>
/// <param name="ProcessorSeconds">Seconds of all processors in that time: what other programs do changes them little.</param>
/// <param name="PrivateBytes">By how much it raised the process's private memory at most; null where that is not known.</param>
/// <param name="CachedSeconds">Seconds that it took to open the merged weights again.</param>
public sealed record LoraMergeCost(double Seconds, double ProcessorSeconds, long? PrivateBytes, double CachedSeconds);
