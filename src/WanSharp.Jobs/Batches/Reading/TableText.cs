using System.Text;

namespace WanSharp.Jobs.Batches.Reading;

/// <summary>
/// Separated values, as RFC 4180 describes them and spreadsheets write them: a cell that begins with a quote ends with one, and may hold
/// separators, line ends, and quotes written twice; a quote anywhere else is a letter. Lines end in LF, CR LF or CR.
/// </summary>
/// <remarks>
/// Our own, because the readers that there are give no column, and take a quote that is not closed, or text after a closing one, in
/// silence:
/// each of those turns two prompts into another one.
/// </remarks>
internal static class TableText
{
    /// <summary>The rows of a text, from an offset on, empty ones too.</summary>
    public static IEnumerable<TableRow> Rows(string text, int offset, char separator)
    {
        while (offset < text.Length)
        {
            yield return Row(text, ref offset, separator);
        }
    }

    /// <summary>The row at an offset, which then is that of the next one.</summary>
    public static TableRow Row(string text, ref int offset, char separator)
    {
        var (start, cells, problem) = (offset, new List<TableCell>(), ((int, string)?)null);
        while (true)
        {
            var (cell, cellProblem) =
                offset < text.Length && text[offset] == '"' ? Quoted(text, ref offset, separator) : Plain(text, ref offset, separator);
            cells.Add(cell);
            problem ??= cellProblem;
            if (offset == text.Length)
            {
                break;
            }

            var end = text[offset++];
            if (end != separator)
            {
                offset += end == '\r' && offset < text.Length && text[offset] == '\n' ? 1 : 0;
                break;
            }
        }

        return new TableRow(start, cells, problem);
    }

    private static (TableCell Cell, (int, string)? Problem) Plain(string text, ref int offset, char separator)
    {
        var start = offset;
        offset = EndOf(text, offset, separator);
        var cell = text[start..offset];
        var letters = cell.TrimStart();
        return (
            new TableCell(cell, start),
            letters.StartsWith('"')
                ? (
                    start + cell.Length - letters.Length,
                    "This quote follows a space, so it is part of the text: remove the space before it."
                )
                : null
        );
    }

    private static (TableCell Cell, (int, string)? Problem) Quoted(string text, ref int offset, char separator)
    {
        var (start, cell) = (offset, new StringBuilder());
        for (offset++; offset < text.Length; offset++)
        {
            var c = text[offset];
            if (c == '"')
            {
                if (offset + 1 == text.Length || text[offset + 1] != '"')
                {
                    offset++;
                    return Closed(text, ref offset, separator, start, cell);
                }

                offset++;
            }
            else if (c == '\r')
            {
                offset += offset + 1 < text.Length && text[offset + 1] == '\n' ? 1 : 0;
                c = '\n';
            }

            cell.Append(c);
        }

        return (
            new TableCell(cell.ToString(), start, IsQuoted: true),
            (start, "This quote is not closed: within quotes, write a quote twice.")
        );
    }

    /// <summary>What follows a closing quote: space, then the cell's end.</summary>
    private static (TableCell Cell, (int, string)? Problem) Closed(
        string text,
        ref int offset,
        char separator,
        int start,
        StringBuilder cell
    )
    {
        var closed = offset;
        offset = EndOf(text, offset, separator);
        var rest = text[closed..offset];
        return (
            new TableCell(cell.Append(rest).ToString(), start, IsQuoted: true),
            string.IsNullOrWhiteSpace(rest)
                ? null
                : (closed, "Text follows a closing quote: put the whole cell in quotes, and write each quote within it twice.")
        );
    }

    private static int EndOf(string text, int offset, char separator)
    {
        var length = text.AsSpan(offset).IndexOfAny(separator, '\n', '\r');
        return length < 0 ? text.Length : offset + length;
    }
}
