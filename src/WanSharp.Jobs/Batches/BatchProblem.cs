namespace WanSharp.Jobs.Batches;

/// <summary>What is wrong with a line of a batch file.</summary>
/// <param name="Line">The line, from 1.</param>
/// <param name="Message">What is wrong, and the way out.</param>
public sealed record BatchProblem(int Line, string Message);
