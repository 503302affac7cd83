namespace WanSharp.Runtime;

/// <summary>How much a <see cref="GraphCache"/> keeps.</summary>
public sealed record GraphCacheOptions
{
    /// <summary>How many compiled graphs may stay in memory; those in use always do. Default: 64. Range: 0 and up.</summary>
    public int KeepCompiled { get; init; } = 64;

    /// <summary>How many bytes of memory they may hold; those in use always stay. Default: 1 GiB. Range: 0 and up.</summary>
    public long KeepBytes { get; init; } = 1L << 30;

    /// <summary>
    /// How many sets of fixed dimensions a graph is compiled for, before one session serves all others. Default: 8. Range: 0 and
    /// up.
    /// </summary>
    public int RecompileLimit { get; init; } = 8;

    /// <summary>
    /// The folder where counts of all processes are kept (<see cref="GraphHistory"/>); they are added when the cache is disposed.
    /// Default: null, nowhere.
    /// </summary>
    public string? HistoryFolder { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(KeepCompiled);
        ArgumentOutOfRangeException.ThrowIfNegative(KeepBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(RecompileLimit);
    }
}
