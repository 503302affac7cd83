using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace WanSharp.Jobs.Films;

/// <summary>Writes a film as <see cref="FilmFile"/> reads it.</summary>
internal static class FilmText
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    private static readonly JsonSerializerOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The film; what all sections say alike is said once.</summary>
    /// <param name="film">The film.</param>
    /// <param name="made">What it was made with, kept next to it; null for nothing.</param>
    /// <param name="indented">On several lines, to be read and edited.</param>
    /// <param name="folder">Where the text is kept: what lies in it is named from there, so that it may move. Null for nowhere.</param>
    public static string Write(Film film, JsonObject? made, bool indented, string? folder = null)
    {
        var sections = film.Sections.Select(section => Section(section, folder)).ToList();
        var text = new JsonObject();
        if (film.Seconds is { } seconds)
        {
            text["seconds"] = seconds;
        }

        var generated = film.Sections.Zip(sections).Where(pair => pair.First.Clip is null).Select(pair => pair.Second).ToList();
        foreach (var (name, value) in generated[0].ToList())
        {
            if (IsCommon(name) && generated.All(section => JsonNode.DeepEquals(section[name], value)))
            {
                text[name] = value!.DeepClone();
                generated.ForEach(section => section.Remove(name));
            }
        }

        text[FilmFile.Sections] = new JsonArray([.. sections]);
        if (made is not null)
        {
            text[FilmFile.Made] = made;
        }

        return text.ToJsonString(indented ? Indented : OneLine);
    }

    private static string From(string folder, string path) =>
        Path.GetRelativePath(folder, path) is var relative
        && !Path.IsPathRooted(relative)
        && !relative.StartsWith("..", StringComparison.Ordinal)
            ? relative.Replace('\\', '/')
            : path;

    private static bool IsCommon(string name) =>
        name is not ("prompt" or "image" or "last_image" or "frames" or "seconds" or FilmFile.Start or FilmFile.Title or FilmFile.Pin);

    private static JsonObject Section(FilmSection section, string? folder)
    {
        var text = JsonNode.Parse(section.Request.ToJson())!.AsObject();
        text.Remove("images");
        if (section.Clip is { } clip)
        {
            text = new JsonObject { [FilmFile.Clip] = clip.Path };
            SetNumber(FilmFile.From, clip.From > 0 ? clip.From : null);
            SetNumber(FilmFile.To, clip.To);
            Set(FilmFile.Title, section.Title);
            return text;
        }

        text.Remove("template");
        Set("image", section.Request.Images.GetValueOrDefault(0));
        Set("last_image", section.Request.Images.GetValueOrDefault(-1));
        Set(FilmFile.Pin, section.Pin is { } pin && folder is not null ? From(folder, pin) : section.Pin);
        Set(FilmFile.Start, section.Start?.ToString().ToLowerInvariant());
        Set(FilmFile.Title, section.Title);
        Set("style", section.Style);
        if (!section.UseCache)
        {
            text["cache"] = false;
        }

        return text;

        void SetNumber(string name, double? value)
        {
            if (value is { } number)
            {
                text[name] = number;
            }
        }

        void Set(string name, string? value)
        {
            if (value is not null)
            {
                text[name] = value;
            }
        }
    }
}
