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
/// <param name="ffmpeg">The program that reads clips; null for none.</param>
public sealed class FilmPlanner(BatchPlanner jobs, FilmModel model, string? ffmpeg)
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
        var (problems, parts) = (new List<BatchProblem>(), new List<FilmPart>());
        var given = await LookAsync(film, problems, cancellationToken).ConfigureAwait(false);
        Require(file, problems);
        var shown = new ShownFrames(film, model, given.ToDictionary(clip => clip.Key, clip => clip.Value.Frames)).PerSection();
        foreach (var (i, section) in film.Sections.Index())
        {
            Try(section, problems, () => parts.AddRange(Divide(section, i, shown[i], film.MeetsAtKeyframe(i), parts.Count)));
        }

        Require(file, problems);
        PartRules.RequireOwnControls(parts);
        var planned = await CheckAsync(film, parts, given, problems, cancellationToken).ConfigureAwait(false);
        Require(file, problems);
        var settings = planned.Select(job => job is null ? null : GenerationSettings.FromJson(job.Prepared.Settings)).ToList();
        var first = settings.First(one => one is not null)!;
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
            Parts = [.. parts.Select((part, i) => part with { Request = Sized(part.Request, first) })],
            Jobs = planned,
            Settings = settings,
            Format = new ClipFormat(first.OutputWidth ?? first.Width, first.OutputHeight ?? first.Height, shown.Sum(), first.Fps),
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

    private static void Require(string file, List<BatchProblem> problems)
    {
        if (problems.Count > 0)
        {
            throw new BatchFileException(file, problems);
        }
    }

    /// <summary>The frames of the user's own clips, and the last of each, by section from 0.</summary>
    private async Task<Dictionary<int, (int Frames, RgbImage Last)>> LookAsync(
        Film film,
        List<BatchProblem> problems,
        CancellationToken cancellationToken
    )
    {
        var found = new Dictionary<int, (int, RgbImage)>();
        foreach (var (i, section) in film.Sections.Index())
        {
            if (section.Clip is not { } clip)
            {
                continue;
            }

            try
            {
                var fps = FpsOf(film.Sections.First(one => one.Clip is null));
                found.Add(i, await new GivenClips(ffmpeg).LookAsync(clip, fps, cancellationToken).ConfigureAwait(false));
            }
            catch (InvalidRequestException exception) when (section.Line > 0)
            {
                problems.Add(new BatchProblem(section.Line, exception.Message, IsOfFile: exception.IsOfFile));
            }
        }

        return found;
    }

    private int FpsOf(FilmSection section) => section.Request.Fps ?? model.Fps;

    private List<FilmPart> Divide(FilmSection section, int index, int shown, bool meetsAtKeyframe, int before)
    {
        if (section.Clip is { } clip)
        {
            return
            [
                new FilmPart
                {
                    Number = before + 1,
                    Section = index + 1,
                    OpensSection = true,
                    Title = section.Title ?? Path.GetFileNameWithoutExtension(clip.Path),
                    Clip = clip,
                    Continues = false,
                    Skip = 0,
                    Show = shown,
                    Request = section.Request,
                },
            ];
        }

        var continues = Continues(section, index);
        var skipped = continues || meetsAtKeyframe ? Overlap : 0;
        var lengths =
            shown <= model.Frames - skipped || section.Request.ContextFrames is not null ? [shown]
            : model.Divides ? PartLengths.Divide(shown, model.Frames, skipped, Overlap)
            : throw new InvalidRequestException(
                "seconds",
                $"{model.Name} makes clips of up to {model.Frames} frames and cannot continue them from their last frame, so a section "
                    + $"of {shown} frames cannot be made: divide it into shorter ones, which begin with a cut."
            );
        RequireLeads(section);
        return
        [
            .. lengths.Select(
                (show, i) =>
                    new FilmPart
                    {
                        Number = before + i + 1,
                        Section = index + 1,
                        OpensSection = i == 0,
                        Title = section.Title ?? section.Request.Prompt,
                        Style = section.Style,
                        UseCache = section.UseCache,
                        Pin = i == lengths.Count - 1 ? section.Pin : null,
                        Continues = i > 0 || continues,
                        Skip = i > 0 ? Overlap : skipped,
                        Show = show,
                        Request = section.Request with
                        {
                            Frames = model.FramesFor(show + (i > 0 ? Overlap : skipped)),
                            Seconds = null,
                            Fps = FpsOf(section), // a style must not change it any more
                            Seed = unchecked((section.Request.Seed ?? 0) + (ulong)i), // the same noise would move the same way again
                            Images = Images(section, isFirst: i == 0, isLast: i == lengths.Count - 1),
                            CameraSpeed = CameraSpeed(section.Request, (double)show / shown),
                        },
                    }
            ),
        ];
    }

    /// <summary>A part goes its share of the way, so that a section in several goes as far as one in one.</summary>
    private static double? CameraSpeed(JobRequest request, double share) =>
        share < 1 && request.Camera is { } camera && CameraMoves.AreMoves(camera)
            ? (request.CameraSpeed ?? 1) * share
            : request.CameraSpeed;

    private static Dictionary<int, string> Images(FilmSection section, bool isFirst, bool isLast)
    {
        var images = section
            .Request.Images.Where(image => (image.Key == 0 && isFirst) || (image.Key != 0 && isLast))
            .ToDictionary(image => image.Key, image => image.Value);
        if (isLast && section.Pin is { } pin)
        {
            images[-1] = pin;
        }

        return images;
    }

    private void RequireLeads(FilmSection section)
    {
        if (section.Pin is not null && !model.Leads)
        {
            throw new InvalidRequestException(
                FilmFile.Pin,
                $"{model.Name} takes no last frame, so a section cannot lead to the one that was made after it: leave --keep-rest (pin) "
                    + "out, and those that continue it are made again."
            );
        }
    }

    private bool Continues(FilmSection section, int index) =>
        model.StartOf(section, index) switch
        {
            SectionStart.Continue when index == 0 => throw new InvalidRequestException(
                "start",
                "The first section has none before it to continue: leave start out, or give its first frame with image."
            ),
            SectionStart.Continue when !model.Continues => throw new InvalidRequestException(
                "start",
                $"{model.Name} makes videos from text alone, so no section can begin with the last frame of another: leave start out "
                    + "for a cut, or take a model that takes images (ti2v, i2v)."
            ),
            var start => start == SectionStart.Continue,
        };

    /// <summary>Plans each part; those that continue others with a grey picture of the film's size.</summary>
    private async Task<List<NewJob?>> CheckAsync(
        Film film,
        List<FilmPart> parts,
        Dictionary<int, (int Frames, RgbImage Last)> given,
        List<BatchProblem> problems,
        CancellationToken cancellationToken
    )
    {
        using var folder = WorkFolder.CreateTemporary();
        var (planned, grey, size) = (new List<NewJob?>(), (string?)null, (GenerationSettings?)null);
        foreach (var (i, part) in parts.Index())
        {
            if (part.Clip is not null)
            {
                planned.Add(null);
                continue;
            }

            try
            {
                RequireOwnMeasures(part.Style);
                var sized = size is null ? part : part with { Request = Sized(part.Request, size) };
                var before =
                    !part.Continues ? null
                    : parts[i - 1].Clip is null ? parts[i - 1].Pin ?? grey
                    : await WriteAsync(folder.Path, given[parts[i - 1].Section - 1].Last, cancellationToken).ConfigureAwait(false);
                var job = await PlanAsync(sized, before, cancellationToken).ConfigureAwait(false);
                var settings = GenerationSettings.FromJson(job.Prepared.Settings)!;
                PartRules.RequireOwnFrames(job);
                size ??= settings;
                grey ??= await WriteGreyAsync(folder.Path, settings, cancellationToken).ConfigureAwait(false);
                PartRules.RequireLike(settings, size);
                await RequirePinAsync(part, settings, cancellationToken).ConfigureAwait(false);
                planned.Add(job);
            }
            catch (InvalidRequestException exception) when (film.Sections[part.Section - 1] is { Line: > 0 } section)
            {
                problems.Add(new BatchProblem(section.Line, exception.Message, IsOfFile: exception.IsOfFile));
                if (size is null)
                {
                    break; // nothing is known of the others' size
                }
            }
        }

        return planned;
    }

    /// <summary>A pin is shown as it is.</summary>
    private async Task RequirePinAsync(FilmPart part, GenerationSettings settings, CancellationToken cancellationToken)
    {
        if (part.Pin is null)
        {
            return;
        }

        var pin = await ImageReader.ReadAsync(ffmpeg, part.Pin, cancellationToken).ConfigureAwait(false);
        var (width, height) = (settings.OutputWidth ?? settings.Width, settings.OutputHeight ?? settings.Height);
        if ((pin.Width, pin.Height) != (width, height))
        {
            throw new InvalidRequestException(
                FilmFile.Pin,
                $"The pin {Path.GetFileName(part.Pin)} is {pin.Width}x{pin.Height} and the film {width}x{height}: a pin is a frame of the "
                    + "film that wan film redo --keep-rest took from it; leave it out."
            );
        }
    }

    private static Task<string> WriteGreyAsync(string folder, GenerationSettings settings, CancellationToken cancellationToken)
    {
        var pixels = new byte[3 * settings.Width * settings.Height];
        Array.Fill(pixels, (byte)128);
        return WriteAsync(folder, new RgbImage(settings.Width, settings.Height, pixels), cancellationToken);
    }

    private static async Task<string> WriteAsync(string folder, RgbImage image, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, $"{Guid.NewGuid():N}.png");
        var even = image.CropCentre(image.Width & ~1, image.Height & ~1); // as pictures are written
        await PictureFile.WriteAsync(path, even, cancellationToken).ConfigureAwait(false);
        return path;
    }

    private static JobRequest Sized(JobRequest request, GenerationSettings like) =>
        request with
        {
            Width = request.Width ?? (request.Height is null ? like.Width : null),
            Height = request.Height ?? (request.Width is null ? like.Height : null),
            Fps = request.Fps ?? like.Fps,
        };

    /// <summary>The film says how long, how large and how fast its sections are: a style that does would not be heard.</summary>
    private void RequireOwnMeasures(string? style)
    {
        var settings = style is null ? null : jobs.SettingsOf(style);
        if (settings is { Frames: not null } or { Seconds: not null } or { Fps: not null } or { Width: not null } or { Height: not null })
        {
            throw new InvalidRequestException(
                "style",
                $"The style {style} sets frames, seconds, fps or a size, which all sections of a film have in common: write them into the "
                    + "film, and use a style without."
            );
        }
    }

    private static void Try(FilmSection section, List<BatchProblem> problems, Action plan)
    {
        try
        {
            plan();
        }
        catch (InvalidRequestException exception) when (section.Line > 0)
        {
            problems.Add(new BatchProblem(section.Line, exception.Message, IsOfFile: exception.IsOfFile));
        }
    }
}
