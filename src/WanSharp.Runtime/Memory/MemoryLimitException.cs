namespace WanSharp.Runtime.Memory;

/// <summary>
/// A run asked for more host memory than <see cref="RuntimeMemory.Limit"/> leaves; it was stopped and can be repeated.
/// </summary>
/// <param name="requested">Bytes that it asked for.</param>
/// <param name="inUse">Bytes that were in use then.</param>
/// <param name="limit">The limit in bytes.</param>
public sealed class MemoryLimitException(long requested, long inUse, long limit)
    : Exception(
        $"A run asked for {requested:N0} bytes of memory where {inUse:N0} of {limit:N0} are in use: make "
            + "the clip smaller or shorter, or allow more memory."
    )
{
    /// <summary>Bytes that the run asked for.</summary>
    public long Requested { get; } = requested;

    /// <summary>Bytes that were in use then.</summary>
    public long InUse { get; } = inUse;

    /// <summary>The limit in bytes.</summary>
    public long Limit { get; } = limit;
}
