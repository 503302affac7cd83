namespace WanSharp.Server.Security;

/// <summary>A key as it is kept: the key itself is known to its owner alone.</summary>
public sealed record ApiKey
{
    /// <summary>Whose it is: for lists and the audit log.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the key, hexadecimal. Keys are 256 random bits: no dictionary has them.</summary>
    public required string Sha256 { get; init; }

    /// <summary>What it may do.</summary>
    public required KeyScope Scope { get; init; }

    /// <summary>Requests a minute; null for any number.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>What it may have of the server.</summary>
    public KeyLimits Limits { get; init; } = new();

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}
