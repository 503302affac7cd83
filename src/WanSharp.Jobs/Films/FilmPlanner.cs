using System.Globalization;
using WanSharp.Engine.Requests;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Batches.Reading;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Films;

/// <summary>Divides a film into clips and checks all of them against the model, before anything is made.</summary>
/// <param name="jobs">Plans each clip: styles, settings, formats.</param>
/// <param name="model">The model.</param>
public sealed class FilmPlanner(BatchPlanner jobs, FilmModel model)
{
    private const int Overlap = 1; // frames of a clip that the one before it has shown

    /// <summary>Plans a film.</summary>
    /// <param name="file">The file that it came from, for messages.</param>
    /// <param name="film">The film.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="BatchFileException">Sections of a file cannot be made: all of these are named.</exception>
    /// <exception cref="InvalidRequestException">A section of a film without a file cannot be made.</exception>
    public async Task<FilmPlan> PlanAsync(string file, Film film, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(film);
        var problems = new List<BatchProblem>();
        var shown = new ShownFrames(film, model).PerSection();
        var parts = new List<FilmPart>();
        foreach (var (i, section) in film.Sections.Index())
        {
            Try(section, problems, () => parts.AddRange(Divide(section, i + 1, shown[i], parts.Count)));
        }

        var planned = problems.Count > 0 ? [] : await CheckAsync(film, parts, problems, cancellationToken).ConfigureAwait(false);
        if (problems.Count > 0)
        {
            throw new BatchFileException(file, problems);
        }

        var settings = planned.Select(job => GenerationSettings.FromJson(job.Prepared.Settings)!).ToList();
        var embedded = FilmSettings.Write(film, parts, settings);
        if (embedded.Length > VideoWriter.MaxSettingsLength)
        {
            throw new InvalidRequestException(
                "sections",
                $"The film embeds the settings of its sections, which are {embedded.Length} characters long, and "
                    + $"{VideoWriter.MaxSettingsLength} fit: shorten the prompts, or divide it into several films."
            );
        }

        return new FilmPlan
        {
            Film = film,
            Embedded = embedded,
            Parts = [.. parts.Select((part, i) => part with { Request = Sized(part.Request, settings[0]) })],
            Jobs = planned,
            Settings = settings,
            Format = new ClipFormat(
                settings[0].OutputWidth ?? settings[0].Width,
                settings[0].OutputHeight ?? settings[0].Height,
                shown.Sum(),
                settings[0].Fps
            ),
        };
    }

    /// <summary>Plans a part whose first frame is known.</summary>
    /// <param name="part">The part.</param>
    /// <param name="first">The picture that it begins with; null for one that continues none.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The job, its output named by what decides the clip: the same wherever and whenever it is planned.</returns>
    internal async ValueTask<NewJob> PlanAsync(FilmPart part, string? first, CancellationToken cancellationToken)
    {
        var request = first is null
            ? part.Request
            : part.Request with
            {
                Images = new Dictionary<int, string>(part.Request.Images) { [0] = first },
            };
        var entry = new BatchEntry
        {
            Line = part.Number,
            Request = request,
            Style = part.Style,
            UseCache = part.UseCache,
        };
        var job = await jobs.PlanAsync(entry, part.Number, cancellationToken).ConfigureAwait(false);
        return job with { Output = PartName.Of(part, job) };
    }

    private List<FilmPart> Divide(FilmSection section, int number, int shown, int before)
    {
        var continues = Continues(section, number);
        var skipped = continues ? Overlap : 0;
        var lengths =
            shown <= model.Frames - skipped ? [shown]
            : model.Divides ? PartLengths.Divide(shown, model.Frames, skipped, Overlap)
            : throw new InvalidRequestException(
                "seconds",
                $"{model.Name} makes clips of up to {model.Frames} frames and cannot continue them from their last frame, so a section "
                    + $"of {shown} frames cannot be made: divide it into shorter ones, which begin with a cut."
            );
        var title = section.Title ?? section.Request.Prompt;
        return
        [
            .. lengths.Select(
                (show, i) =>
                    new FilmPart
                    {
                        Number = before + i + 1,
                        Section = number,
                        OpensSection = i == 0,
                        Title = title,
                        Style = section.Style,
                        UseCache = section.UseCache,
                        Continues = i > 0 || continues,
                        Show = show,
                        Request = section.Request with
                        {
                            Frames = model.FramesFor(show + (i > 0 ? Overlap : skipped)),
                            Seconds = null,
                            Seed = unchecked((section.Request.Seed ?? 0) + (ulong)i), // the same noise would move the same way again
                            Images = Images(section, isFirst: i == 0, isLast: i == lengths.Count - 1),
                        },
                    }
            ),
        ];
    }

    private static Dictionary<int, string> Images(FilmSection section, bool isFirst, bool isLast) =>
        section
            .Request.Images.Where(image => (image.Key == 0 && isFirst) || (image.Key != 0 && isLast))
            .ToDictionary(image => image.Key, image => image.Value);

    private bool Continues(FilmSection section, int number) =>
        section.Start switch
        {
            SectionStart.Continue when number == 1 => throw new InvalidRequestException(
                "start",
                "The first section has none before it to continue: leave start out, or give its first frame with image."
            ),
            SectionStart.Continue when !model.Continues => throw new InvalidRequestException(
                "start",
                $"{model.Name} makes videos from text alone, so no section can begin with the last frame of another: leave start out "
                    + "for a cut, or take a model that takes images (ti2v, i2v)."
            ),
            { } start => start == SectionStart.Continue,
            null => number > 1 && model.Continues && !section.Request.Images.ContainsKey(0),
        };

    /// <summary>Plans each part; those that continue others with a grey picture of the film's size.</summary>
    private async Task<List<NewJob>> CheckAsync(
        Film film,
        List<FilmPart> parts,
        List<BatchProblem> problems,
        CancellationToken cancellationToken
    )
    {
        var folder = Directory.CreateTempSubdirectory("wan-film-").FullName;
        try
        {
            var (planned, grey, size) = (new List<NewJob>(), (string?)null, (GenerationSettings?)null);
            foreach (var part in parts)
            {
                try
                {
                    var sized = size is null ? part : part with { Request = Sized(part.Request, size) };
                    var job = await PlanAsync(sized, part.Continues ? grey : null, cancellationToken).ConfigureAwait(false);
                    var settings = GenerationSettings.FromJson(job.Prepared.Settings)!;
                    size ??= settings;
                    grey ??= await WriteGreyAsync(folder, settings, cancellationToken).ConfigureAwait(false);
                    RequireLike(settings, size);
                    planned.Add(job);
                }
                catch (InvalidRequestException exception) when (film.Sections[part.Section - 1] is { Line: > 0 } section)
                {
                    problems.Add(new BatchProblem(section.Line, exception.Message));
                    if (size is null)
                    {
                        break; // nothing is known of the others' size
                    }
                }
            }

            return planned;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> WriteGreyAsync(string folder, GenerationSettings settings, CancellationToken cancellationToken)
    {
        var pixels = new byte[3 * settings.Width * settings.Height];
        Array.Fill(pixels, (byte)128);
        var path = Path.Combine(folder, "grey.png");
        await PictureFile.WriteAsync(path, new RgbImage(settings.Width, settings.Height, pixels), cancellationToken).ConfigureAwait(false);
        return path;
    }

    private static JobRequest Sized(JobRequest request, GenerationSettings like) =>
        request with
        {
            Width = request.Width ?? (request.Height is null ? like.Width : null),
            Height = request.Height ?? (request.Width is null ? like.Height : null),
            Fps = request.Fps ?? like.Fps,
        };

    private static void RequireLike(GenerationSettings settings, GenerationSettings first)
    {
        if (Measures(settings) != Measures(first))
        {
            throw new InvalidRequestException(
                "size",
                $"This section is {Measures(settings)} and the first one {Measures(first)}: give all the same size and frame rate."
            );
        }

        static string Measures(GenerationSettings of) =>
            string.Create(CultureInfo.InvariantCulture, $"{of.OutputWidth ?? of.Width}x{of.OutputHeight ?? of.Height} at {of.Fps} fps");
    }

    private static void Try(FilmSection section, List<BatchProblem> problems, Action plan)
    {
        try
        {
            plan();
        }
        catch (InvalidRequestException exception) when (section.Line > 0)
        {
            problems.Add(new BatchProblem(section.Line, exception.Message));
        }
    }
}
