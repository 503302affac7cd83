using WanSharp.Engine.Requests;
using WanSharp.Jobs.Batches.Reading;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Batches;

/// <summary>
/// Reads files of jobs: JSON (<c>.jsonl</c>, <c>.ndjson</c>, <c>.json</c>), tables (<c>.csv</c>, <c>.tsv</c>, <c>.txt</c>), and files
/// of prompts.
/// </summary>
public static class BatchFile
{
    /// <summary>The longest file, in bytes.</summary>
    public const int MostBytes = 256 << 20;

    /// <summary>The most jobs of one batch.</summary>
    public const int MostJobs = 100_000;

    /// <summary>Readers stop here: what is refused is not kept in memory first.</summary>
    private const int TooMany = MostJobs + 1;

    /// <summary>Reads a file whole.</summary>
    /// <param name="path">A file of JSON, or a table.</param>
    /// <param name="defaults">What a line that says nothing takes; images are relative to the file's folder.</param>
    /// <param name="priority">The priority of a line that says none.</param>
    /// <returns>The entries, those with a <see cref="BatchEntry.Problem"/> too.</returns>
    /// <exception cref="InvalidRequestException">The file is of no known kind, too long, not text, or holds no job.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<BatchEntry> Read(string path, JobRequest defaults, int priority = 0)
    {
        ArgumentNullException.ThrowIfNull(path);
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return Checked(
            path,
            [
                .. Records(path)
                    .Take(TooMany)
                    .Select(record =>
                        Entry(
                            new BatchEntry
                            {
                                Line = record.Line,
                                Request = defaults,
                                Priority = priority,
                                Problem = record.Problem,
                                Fields = record.Fields,
                            },
                            record,
                            folder
                        )
                    ),
            ]
        );
    }

    /// <summary>
    /// Reads a file of prompts, a line each, of a table (<c>.csv</c>, <c>.tsv</c>) the rows of its only column; empty lines and those that
    /// begin with # are left out. Each is combined with each style and each seed.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="styles">Names or aliases; empty for none.</param>
    /// <param name="seeds">The seeds, null for one that is drawn; empty leaves the seed to the backend.</param>
    /// <param name="defaults">All other settings.</param>
    /// <param name="priority">The priority of all.</param>
    /// <exception cref="InvalidRequestException">The file is too long, not text, or holds no prompt; or the combinations are too
    /// many.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<BatchEntry> ReadPrompts(
        string path,
        IReadOnlyList<string> styles,
        IReadOnlyList<ulong?> seeds,
        JobRequest defaults,
        int priority = 0
    )
    {
        ArgumentNullException.ThrowIfNull(styles);
        ArgumentNullException.ThrowIfNull(seeds);
        var prompts = PromptList.Read(path, TextInput.ReadFile(path, MostBytes), BatchFields.Names, TooMany);
        if (prompts.Count > MostJobs)
        {
            throw HasTooMany(path);
        }

        if ((long)prompts.Count * Math.Max(styles.Count, 1) * Math.Max(seeds.Count, 1) > MostJobs)
        {
            throw new InvalidRequestException(
                "prompts",
                $"{prompts.Count} prompts, {styles.Count} styles and {seeds.Count} seeds are more than {MostJobs} "
                    + "jobs: divide them among several batches."
            );
        }

        return Checked(
            path,
            [
                .. from prompt in prompts
                from style in styles.Count == 0 ? [null] : styles.Select(style => (string?)style)
                from seed in seeds.Count == 0
                    ? [(Draws: false, Value: (ulong?)null)]
                    : seeds.Select(seed => (Draws: seed is null, Value: seed))
                select new BatchEntry
                {
                    Line = prompt.Line,
                    Style = style,
                    Priority = priority,
                    DrawsSeed = seed.Draws,
                    Problem = prompt.Problem,
                    Request = defaults with { Prompt = prompt.Fields[0].Value, Seed = seeds.Count == 0 ? defaults.Seed : seed.Value },
                },
            ]
        );
    }

    /// <summary>Whether a file is a list of prompts by its name and content: a text that is not a table.</summary>
    /// <exception cref="InvalidRequestException">The file is too long, or not text.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static bool IsPromptList(string path) =>
        Path.GetExtension(path).Equals(".txt", StringComparison.OrdinalIgnoreCase)
        && !TableRecords.IsTable(TextInput.ReadFile(path, MostBytes));

    private static IEnumerable<BatchRecord> Records(string path)
    {
        var extension = Path.GetExtension(path).ToLowerInvariant();
        switch (extension)
        {
            case ".jsonl" or ".ndjson" or ".json":
                return JsonRecords.Read(path, TextInput.ReadFile(path, MostBytes), TooMany);
            case ".csv" or ".tsv" or ".tab":
                return TableRecords.Read(path, TextInput.ReadFile(path, MostBytes), BatchFields.Names, TooMany);
            case ".txt" when File.Exists(path) && TextInput.ReadFile(path, MostBytes) is var text && TableRecords.IsTable(text):
                return TableRecords.Read(path, text, BatchFields.Names, TooMany);
            case ".xlsx" or ".xls" or ".ods":
                throw new InvalidRequestException("file", $"'{path}' is a workbook: save its sheet as \"CSV UTF-8\" and give that.");
            default:
                throw new InvalidRequestException(
                    "file",
                    $"'{path}' is not a file of jobs: write .jsonl (one JSON object per line) or a table with a column 'prompt' (.csv, "
                        + ".tsv, .txt), or give a file of prompts with --prompts."
                );
        }
    }

    private static BatchEntry Entry(BatchEntry entry, BatchRecord record, string folder)
    {
        foreach (var field in record.Fields)
        {
            try
            {
                entry = BatchFields.Set(entry, new FieldValue(field.Name, field.Value, folder, record.DecimalComma || MayBeDecimal(field)));
            }
            catch (InvalidRequestException exception)
            {
                return entry with { Problem = record.Problem ?? new BatchProblem(field.Line, exception.Message, field.Column) };
            }
        }

        return record.Problem is not null ? entry
            : BatchFields.FindRivals([.. record.Fields.Select(field => field.Name)]) is var (one, other)
                ? entry with
                {
                    Problem = entry.ProblemOf(other, $"There are both {one} and {other}: leave one out."),
                }
            : entry.Request.Prompt.Length == 0
                ? entry with
                {
                    Problem = entry.ProblemOf("prompt", "There is no prompt: say what the video shows."),
                }
            : entry;
    }

    /// <summary>Whether a comma in quotes, which parts no cells, is that of a number; it may part the items of a list.</summary>
    private static bool MayBeDecimal(BatchField field) =>
        field.IsQuoted && SettingFields.Find(field.Name) is { IsList: false, Example: null };

    private static InvalidRequestException HasTooMany(string path) =>
        new("file", $"{path} holds more than {MostJobs} jobs: divide it among several batches.");

    private static List<BatchEntry> Checked(string path, List<BatchEntry> entries) =>
        entries.Count switch
        {
            0 => throw new InvalidRequestException("file", $"{path} holds no jobs: write one per line."),
            > MostJobs => throw HasTooMany(path),
            _ => entries,
        };
}
