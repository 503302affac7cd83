namespace WanSharp.Hosting.Hub;

/// <summary>How a file compares with what the hub says of it.</summary>
public enum VerifyResult
{
    /// <summary>Its digest is the hub's.</summary>
    Right,

    /// <summary>Its length or its digest is another one.</summary>
    Damaged,

    /// <summary>It is not there.</summary>
    Missing,

    /// <summary>Nothing on this machine says what its digest should be.</summary>
    Unknown,
}
