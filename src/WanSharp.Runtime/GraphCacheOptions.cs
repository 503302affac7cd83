namespace WanSharp.Runtime;

/// <summary>How much a <see cref="GraphCache"/> keeps.</summary>
public sealed record GraphCacheOptions
{
    /// <summary>How many compiled graphs may stay; those in use do so in any case. Default: 64. Range: 0 and up.</summary>
    public int KeepCompiled { get; init; } = 64;

    /// <summary>
    /// How many bytes of memory the compiled graphs that stay may hold; those in use stay in any case. Default: 1 GiB. Range: 0
    /// and up.
    /// </summary>
    public long KeepBytes { get; init; } = 1L << 30;

    /// <summary>
    /// For how many sets of fixed dimensions a graph is compiled before one session serves all further ones. Default: 8. Range: 0
    /// and up.
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
