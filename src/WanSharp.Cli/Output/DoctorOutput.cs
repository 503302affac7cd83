namespace WanSharp.Cli.Output;

/// <summary>What <c>wan doctor</c> found.</summary>
/// <param name="Findings">All of it.</param>
internal sealed record DoctorOutput(IReadOnlyList<FindingOutput> Findings);
