namespace WanSharp.Server.Security;

/// <summary>What a key may have of the server. Default: everything.</summary>
public sealed record KeyLimits
{
    /// <summary>How many videos may wait or run at once; null for any number.</summary>
    public int? MostOpen { get; init; }

    /// <summary>How many videos may be asked for within 24 hours; null for any number.</summary>
    public int? MostPerDay { get; init; }

    /// <summary>How many bytes of files that it brought are kept at a time; null for any number.</summary>
    public long? MostUploadBytes { get; init; }

    /// <summary>Whether it sees its own videos alone, and only what tells keys apart.</summary>
    public bool OnlyOwn { get; init; }
}
