using System.Text.Json.Nodes;
using WanSharp.Engine.Requests;

namespace WanSharp.Jobs.Films;

/// <summary>What a film's file says of itself: the film, with all settings of each section, as <see cref="FilmFile"/> reads it.</summary>
internal static class FilmSettings
{
    /// <summary>One line of JSON, without the folders of the user's files.</summary>
    /// <param name="film">The film.</param>
    /// <param name="parts">Its clips.</param>
    /// <param name="settings">The settings of each.</param>
    public static string Write(Film film, IReadOnlyList<FilmPart> parts, IReadOnlyList<GenerationSettings?> settings)
    {
        var first = settings.First(one => one is not null)!;
        var made = new JsonObject
        {
            ["version"] = first.Version,
            ["model"] = first.Model,
            ["model_digest"] = first.ModelDigest,
            ["frames"] = parts.Sum(part => part.Show),
        };
        return FilmText.Write(
            new Film { Sections = [.. film.Sections.Select((section, i) => Resolved(section, i + 1, parts, settings))] },
            made,
            indented: false
        );
    }

    private static FilmSection Resolved(
        FilmSection section,
        int number,
        IReadOnlyList<FilmPart> parts,
        IReadOnlyList<GenerationSettings?> settings
    )
    {
        if (section.Clip is { } clip)
        {
            return section with { Clip = clip with { Path = Path.GetFileName(clip.Path) } };
        }

        var own = parts.Index().Where(part => part.Item.Section == number).ToList();
        var resolved = settings[own[0].Index]!;
        return section with
        {
            Start = own[0].Item.Continues ? SectionStart.Continue : SectionStart.Cut,
            Pin = Path.GetFileName(section.Pin),
            Style = null, // what it set is below
            Request = SettingFields.Fill(new JobRequest { Prompt = resolved.Prompt }, resolved.ToRequested()) with
            {
                Frames = own.Sum(part => part.Item.Show),
                Seconds = null,
                Images = section.Request.Images.ToDictionary(image => image.Key, image => Path.GetFileName(image.Value)),
            },
        };
    }
}
