namespace WanSharp.Runtime;

/// <summary>The precision that networks run in, and why: a clause for people.</summary>
/// <param name="Precision">The precision.</param>
/// <param name="Why">Why it is this one.</param>
public sealed record PrecisionChoice(Precision Precision, string Why);
