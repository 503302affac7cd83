namespace WanSharp.Jobs.Batches.Reading;

/// <summary>A field of a job as its file says it.</summary>
/// <param name="Name">The field's name as written.</param>
/// <param name="Value">Its value as text.</param>
/// <param name="Line">The line where the value begins, from 1.</param>
/// <param name="Column">The column there, from 1.</param>
/// <param name="IsQuoted">Whether it is a cell in quotes, whose commas part nothing.</param>
internal readonly record struct BatchField(string Name, string Value, int Line, int Column, bool IsQuoted = false);
