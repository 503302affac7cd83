namespace WanSharp.Hosting.Outputs;

/// <summary>A part of the memory that a clip needs.</summary>
/// <param name="Part">What it is.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Kind">Whether it is kept, mapped from files, or needed while something runs.</param>
public sealed record PlanMemoryOutput(string Part, long Bytes, string Kind);
