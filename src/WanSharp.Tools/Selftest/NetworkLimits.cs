namespace WanSharp.Tools.Selftest;

/// <summary>How far each value of a network may lie from the original's.</summary>
/// <param name="kernels">What holds for a value that nothing was rounded for.</param>
/// <param name="roundings">How often values were rounded, by their names; empty in F32.</param>
internal sealed class NetworkLimits(NumberLimit kernels, Dictionary<string, int> roundings)
{
    /// <summary>Of a value by its name: one that is not known is never rounded.</summary>
    public NumberLimit Of(string name) => kernels.After(RoundingsOf(name));

    /// <summary>How often a value was rounded.</summary>
    public int RoundingsOf(string name) => roundings.GetValueOrDefault(name);
}
