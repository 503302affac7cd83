namespace WanSharp.Cli.Output;

/// <summary>Something that was found.</summary>
/// <param name="Topic">What it is about.</param>
/// <param name="Severity">good, advice or problem.</param>
/// <param name="Says">What it is.</param>
/// <param name="Command">What to do; null where there is nothing to do.</param>
internal sealed record FindingOutput(string Topic, string Severity, string Says, string? Command);
