using System.Text;

namespace WanSharp.Jobs.Batches;

/// <summary>Comma-separated values after RFC 4180: cells may be in quotes, and then hold commas, line ends, and quotes written twice.</summary>
internal static class Csv
{
    /// <summary>The records, each with the line where it begins, from 1. A quote that is not closed takes the rest of the text.</summary>
    public static IEnumerable<(int Line, List<string> Cells, bool IsClosed)> Read(string text)
    {
        var (line, start) = (1, 1);
        var cells = new List<string>();
        var cell = new StringBuilder();
        var isQuoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\n')
            {
                line++;
            }

            if (isQuoted ? c != '"' : c is not (',' or '\n' or '\r' or '"'))
            {
                cell.Append(c);
            }
            else if (c == '"')
            {
                var isEscaped = isQuoted && i + 1 < text.Length && text[i + 1] == '"';
                if (isEscaped)
                {
                    cell.Append('"');
                    i++;
                }
                else
                {
                    isQuoted = !isQuoted;
                }
            }
            else if (c != '\r')
            {
                cells.Add(cell.ToString());
                cell.Clear();
                if (c == '\n')
                {
                    yield return (start, cells, true);
                    (cells, start) = ([], line);
                }
            }
        }

        if (cells.Count > 0 || cell.Length > 0)
        {
            cells.Add(cell.ToString());
            yield return (start, cells, !isQuoted);
        }
    }
}
