using System.Globalization;
using WanSharp.Engine.Requests;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Batches.Reading;

/// <summary>The jobs of a table: a row of names, then a row a job.</summary>
internal static class TableRecords
{
    private const string Mark = "sep=";
    private const int MostCellLength = 64 * 1024;

    /// <summary>No spreadsheet has more rows, empty ones too.</summary>
    private const int MostRows = 1 << 20;

    /// <summary>
    /// Excel writes a table in pieces of a fixed number of rows, each as wide as its widest row: trailing empty cells are left out of a
    /// whole piece, not of a row.
    /// </summary>
    private const int RowsOfAPiece = 16;

    private static readonly char[] Separators = [',', ';', '\t', '|'];

    // Nobody writes these with decimals; frames a second are written so (23,976), whole though they are here.
    private static readonly string[] Counts = ["seed", "steps", "width", "height", "frames"];

    /// <summary>Whether a text begins as a table of jobs does: its first row has a column of prompts.</summary>
    public static bool IsTable(string text) =>
        MarkedSeparator(text) is not null || Separators.Any(separator => Header(text, 0, separator).Any(IsPrompt));

    /// <summary>Whether a line names the columns of a table: there are several, one called <c>prompt</c>, or all by known names.</summary>
    public static bool HasColumns(string line, Func<string, bool> isName) =>
        MarkedSeparator(line) is not null
        || Separators
            .Select(separator => Header(line, 0, separator))
            .Any(cells => cells.Count > 1 && (cells.Any(IsPrompt) || cells.All(cell => isName(cell.Text))));

    /// <summary>Reads a table.</summary>
    /// <param name="path">The file, for messages and for the separator that its extension stands for.</param>
    /// <param name="text">Its text.</param>
    /// <param name="fields">The names that columns may have.</param>
    /// <param name="most">The most jobs to read.</param>
    /// <exception cref="InvalidRequestException">The row of names cannot be used, or there are too many empty rows.</exception>
    public static IEnumerable<BatchRecord> Read(string path, string text, FieldNames fields, int most)
    {
        var lines = new TextLines(text);
        var (separator, start) = MarkedSeparator(text) is var (marked, length) ? (marked, length) : (Sniff(path, text, fields), 0);
        var rows = new List<TableRow>();
        var count = 0;
        foreach (var row in TableText.Rows(text, start, separator).SkipWhile(row => row.IsEmpty))
        {
            rows.Add(row);
            count += row.IsEmpty ? 0 : 1;
            if (count > most + RowsOfAPiece)
            {
                break; // too many, and the last of them with all rows of their piece
            }

            if (rows.Count > MostRows)
            {
                throw new InvalidRequestException("file", $"{path} has more than {MostRows} rows: remove the empty ones.");
            }
        }

        if (rows.Count == 0)
        {
            return [];
        }

        var names = Names(path, lines, rows[0], separator, fields);
        var isWhole = text.EndsWith('\n') || text.EndsWith('\r'); // as what writes short rows ends its files; a cut one does not
        return rows.Select((row, index) => (Row: row, Index: index))
            .Skip(1)
            .Where(one => !one.Row.IsEmpty)
            .Select(one =>
                Record(
                    text,
                    lines,
                    one.Row,
                    names,
                    separator,
                    one.Row.Cells.Count > names.Length && (separator == '\t' || AreTextsQuoted(one.Row, names)),
                    one.Row.Cells.Count < names.Length && IsWholePiece(rows, one.Index) && (isWhole || one.Index < rows.Count - 1)
                )
            );
    }

    private static BatchRecord Record(
        string text,
        TextLines lines,
        TableRow row,
        string[] names,
        char separator,
        bool mayBeLong,
        bool mayBeShort
    )
    {
        var fields = new List<BatchField>();
        foreach (var (name, cell) in names.Zip(row.Cells))
        {
            if (!cell.IsEmpty)
            {
                var (line, column) = lines.PlaceOf(cell.Offset);
                fields.Add(new BatchField(name, cell.Text.Trim(), line, column, cell.IsQuoted));
            }
        }

        return new BatchRecord(
            lines.PlaceOf(row.Offset).Line,
            fields,
            Problem() is var (offset, message) ? ProblemAt(lines, offset, message) : null,
            DecimalComma: separator != ','
        );

        (int Offset, string Message)? Problem()
        {
            var (count, last) = (row.Cells.Count, row.Cells[^1]);
            return row.Problem
                ?? NotAJob(text, row)
                ?? SecondHead(row, names)
                ?? (
                    row.Cells.Skip(names.Length).FirstOrDefault(cell => !cell.IsEmpty || !mayBeLong) is { Text: not null } extra
                        ? (
                            extra.Offset,
                            $"It has {count} cells, but there are {names.Length} columns: put text with {NameOf(separator)}s in quotes"
                                + $"{(extra.IsEmpty ? $", or end the row of names with a {NameOf(separator)} as well." : ".")}"
                        )
                    : PartedNumber(row, names, separator) is { } parted
                        ? (
                            parted.Offset,
                            $"It has {count} cells, but there are {names.Length} columns: a comma may have parted a number here. "
                                + "Write 4.5, or end the row of names with a comma as well."
                        )
                    : count < names.Length && !mayBeShort
                        ? (
                            last.Offset,
                            $"It has {count} of {names.Length} cells: write the missing {NameOf(separator)}s, "
                                + "or put text of several lines in quotes."
                        )
                    : row.Cells.FirstOrDefault(cell => cell.Text.Length > MostCellLength) is { Text: not null } tooLong
                        ? (tooLong.Offset, $"The cell is longer than {MostCellLength} characters.")
                    : row.Cells.Zip(names).FirstOrDefault(pair => pair.Second.Length == 0 && !pair.First.IsEmpty)
                        is { First.Text: not null } unnamed
                        ? (unnamed.First.Offset, "This cell's column has no name: name it in the first row, or clear the cell.")
                    : null
                );
        }
    }

    /// <summary>What tells that a row is not meant as a job: it is commented out, or a spreadsheet could not compute it.</summary>
    private static (int Offset, string Message)? NotAJob(string text, TableRow row) =>
        text[row.Offset] == '#' && !ForeignText.IsError(row.Cells[0].Text)
            ? (row.Offset, "The row begins with #, and tables have no comments: remove the row, or put a text that begins so in quotes.")
        : row.Cells.FirstOrDefault(cell => ForeignText.IsError(cell.Text) || IsTooNarrow(cell.Text)) is { Text: not null } error
            ? (error.Offset, $"The cell holds a spreadsheet's error, {error.Text}: correct it there, and save the table again.")
        : null;

    private static (int Offset, string Message)? SecondHead(TableRow row, string[] names) =>
        row.Cells.Count == names.Length && row.Cells.Zip(names).All(pair => IsCalled(pair.First, pair.Second))
            ? (row.Offset, "The row names the columns again, as where two tables were joined: remove it, or make it a file of its own.")
            : null;

    /// <summary>Whether a cell holds what is shown of a number that is wider than its column.</summary>
    private static bool IsTooNarrow(string cell) => cell.Length > 2 && cell.All(c => c == '#');

    /// <summary>The columns' names.</summary>
    private static string[] Names(string path, TextLines lines, TableRow header, char separator, FieldNames fields)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        if (header.Problem is var (offset, message))
        {
            throw Refused(offset, message);
        }

        foreach (var cell in header.Cells.Where(cell => !cell.IsEmpty))
        {
            var name = cell.Text.Trim();
            if (!fields.Contains(name))
            {
                throw Refused(
                    cell.Offset,
                    header.Cells.Any(other => fields.Contains(other.Text.Trim()))
                        ? fields.Unknown(name)
                        : $"The first row must name the columns, but '{name}' is not a field: there are "
                            + $"{fields}; separate them with a comma, a semicolon, a tab or a |."
                );
            }

            if (!seen.Add(name))
            {
                throw Refused(cell.Offset, $"The column '{name}' occurs twice: remove one.");
            }
        }

        return seen.Contains("prompt")
            ? [.. header.Cells.Select(cell => cell.Text.Trim())]
            : throw Refused(header.Offset, $"There is no column 'prompt' (the separator is a {NameOf(separator)}).");

        InvalidRequestException Refused(int offset, string message)
        {
            var (line, column) = lines.PlaceOf(offset);
            return new InvalidRequestException("file", $"{path}:{line}:{column}: {message}");
        }
    }

    /// <summary>Whether all rows of a row's piece have its number of cells, as where Excel left out trailing empty ones.</summary>
    private static bool IsWholePiece(List<TableRow> rows, int index) =>
        rows.Skip(index - (index % RowsOfAPiece))
            .Take(RowsOfAPiece)
            .All(row => row.Cells.Count == rows[index].Cells.Count || row.Cells is [{ IsEmpty: true }]);

    /// <summary>
    /// Whether no text of a row can have been parted, because all are in quotes: where the prompt is not, its second half may stand in any
    /// column, a number's too.
    /// </summary>
    private static bool AreTextsQuoted(TableRow row, string[] names) =>
        row.Cells.Zip(names).All(pair => pair.First.IsQuoted || pair.First.IsEmpty || IsNumber(pair.First, pair.Second));

    /// <summary>The first of two numbers in a row that is too long, unless no seed or count can be parted: 4,5 may be one number.</summary>
    private static TableCell? PartedNumber(TableRow row, string[] names, char separator) =>
        separator == ',' && row.Cells.Count > names.Length
            ? row
                .Cells.Zip(row.Cells.Skip(1), names)
                .Where(one => IsDigits(one.First) && IsDigits(one.Second) && !Counts.Contains(one.Third, StringComparer.OrdinalIgnoreCase))
                .Select(one => (TableCell?)one.First)
                .FirstOrDefault()
            : null;

    private static bool IsDigits(TableCell cell) =>
        !cell.IsQuoted && cell.Text.Trim() is { Length: > 0 } text && text.All(char.IsAsciiDigit);

    private static bool IsNumber(TableCell cell, string name) =>
        SettingFields.Find(name) is { Range: not null } && double.TryParse(cell.Text, CultureInfo.InvariantCulture, out _);

    private static BatchProblem ProblemAt(TextLines lines, int offset, string message)
    {
        var (line, column) = lines.PlaceOf(offset);
        return new BatchProblem(line, message, column);
    }

    /// <summary>The separator with which the first row has the most names of fields.</summary>
    private static char Sniff(string path, string text, FieldNames fields)
    {
        var usual = Path.GetExtension(path).ToLowerInvariant() is ".tsv" or ".tab" or ".txt" ? '\t' : ',';
        return Separators
            .OrderBy(separator => separator != usual)
            .MaxBy(separator => Header(text, 0, separator).Count(cell => fields.Contains(cell.Text.Trim())));
    }

    private static IReadOnlyList<TableCell> Header(string text, int offset, char separator) =>
        TableText.Rows(text, offset, separator).FirstOrDefault(row => !row.IsEmpty)?.Cells ?? [];

    /// <summary>The separator that the first line names, as Excel has it, and where the table begins after it.</summary>
    public static (char Separator, int Length)? MarkedSeparator(string text)
    {
        var end = text.AsSpan().IndexOfAny('\r', '\n') is >= 0 and var found ? found : text.Length;
        var line = text[..end].Trim(' ', '"');
        if (!line.StartsWith(Mark, StringComparison.OrdinalIgnoreCase) || line.Length < Mark.Length + 1)
        {
            return null;
        }

        // Saved again as a table, the line has its separators as every row has.
        line = line[..(Mark.Length + 1)] + line[(Mark.Length + 1)..].TrimEnd(line[Mark.Length]);
        if (line.Length != Mark.Length + 1)
        {
            return null;
        }

        var next = end + (text.AsSpan(end).StartsWith("\r\n") ? 2 : 1);
        return (line[^1], Math.Min(next, text.Length));
    }

    private static bool IsPrompt(TableCell cell) => IsCalled(cell, "prompt");

    private static bool IsCalled(TableCell cell, string name) => cell.Text.Trim().Equals(name, StringComparison.OrdinalIgnoreCase);

    private static string NameOf(char separator) =>
        separator switch
        {
            ',' => "comma",
            ';' => "semicolon",
            '\t' => "tab",
            _ => $"'{separator}'",
        };
}
