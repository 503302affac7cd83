namespace WanSharp.Jobs.Batches.Reading;

/// <summary>What is wrong with a line of a batch file.</summary>
/// <param name="Line">The line, from 1.</param>
/// <param name="Message">What is wrong, and the way out.</param>
/// <param name="Column">The column, from 1; null where the whole line is meant.</param>
/// <param name="IsOfFile">Whether a file that the line names is missing or cannot be used; how it is written is right.</param>
public sealed record BatchProblem(int Line, string Message, int? Column = null, bool IsOfFile = false)
{
    /// <summary>Where it is, as compilers write it: <c>7:12</c>, or <c>7</c>.</summary>
    public string Place => Column is { } column ? $"{Line}:{column}" : $"{Line}";
}
