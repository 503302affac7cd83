using WanSharp.Engine.Requests;
using WanSharp.Jobs;
using WanSharp.Jobs.Films;
using WanSharp.Tensors;

namespace WanSharp.Cli.Films;

/// <summary>A clip that is asked for in seconds, and in more than a clip of its model has: a film.</summary>
internal static class LongClip
{
    /// <summary>What to know of a prompt with a separator that a clip of one piece does not divide.</summary>
    public static IReadOnlyList<string> NotesOf(string prompt) =>
        prompt.Contains(PromptSections.Separator, StringComparison.Ordinal)
            ?
            [
                $"the {PromptSections.Separator} in the prompt is read as text: it divides sections only where --seconds asks for more "
                    + "than a clip of the model has",
            ]
            : [];

    /// <summary>The film; null for a clip of one piece.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="images">Its image files, by latent frame.</param>
    /// <param name="style">Its style, or null.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="InvalidRequestException">It is longer than the model's clips, and cannot be divided.</exception>
    public static Film? Find(GenerationRequest request, IReadOnlyDictionary<int, string> images, string? style, FilmModel model)
    {
        // Frames are asked for by those who want one piece; so are RIFLEx and windows, which make one piece longer.
        if (
            request is not { Seconds: > 0 and var seconds, Riflex: null, ContextFrames: null }
            || !IsLonger(seconds, request.Fps ?? model.Fps, model)
        )
        {
            return null;
        }

        if (!model.Divides)
        {
            return request.Prompt.Contains(PromptSections.Separator, StringComparison.Ordinal)
                ? throw new InvalidRequestException(
                    "prompt",
                    $"{model.Name} cannot continue a clip from its last frame, so the sections of '{request.Prompt}' would be shots of "
                        + "their own: write them into a film's file (wan film), or ask for one piece with --frames."
                )
                : null;
        }

        if (images.Keys.FirstOrDefault(frame => frame is not (0 or -1)) is var other && other != 0)
        {
            throw new InvalidRequestException(
                "frame-image",
                $"A clip of several sections takes --image and --last-image, no image for latent frame {other}: leave it out, or ask "
                    + "for one piece with --frames."
            );
        }

        var common = SettingFields.Fill(new JobRequest { Prompt = request.Prompt, Images = images }, request) with
        {
            Frames = null,
            Seconds = null,
        };
        return new Film { Sections = [.. PromptSections.Of(common).Select(section => section with { Style = style })], Seconds = seconds };
    }

    /// <summary>Seconds are rounded to the clips that the model makes: those that round to its own length are one.</summary>
    private static bool IsLonger(double seconds, int fps, FilmModel model) => (seconds * fps) - model.Frames > model.Stride / 2.0;
}
