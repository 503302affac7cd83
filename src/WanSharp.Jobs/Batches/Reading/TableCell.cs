namespace WanSharp.Jobs.Batches.Reading;

/// <summary>A cell of a table.</summary>
/// <param name="Text">Its text, without the quotes around it.</param>
/// <param name="Offset">Where it begins in the file's text.</param>
/// <param name="IsQuoted">Whether there are quotes around it.</param>
internal readonly record struct TableCell(string Text, int Offset, bool IsQuoted = false)
{
    /// <summary>Whether it holds nothing but space.</summary>
    public bool IsEmpty => string.IsNullOrWhiteSpace(Text);
}
