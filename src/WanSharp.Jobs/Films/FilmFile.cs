using System.Text;
using System.Text.Json;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Batches.Reading;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Films;

/// <summary>
/// Reads a film's file: an object of JSON with <c>sections</c>, whose fields are those of batch files, and next to them what all sections
/// have in common. docs/films.schema.json describes it.
/// </summary>
public static class FilmFile
{
    /// <summary>The longest file, in bytes.</summary>
    public const int MostBytes = 16 << 20;

    /// <summary>What the settings that a film was made with are kept as in the file; the reader passes over it.</summary>
    internal const string Made = "made";

    internal const string Sections = "sections";
    internal const string Start = "start";
    internal const string Title = "title";
    internal const string Pin = "pin";
    internal const string Clip = "clip";
    internal const string From = "from";
    internal const string To = "to";

    private const string Seconds = "seconds";

    /// <summary>What a section does not have: a job's place, and a frame rate other than that of the frames that are made.</summary>
    private static readonly string[] OfJobs = ["output", "priority", "interpolate"];
    private static readonly string[] OfSections = ["prompt", "image", "last_image", "frames"];

    /// <summary>The fields next to the sections.</summary>
    internal static FieldNames OfFilm { get; } = new([.. BatchFields.Names.All.Except(OfJobs).Except(OfSections), Sections, Made]);

    /// <summary>The fields of a section.</summary>
    internal static FieldNames OfSection { get; } = new([.. BatchFields.Names.All.Except(OfJobs), Start, Title, Pin, Clip, From, To]);

    /// <summary>The fields of a section that is a clip of the user's.</summary>
    private static readonly string[] OfClips = [Clip, From, To, Title];

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="defaults">What a film that says nothing takes.</param>
    /// <exception cref="BatchFileException">Something in it cannot be made: all of it is named.</exception>
    /// <exception cref="InvalidRequestException">It is too long, not text, or not JSON.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static Film Read(string path, JobRequest defaults)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Parse(path, TextInput.ReadFile(path, MostBytes), defaults);
    }

    /// <summary>The film that a clip says it is; null for other settings.</summary>
    /// <param name="embedded">An object of JSON that a clip carries.</param>
    public static Film? FromEmbedded(string embedded)
    {
        try
        {
            return Parse("clip", embedded, new JobRequest { Prompt = "" });
        }
        catch (Exception exception) when (exception is BatchFileException or InvalidRequestException)
        {
            return null;
        }
    }

    /// <inheritdoc cref="Read"/>
    /// <param name="path">The file's name; relative paths in the text begin at its folder.</param>
    /// <param name="text">The text.</param>
    /// <param name="defaults">What a film that says nothing takes.</param>
    internal static Film Parse(string path, string text, JobRequest defaults)
    {
        ArgumentNullException.ThrowIfNull(defaults);
        var (film, sections) = Records(path, text);
        var problems = new List<BatchProblem>();
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var (common, seconds) = Common(film, defaults, folder, problems);
        var made = new List<FilmSection>();
        foreach (var record in sections)
        {
            if (Section(record, common, folder, problems) is { } section)
            {
                made.Add(section);
            }
        }

        if (problems.Count == 0 && made.Count > 0 && made.All(section => section.Clip is not null))
        {
            problems.Add(
                new BatchProblem(film.Line, "All sections are clips of your own, and nothing is to be made: add a section with a prompt.")
            );
        }

        if (problems.Count == 0 && sections.Count is 0 or > Film.MostSections)
        {
            problems.Add(
                new BatchProblem(
                    film.Line,
                    sections.Count == 0
                        ? "The film has no sections: write \"sections\": [{\"prompt\": \"…\"}]."
                        : $"The film has {sections.Count} sections, more than {Film.MostSections}: divide it into several films."
                )
            );
        }

        return problems.Count > 0 ? throw new BatchFileException(path, problems) : new Film { Sections = made, Seconds = seconds };
    }

    /// <summary>The file's object without its sections, and those.</summary>
    private static (BatchRecord Film, List<BatchRecord> Sections) Records(string path, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var reader = new Utf8JsonReader(
            bytes,
            new JsonReaderOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip }
        );
        var places = new JsonPlaces(text, bytes, firstLine: 1);
        var sections = new List<BatchRecord>();
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                throw new InvalidRequestException("file", $"{path} is not a film: write {{\"sections\": [{{\"prompt\": \"…\"}}]}}.");
            }

            var film = JsonRecords.Object(ref reader, places, ReadNested);
            reader.Read(); // throws if something follows
            return (film, sections);
        }
        catch (JsonException exception)
        {
            throw new InvalidRequestException(
                "file",
                $"{path}:{exception.LineNumber + 1}:{exception.BytePositionInLine + 1}: this is not JSON: {JsonRecords.Reason(exception)}"
            );
        }

        bool ReadNested(string name, ref Utf8JsonReader nested)
        {
            if (name.Equals(Made, StringComparison.OrdinalIgnoreCase))
            {
                nested.Skip();
                return true;
            }

            if (!name.Equals(Sections, StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }

            ReadSections(ref nested, places, sections);
            return true;
        }
    }

    private static void ReadSections(ref Utf8JsonReader nested, JsonPlaces places, List<BatchRecord> sections)
    {
        if (nested.TokenType != JsonTokenType.StartArray)
        {
            var place = places.Of(nested.TokenStartIndex);
            sections.Add(
                new BatchRecord(
                    place.Line,
                    [],
                    new BatchProblem(place.Line, "The sections are a list: [{\"prompt\": \"…\"}].", place.Column)
                )
            );
            nested.Skip();
            return;
        }

        while (nested.Read() && nested.TokenType != JsonTokenType.EndArray)
        {
            var (line, column) = places.Of(nested.TokenStartIndex);
            if (nested.TokenType == JsonTokenType.StartObject)
            {
                sections.Add(JsonRecords.Object(ref nested, places));
            }
            else
            {
                sections.Add(new BatchRecord(line, [], new BatchProblem(line, "A section is an object: {\"prompt\": \"…\"}.", column)));
                nested.Skip();
            }
        }
    }

    /// <summary>What all sections have in common.</summary>
    private static (BatchEntry Entry, double? Seconds) Common(
        BatchRecord film,
        JobRequest defaults,
        string folder,
        List<BatchProblem> problems
    )
    {
        var entry = new BatchEntry { Line = film.Line, Request = defaults with { Frames = null, Seconds = null } };
        var seconds = defaults.Seconds;
        AddIf(problems, film.Problem);
        foreach (var field in film.Fields)
        {
            try
            {
                if (field.Name.Equals(Seconds, StringComparison.OrdinalIgnoreCase))
                {
                    var request = Set(entry, field, folder).Request;
                    seconds = request.Seconds;
                }
                else
                {
                    entry =
                        OfFilm.Contains(field.Name) ? Set(entry, field, folder)
                        : OfSection.Contains(field.Name)
                            ? throw new InvalidRequestException(
                                field.Name,
                                $"The {field.Name} is a section's own: write it into a section."
                            )
                        : throw new InvalidRequestException(field.Name, OfFilm.Unknown(field.Name));
                }
            }
            catch (InvalidRequestException exception)
            {
                problems.Add(new BatchProblem(field.Line, exception.Message, field.Column));
            }
        }

        return (entry, seconds);
    }

    private static FilmSection? Section(BatchRecord record, BatchEntry common, string folder, List<BatchProblem> problems)
    {
        AddIf(problems, record.Problem);
        var hasSeed = record.Fields.Any(field => field.Name.Equals("seed", StringComparison.OrdinalIgnoreCase));
        var (before, entry) = (
            problems.Count,
            common with
            {
                Line = record.Line,
                Fields = record.Fields,
                DrawsSeed = common.DrawsSeed && !hasSeed,
            }
        );
        var (start, title, pin) = ((SectionStart?)null, (string?)null, (string?)null);
        var clip = ClipFields.Read(record, folder, problems);
        foreach (var field in record.Fields)
        {
            try
            {
                switch (field.Name.ToLowerInvariant())
                {
                    case Start:
                        start = StartOf(field);
                        break;
                    case Title:
                        title = field.Value;
                        break;
                    case Pin:
                        pin = ValueOf(field, folder).File();
                        break;
                    case Clip or From or To:
                        break; // read already, together
                    default:
                        entry = OfSection.Contains(field.Name)
                            ? Set(entry, field, folder)
                            : throw new InvalidRequestException(field.Name, OfSection.Unknown(field.Name));
                        break;
                }
            }
            catch (InvalidRequestException exception)
            {
                problems.Add(new BatchProblem(field.Line, exception.Message, field.Column));
            }
        }

        Check(record, entry, start, clip, problems);
        return problems.Count > before || record.Problem is not null
            ? null
            : new FilmSection
            {
                Request = entry.DrawsSeed ? entry.Request with { Seed = BatchPlanner.Draw() } : entry.Request,
                DrawsSeed = entry.DrawsSeed,
                Clip = clip,
                Pin = pin,
                Start = start,
                Title = title,
                Style = entry.Style,
                UseCache = entry.UseCache,
                Line = entry.Line,
            };
    }

    /// <summary>What no field alone says: that they belong together.</summary>
    private static void Check(BatchRecord record, BatchEntry entry, SectionStart? start, GivenClip? clip, List<BatchProblem> problems)
    {
        if (clip is not null)
        {
            problems.AddRange(
                record
                    .Fields.Where(field => !OfClips.Contains(field.Name, StringComparer.OrdinalIgnoreCase))
                    .Select(field => new BatchProblem(
                        field.Line,
                        $"A section that is a clip of your own is shown as it is: leave out {field.Name}.",
                        field.Column
                    ))
            );
        }
        else if (BatchFields.FindRivals([.. record.Fields.Select(field => field.Name)]) is var (one, other))
        {
            problems.Add(entry.ProblemOf(other, $"There are both {one} and {other}: leave one out."));
        }
        else if (entry.Request.Prompt.Length == 0 && record.Problem is null)
        {
            problems.Add(entry.ProblemOf("prompt", "There is no prompt: say what the section shows."));
        }
        else if (start == SectionStart.Continue && entry.Request.Images.ContainsKey(0))
        {
            problems.Add(
                entry.ProblemOf("image", "A section that continues begins with the last frame of the one before: leave out image or start.")
            );
        }
    }

    private static BatchEntry Set(BatchEntry entry, BatchField field, string folder) => BatchFields.Set(entry, ValueOf(field, folder));

    private static FieldValue ValueOf(BatchField field, string folder) => new(field.Name, field.Value, folder, DecimalComma: false);

    private static SectionStart StartOf(BatchField field) =>
        field.Value.ToLowerInvariant() switch
        {
            "cut" => SectionStart.Cut,
            "continue" => SectionStart.Continue,
            _ => throw new InvalidRequestException(
                Start,
                $"The start is cut (a new shot) or continue (from the last frame of the section before), not '{field.Value}'."
            ),
        };

    private static void AddIf(List<BatchProblem> problems, BatchProblem? problem)
    {
        if (problem is not null)
        {
            problems.Add(problem);
        }
    }
}
