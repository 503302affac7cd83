namespace WanSharp.Server.Page;

/// <summary>What was found about the machine.</summary>
/// <param name="Topic">What it is about.</param>
/// <param name="Severity">good, advice or problem.</param>
/// <param name="Says">What it is, with what was measured.</param>
/// <param name="Command">What to do about it; null where there is nothing to do.</param>
internal sealed record FindingObject(string Topic, string Severity, string Says, string? Command);

/// <summary>All that was found.</summary>
/// <param name="Data">The findings.</param>
internal sealed record FindingList(IReadOnlyList<FindingObject> Data)
{
    public string Object { get; init; } = "list";
}
