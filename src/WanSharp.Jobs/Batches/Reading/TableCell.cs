namespace WanSharp.Jobs.Batches.Reading;

/// <summary>A cell of a table.</summary>
/// <param name="Text">Its text, without the quotes around it.</param>
/// <param name="Offset">Where it begins in the file's text.</param>
internal readonly record struct TableCell(string Text, int Offset)
{
    /// <summary>Whether it holds nothing but space.</summary>
    public bool IsEmpty => string.IsNullOrWhiteSpace(Text);
}
