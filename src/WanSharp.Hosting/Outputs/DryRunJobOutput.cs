using System.Text.Json.Serialization;

namespace WanSharp.Hosting.Outputs;

/// <summary>What would become of a job.</summary>
/// <param name="Output">The clip's file name.</param>
/// <param name="How"><c>done</c>, <c>taken</c>, <c>cached</c>, <c>equal</c> to another, or <c>run</c>.</param>
/// <param name="Reuses">The clip whose steps it would begin with.</param>
/// <param name="Notes">What there is to say about it.</param>
public sealed record DryRunJobOutput(
    string Output,
    string How,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ReuseOutput? Reuses,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Notes
);
