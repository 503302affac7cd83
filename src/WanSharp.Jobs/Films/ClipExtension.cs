using WanSharp.Engine.Requests;
using WanSharp.Media.Metadata;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Films;

/// <summary>A clip, and what comes after it, as a film.</summary>
public static class ClipExtension
{
    /// <summary>The film: the clip, then a section for each that the prompt names.</summary>
    /// <param name="ffmpeg">The program that reads clips; null for none.</param>
    /// <param name="clip">The clip, of whatever program.</param>
    /// <param name="request">What comes after it, and for how many seconds in all; what it leaves open is as in the clip.</param>
    /// <param name="title">What the clip's chapter is called unless it says its prompt; null for its file's name.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">It asks for a number of frames, or for a first one.</exception>
    /// <exception cref="Media.MediaException">The clip cannot be read.</exception>
    public static async Task<Film> FilmAsync(
        string? ffmpeg,
        GivenClip clip,
        JobRequest request,
        string? title,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(clip);
        ArgumentNullException.ThrowIfNull(request);
        if (request.Frames is not null)
        {
            throw new InvalidRequestException("frames", "How long the clip continues is given in --seconds: leave --frames out.");
        }

        if (request.Images.ContainsKey(0))
        {
            throw new InvalidRequestException("image", "What comes after a clip begins with the last frame of that: leave --image out.");
        }

        var (like, prompt) = await SettingsOfAsync(ffmpeg, clip.Path, cancellationToken).ConfigureAwait(false);
        var sections = PromptSections.Of(SettingFields.Fill(request, like));
        return new Film
        {
            Sections =
            [
                new FilmSection
                {
                    Request = new JobRequest { Prompt = "" },
                    Clip = clip,
                    Title = prompt ?? title,
                },
                .. sections.Select(section =>
                    section with
                    {
                        Start = SectionStart.Continue,
                        Request = section.Request with { Seconds = request.Seconds / sections.Count },
                    }
                ),
            ],
        };
    }

    /// <summary>The size and frame rate of a clip that WanSharp made, and how it was enlarged: what comes after it is made alike.</summary>
    /// <returns>These settings, and its prompt where it has one.</returns>
    private static async Task<(ClipSettings Settings, string? Prompt)> SettingsOfAsync(
        string? ffmpeg,
        string clip,
        CancellationToken cancellationToken
    )
    {
        var embedded = await MetadataReader.ReadAsync(ffmpeg, clip, cancellationToken).ConfigureAwait(false);
        if (embedded is null)
        {
            return (new ClipSettings(), null);
        }

        if (GenerationSettings.FromJson(embedded) is { } made)
        {
            var settings = new ClipSettings
            {
                Width = made.Width,
                Height = made.Height,
                Fps = made.Interpolate?.FromFps ?? made.Fps, // the model's: sections are not interpolated
                Upscale = made.Upscale?.Name,
                UpscaleHeight = made.UpscaleHeight,
            };
            return (settings, made.Prompt);
        }

        var section = FilmFile.FromEmbedded(embedded)?.Sections.FirstOrDefault(section => section.Clip is null)?.Request;
        return section is null
            ? (new ClipSettings(), null)
            : (
                new ClipSettings
                {
                    Width = section.Width,
                    Height = section.Height,
                    Fps = section.Fps,
                    Upscale = section.Upscale,
                    UpscaleHeight = section.UpscaleHeight,
                },
                null
            );
    }
}
