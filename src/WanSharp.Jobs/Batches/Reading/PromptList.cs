using System.Text.RegularExpressions;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Batches.Reading;

/// <summary>The prompts of a file that holds nothing else: a line each, or the rows of a table of one column without a name.</summary>
internal static partial class PromptList
{
    private const string Field = "prompt";

    // They have lines of their own between the prompts, or around them.
    private static readonly string[] OtherFormats =
    [
        ".yaml",
        ".yml",
        ".toml",
        ".ini",
        ".xml",
        ".html",
        ".py",
        ".rtf",
        ".srt",
        ".vtt",
        ".docx",
        ".odt",
    ];

    // What tools call the column of prompts.
    private static readonly string[] OtherNames = ["prompts", "positive", "positive_prompt", "text", "caption", "captions", "description"];

    /// <summary>
    /// Reads a file of prompts; empty lines and comments are left out, which begin with # and no letter or digit behind it.
    /// </summary>
    /// <param name="path">The file, for messages; of a table its extension.</param>
    /// <param name="text">Its text.</param>
    /// <param name="fields">The fields of jobs, whose names are not prompts.</param>
    /// <param name="most">The most prompts to read.</param>
    /// <exception cref="InvalidRequestException">It holds jobs with fields.</exception>
    public static IReadOnlyList<BatchRecord> Read(string path, string text, FieldNames fields, int most)
    {
        if (
            OtherFormats.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase)
            || text.StartsWith("{\\rtf", StringComparison.Ordinal)
        )
        {
            throw new InvalidRequestException("prompts", $"'{path}' is not a list of prompts: write a .txt with one prompt per line.");
        }

        var (separators, start) = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".csv" when TableRecords.MarkedSeparator(text) is var (marked, length) => ($"{marked}", length),
            ".csv" => (",;\t", 0),
            ".tsv" or ".tab" => ("\t", 0),
            _ => ("", 0),
        };
        List<BatchRecord> records = [.. (separators.Length == 0 ? Lines(text) : Rows(text, start, separators)).Take(most)];
        if (records.Count > 0)
        {
            RequirePrompts(path, text, TextLines.Of(text).First(line => line.Number == records[0].Line).Text, records[0], fields);
        }

        return records;
    }

    private static IEnumerable<BatchRecord> Lines(string text) =>
        TextLines
            .Of(text)
            .Select(line => (line.Number, Text: line.Text.Trim()))
            .Where(line => line.Text is { Length: > 0 } prompt && !IsComment(prompt))
            .Select(line => new BatchRecord(
                line.Number,
                [new BatchField(Field, line.Text, line.Number, Column: 1)],
                ProblemOf(line.Text) is { } problem ? new BatchProblem(line.Number, problem) : null
            ));

    private static IEnumerable<BatchRecord> Rows(string text, int start, string separators)
    {
        var lines = new TextLines(text);
        return TableText
            .Rows(text, start, separators[0])
            .Where(row => !row.IsEmpty && !IsComment(text.AsSpan(row.Offset)))
            .Select(row => Record(lines, text, row, separators));
    }

    private static BatchRecord Record(TextLines lines, string text, TableRow row, string separators)
    {
        var cell = row.Cells[0];
        var (line, column) = lines.PlaceOf(cell.Offset);
        var isQuoted = text[cell.Offset] == '"';
        var isSeveral = row.Cells.Skip(1).Any(other => !other.IsEmpty) || (!isQuoted && cell.Text.AsSpan().ContainsAny(separators));
        var problem =
            row.Problem is var (offset, message) ? new BatchProblem(lines.PlaceOf(offset).Line, message, lines.PlaceOf(offset).Column)
            : (ForeignText.ProblemOf(cell.Text) ?? (isQuoted ? null : Hash(cell.Text) ?? Marked(cell.Text))) is { } foreign
                ? new BatchProblem(line, foreign, column)
            : isSeveral
                ? new BatchProblem(
                    line,
                    "It has several cells, but a file of prompts has one per line: put text with commas, semicolons or tabs in quotes, "
                        + "save the file as .txt, or name the columns in a first row and leave out --prompts.",
                    column
                )
            : null;
        return new BatchRecord(line, [new BatchField(Field, cell.Text.Trim(), line, column)], problem);
    }

    private static bool IsComment(ReadOnlySpan<char> text) => text is ['#'] || (text is ['#', var next, ..] && !char.IsLetterOrDigit(next));

    /// <summary>What may be a comment, and may be a prompt: "#1 fan waving a flag".</summary>
    private static string? Hash(string text) =>
        text is ['#', ..]
            ? "It begins with # and no space: if it is a comment, write a space behind the #; if it is a prompt, put a word before the #, "
                + "or name the file .csv and put the prompt in quotes."
            : null;

    /// <summary>What is wrong with a line of text: it is not a prompt but something that another program writes around prompts.</summary>
    private static string? ProblemOf(string line) =>
        Hash(line) is { } hash ? hash
        : line.Contains('\t', StringComparison.Ordinal)
            ? "It has a tab, as a table has between its cells: write a space, or name the columns in a first row and leave out --prompts."
        : ForeignText.ProblemOf(line) ?? Marked(line);

    /// <summary>What notes and chat programs put before a prompt: the mark of a list's item, or a label.</summary>
    private static string? Marked(string text) =>
        Label().Match(text) is { Success: true } label
            ? $"It begins with '{label.Value.Trim()}', and a line of this file is a prompt alone: remove that, or write a table with a "
                + "column for each setting."
        : Item().Match(text) is { Success: true } item
            ? $"It begins as an item of a list does, with '{item.Value.Trim()}', which would be part of the prompt: remove that, or name "
                + "the file .csv and put a text that begins so in quotes."
        : null;

    [GeneratedRegex(
        @"^(?:[-*+>;•‣◦·–—→➔➜➡➤►▶☐☑☒✅✓✔]\uFE0F?|[①-⑳]|//+|[0-9]\uFE0F?\u20E3|\(?[0-9０-９]{1,4}[.):．、）]|\[[0-9]{1,4}\]|\(?[A-Za-z]\))"
            + @"(?:\s+(?=\S)|(?<=[、．①-⑳]))"
    )]
    private static partial Regex Item();

    [GeneratedRegex(
        @"^\W*(?:(?:(?:positive|negative)[ _-]*)?prompts?(?:[ _#-]*\d+)?|(?:正向|正面|反向|负面|負面)?提示[词詞]\s*\d*)\W*[:：=]|^Steps: \d+,"
            + @"|^[\d:,.]+ --> [\d:,.]+$",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Label();

    /// <summary>Refuses a file whose first line is that of a table, or of JSON.</summary>
    private static void RequirePrompts(string path, string text, string line, BatchRecord record, FieldNames fields)
    {
        var first = record.Fields[0].Value;
        if (JsonRecords.IsObject(line) || JsonRecords.IsDocument(text) || TableRecords.HasColumns(line, name => IsName(name, fields)))
        {
            throw new InvalidRequestException("prompts", $"{path} holds jobs with fields, not one prompt per line: leave out --prompts.");
        }

        if (IsName(first, fields))
        {
            throw new InvalidRequestException(
                "prompts",
                $"{path}:{record.Line}: '{first}' is the name of a column. If the file is a table, call the column {Field} and leave out "
                    + "--prompts; if it is a list of prompts, remove this line."
            );
        }
    }

    private static bool IsName(string text, FieldNames fields) =>
        text.TrimEnd(':', ' ').Trim(' ', '"') is var name
        && (fields.Contains(name) || OtherNames.Contains(name.Replace(' ', '_'), StringComparer.OrdinalIgnoreCase));
}
