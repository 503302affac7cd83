using System.Globalization;
using System.Text.Json.Nodes;
using WanSharp.Engine.Requests;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Films;

/// <summary>What parts of a film have to have in common, and what each has to have of its own.</summary>
internal static class PartRules
{
    /// <summary>Refuses parts that follow each other and the same seconds of a clip or the same flight: each would begin it anew.</summary>
    public static void RequireOwnControls(List<FilmPart> parts)
    {
        if (
            parts.Zip(parts.Skip(1)).FirstOrDefault(pair => Control(pair.First) is { } one && one == Control(pair.Second)) is
            { First: { } twice }
        )
        {
            throw new InvalidRequestException(
                "control",
                $"Several parts of the film follow the same seconds of {Path.GetFileName(Control(twice))}: give each section its own "
                    + "(control: FILE@0-5, then FILE@5-10), and sections no longer than a clip of the model."
            );
        }

        if (parts.Zip(parts.Skip(1)).FirstOrDefault(AreOfOneFlight) is { First: { } flown })
        {
            throw new InvalidRequestException(
                "camera",
                $"Several parts of the film follow the cameras of {Path.GetFileName(Camera(flown))}, and each would begin with the first: "
                    + "give each section a file of its own, and make sections no longer than a clip of the model."
            );
        }

        static string? Control(FilmPart part) => part.Request.Control;

        static bool AreOfOneFlight((FilmPart First, FilmPart Second) pair) =>
            Camera(pair.First) is { } one && one == Camera(pair.Second) && pair.Second.Continues;

        static string? Camera(FilmPart part) => part.Request.Camera is { } camera && !CameraMoves.AreMoves(camera) ? camera : null;
    }

    /// <summary>
    /// Sections are joined by the frames that the model makes: with others between them, they would begin and end elsewhere.
    /// </summary>
    public static void RequireOwnFrames(NewJob job)
    {
        if (JsonNode.Parse(job.Prepared.Settings)!["interpolate"] is not null)
        {
            throw new InvalidRequestException(
                "interpolate",
                "The sections of a film show the frames that the model makes: leave --interpolate out, here and in presets and styles."
            );
        }
    }

    /// <summary>Refuses a part of another size or frame rate than the first one.</summary>
    public static void RequireLike(GenerationSettings settings, GenerationSettings first)
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
}
