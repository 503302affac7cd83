namespace WanSharp.Engine.Memory;

/// <summary>What a choice about memory stays based on while the free memory changes. Pure.</summary>
internal static class MemoryBasis
{
    /// <summary>Smaller changes, as a share of the basis, change no choice.</summary>
    public const double Threshold = 0.3;

    /// <summary>
    /// A share that stays unused when there is more than before: a choice of so much is not undone when a little of it goes
    /// again. It goes down at once, because memory that is not there cannot be used.
    /// </summary>
    public const double Margin = 0.1;

    /// <summary>The basis of the next choice.</summary>
    /// <param name="basis">What the last one was based on, in bytes.</param>
    /// <param name="now">What may be used now.</param>
    public static long Next(long basis, long now) =>
        now < basis * (1 - Threshold) ? now
        : now > basis * (1 + Threshold) / (1 - Margin) ? (long)(now * (1 - Margin))
        : basis;
}
