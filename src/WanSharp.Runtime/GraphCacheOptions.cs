namespace WanSharp.Runtime;

/// <summary>How much a <see cref="GraphCache"/> keeps.</summary>
public sealed record GraphCacheOptions
{
    /// <summary>How many compiled graphs may stay; those in use do so in any case. Default: 64. Range: 0 and up.</summary>
    public int KeepCompiled { get; init; } = 64;

    /// <summary>For how many sets of fixed dimensions a graph is compiled before one session serves all further ones. Default: 8. Range: 0 and up.</summary>
    public int RecompileLimit { get; init; } = 8;
}
