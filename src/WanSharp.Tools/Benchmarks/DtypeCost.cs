namespace WanSharp.Tools.Benchmarks;

/// <summary>What a forward pass with weights of one type costs compared with F32's in the same run.</summary>
/// <param name="Type">The type's name.</param>
/// <param name="FileBytes">Bytes of the checkpoint.</param>
/// <param name="Seconds">Times of a forward pass.</param>
/// <param name="TimesF32">The median as a multiple of that of F32, which took turns with it.</param>
/// <param name="Difference">The result's largest difference to that of F32.</param>
public sealed record DtypeCost(string Type, long FileBytes, Timing Seconds, double TimesF32, OutputDifference Difference);
