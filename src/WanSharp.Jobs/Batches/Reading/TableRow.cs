namespace WanSharp.Jobs.Batches.Reading;

/// <summary>A row of a table.</summary>
/// <param name="Offset">Where it begins in the file's text.</param>
/// <param name="Cells">Its cells; at least one.</param>
/// <param name="Problem">What is wrong with how it is written, and where; null when nothing is.</param>
internal sealed record TableRow(int Offset, IReadOnlyList<TableCell> Cells, (int Offset, string Message)? Problem)
{
    /// <summary>Whether it is an empty line, or one of separators and space only.</summary>
    public bool IsEmpty => Cells.All(cell => cell.IsEmpty);
}
