namespace WanSharp.Runtime;

/// <summary>How a provider computed the block of a trial.</summary>
/// <param name="Error">The largest difference from the processor, in parts of the largest number.</param>
/// <param name="Limit">The largest that is right.</param>
/// <param name="Milliseconds">The median of what some runs took, where it is right.</param>
internal readonly record struct BlockTrialResult(double Error, double Limit, double Milliseconds)
{
    /// <summary>It did not compute.</summary>
    public static BlockTrialResult None { get; } = new(double.PositiveInfinity, Limit: 0, Milliseconds: 0);

    /// <summary>Whether the numbers are right.</summary>
    public bool IsRight => Error <= Limit;
}
