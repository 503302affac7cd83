namespace WanSharp.Cli.Output;

/// <summary>A stretch of time.</summary>
/// <param name="Name">What was done.</param>
/// <param name="Lane">Who did it.</param>
/// <param name="Start">Seconds from the beginning.</param>
/// <param name="Seconds">How long.</param>
internal sealed record SpanOutput(string Name, string Lane, double Start, double Seconds);
