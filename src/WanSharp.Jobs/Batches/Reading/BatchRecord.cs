namespace WanSharp.Jobs.Batches.Reading;

/// <summary>A job as its file says it, before its fields are understood.</summary>
/// <param name="Line">The line where it begins, from 1.</param>
/// <param name="Fields">Its fields, in the order written.</param>
/// <param name="Problem">Why it cannot be read; null when it can.</param>
/// <param name="DecimalComma">Whether numbers may be written with a decimal comma.</param>
internal sealed record BatchRecord(int Line, IReadOnlyList<BatchField> Fields, BatchProblem? Problem = null, bool DecimalComma = false)
{
    /// <summary>The fields. None holds a NUL character, which ends a text for the system and for others: that is a problem.</summary>
    public IReadOnlyList<BatchField> Fields { get; } =
    [.. Fields.Select(field => field with { Value = field.Value.Replace("\0", "", StringComparison.Ordinal) })];

    public BatchProblem? Problem { get; } =
        Problem
        ?? Fields
            .Where(field => field.Value.Contains('\0', StringComparison.Ordinal))
            .Select(field => new BatchProblem(field.Line, $"The {field.Name} holds a NUL character: remove it.", field.Column))
            .FirstOrDefault();
}
