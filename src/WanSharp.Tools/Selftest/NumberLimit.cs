using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Tools.Selftest;

/// <summary>How far a network's values may lie from the original's.</summary>
/// <param name="Kernels">What the order of additions explains, in F32: an absolute difference.</param>
internal readonly record struct NumberLimit(double Kernels)
{
    /// <summary>The narrow type that values were rounded to; F32 for none.</summary>
    public DType Compute { get; init; } = DType.F32;

    /// <summary>How often, on the longest way.</summary>
    public int Roundings { get; init; }

    /// <summary>
    /// What guidance makes of rounding errors: of two velocities whose errors have nothing to do with each other, g times the one and
    /// g − 1 times the other.
    /// </summary>
    public double Gain { get; init; } = 1;

    /// <summary>After further roundings.</summary>
    public NumberLimit After(int roundings) => this with { Roundings = Roundings + roundings };

    /// <summary>The largest absolute difference that passes.</summary>
    /// <param name="magnitude">The largest magnitude of the expected tensor.</param>
    /// <param name="count">How many values it has.</param>
    public double For(double magnitude, long count) => Kernels + (Gain * RoundingError.Of(Compute, Roundings, count) * magnitude);
}
