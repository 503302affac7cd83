using WanSharp.Tensors;

namespace WanSharp.Graphs;

/// <summary>How far rounding to a narrow type may move the values of a tensor.</summary>
/// <remarks>
/// A number between two powers of two is rounded to the nearest multiple of its last place: an error that is anywhere within ±u of
/// the number (u = 2⁻¹¹ in F16, 2⁻⁸ in BF16), with a deviation of u / √3. On the longest way through a network a value is rounded n times
/// (<see cref="GraphValue.Roundings"/>), each time without regard to the others, and layers on the way change a share of the value as
/// much as the value: their deviations add up to u √(n / 3). Of N such errors the largest lies within √(2 ln 2N) deviations. All is
/// a share of the tensor's largest magnitude, which no value exceeds.
/// </remarks>
public static class RoundingError
{
    /// <summary>The largest error to expect, as a share of the tensor's largest magnitude.</summary>
    /// <param name="dtype">F16 or BF16; nothing is rounded in F32.</param>
    /// <param name="roundings">How often values were rounded.</param>
    /// <param name="count">How many values the tensor has.</param>
    public static double Of(DType dtype, int roundings, long count)
    {
        double unit = dtype switch
        {
            DType.F16 => Math.ScaleB(1, -11),
            DType.BF16 => Math.ScaleB(1, -8),
            _ => 0,
        };
        return unit * Math.Sqrt(roundings / 3.0) * Math.Sqrt(2 * Math.Log(2.0 * Math.Max(count, 1)));
    }
}
