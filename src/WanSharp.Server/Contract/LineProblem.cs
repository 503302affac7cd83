namespace WanSharp.Server.Contract;

/// <summary>What is wrong with a line of a file.</summary>
internal sealed record LineProblem(int Line, int? Column, string Message);
