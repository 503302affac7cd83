namespace WanSharp.Jobs.Batches.Reading;

/// <summary>A job as its file says it, before its fields are understood.</summary>
/// <param name="Line">The line where it begins, from 1.</param>
/// <param name="Fields">Its fields, in the order written.</param>
/// <param name="Problem">Why it cannot be read; null when it can.</param>
/// <param name="DecimalComma">Whether numbers may be written with a decimal comma.</param>
internal sealed record BatchRecord(int Line, IReadOnlyList<BatchField> Fields, BatchProblem? Problem = null, bool DecimalComma = false);
