using System.Text.Json;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Films;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Tests.Films;

public sealed class FilmFileTests
{
    private static readonly JobRequest Defaults = new() { Prompt = "", Steps = 9 };

    [Fact]
    public void Parse_AFilm_GivesSectionsWithWhatTheyHaveInCommon()
    {
        var film = Parse(
            """
            { // a comment
              "seconds": 12.5, "size": "64x32", "steps": 4, "seed": 5,
              "sections": [
                { "prompt": "dawn", "image": "first.png", "title": "One" },
                { "prompt": "night", "start": "cut", "seed": 7, "steps": 6, "frames": 20, "cache": false, },
              ],
              "made": { "model": "shapes" },
            }
            """
        );

        Assert.Equal(12.5, film.Seconds);
        var (dawn, night) = (film.Sections[0], film.Sections[1]);
        Assert.Equal((64, 32, 4, 5ul), (dawn.Request.Width, dawn.Request.Height, dawn.Request.Steps, dawn.Request.Seed));
        Assert.Equal((null, "One", true), (dawn.Start, dawn.Title, dawn.UseCache));
        Assert.Equal(Path.GetFullPath("first.png", Path.GetFullPath("films")), dawn.Request.Images[0]);
        Assert.Equal(
            (SectionStart.Cut, false, 7ul, 6, 20),
            (night.Start, night.UseCache, night.Request.Seed, night.Request.Steps, night.Request.Frames)
        );
    }

    [Theory]
    [InlineData("""{"sections": []}""", "1: The film has no sections")]
    [InlineData("""{"sections": [{"prompt": ""}]}""", "1:26: There is no prompt")]
    [InlineData("""{"sections": [{"prompt": "a", "begin": "cut"}]}""", "1:40: There is no field 'begin'")]
    [InlineData("""{"sections": [{"prompt": "a", "start": "fade"}]}""", "1:40: The start is cut (a new shot) or continue")]
    [InlineData("""{"sections": [{"prompt": "a", "output": "a.mp4"}]}""", "1:41: There is no field 'output'")]
    [InlineData("""{"sections": [{"prompt": "a", "seconds": 1, "frames": 5}]}""", "There are both")]
    [InlineData("""{"sections": [{"prompt": "a", "image": "a.png", "start": "continue"}]}""", "leave out image or start")]
    [InlineData("""{"frames": 9, "sections": [{"prompt": "a"}]}""", "1:12: The frames is a section's own")]
    [InlineData("""{"sections": [{"clip": "a.mp4"}]}""", "nothing is to be made")]
    [InlineData("""{"sections": [{"clip": "a.mp4", "steps": 3}, {"prompt": "a"}]}""", "leave out steps")]
    [InlineData("""{"sections": [{"clip": "a.mp4", "from": 3, "to": 2}, {"prompt": "a"}]}""", "ends before it begins")]
    [InlineData("""{"sections": [{"clip": "a.mp4", "from": "-3"}, {"prompt": "a"}]}""", "1:41: The from is a number of seconds")]
    [InlineData("""{"sections": [{"prompt": "a", "to": 3}]}""", "There is a to and no clip")]
    [InlineData("""{"sections": ["a"]}""", "1:15: A section is an object")]
    [InlineData("""{"sections": [{"prompt": "a", "interpolate": "ffmpeg"}]}""", "1:46: There is no field 'interpolate'")]
    [InlineData("""{"sections": [{"clip": "a\u0000.mp4"}, {"prompt": "a"}]}""", "1:24: The clip holds a NUL character")]
    [InlineData("""{"sections": [{"prompt": "a", "title": "a\u0000"}]}""", "1:40: The title holds a NUL character")]
    [InlineData("""{"size": "a\u0000", "sections": [{"prompt": "a"}]}""", "1:10: The size holds a NUL character")]
    [InlineData("""{"sections": "a"}""", "The sections are a list")]
    [InlineData("""{"sections": [{"prompt": "a", "prompt": "b"}]}""", "occurs twice")]
    public void Parse_WhatIsNoFilm_SaysWhereAndWhy(string text, string message)
    {
        var exception = Assert.Throws<BatchFileException>(() => Parse(text));

        Assert.Contains(exception.Problems, problem => $"{problem.Place}: {problem.Message}".Contains(message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("[1]", "is not a film")]
    [InlineData("", "this is not JSON")]
    [InlineData("""{"sections": [}""", "this is not JSON")]
    [InlineData("""{"sections": []} {}""", "this is not JSON")]
    public void Parse_WhatIsNotJson_IsRefused(string text, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidRequestException>(() => Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void FromEmbedded_OfWhatSomebodySentWithANulInAPath_IsNoFilm() =>
        Assert.Null(FilmFile.FromEmbedded("""{"sections": [{"clip": "a\u0000.mp4"}, {"prompt": "a"}]}"""));

    [Fact]
    public void Write_ThenParse_GivesTheSameFilm()
    {
        var film = Parse(
            """
            {
              "seconds": 4, "guidance": 3, "lora": ["a.safetensors:0.5", "b"],
              "sections": [
                {"prompt": "dawn | \"dusk\"", "image": "first.png", "last_image": "last.png", "seed": "random"},
                {"clip": "mine.mp4", "from": 1.5, "to": 3, "title": "Mine"},
                {"prompt": "夜", "start": "continue", "seconds": 1, "style": "ink", "cache": false, "pin": "end.png"}
              ]
            }
            """
        );

        var again = Parse(FilmText.Write(film, made: null, indented: true));

        Assert.Equal(film.Seconds, again.Seconds);
        Assert.Equal(
            film.Sections.Select(section =>
                (section.Clip ?? (object)section.Request.ToJson(), section.Start, section.Style, section.UseCache, section.Pin)
            ),
            again.Sections.Select(section =>
                (section.Clip ?? (object)section.Request.ToJson(), section.Start, section.Style, section.UseCache, section.Pin)
            )
        );
    }

    [Fact]
    public void Parse_RandomSeeds_DrawsOneForEachSectionThatHasNoneOfItsOwn()
    {
        var film = Parse("""{"seed": "random", "sections": [{"prompt": "a"}, {"prompt": "b"}, {"prompt": "c", "seed": 3}]}""");

        var seeds = film.Sections.Select(section => section.Request.Seed!.Value).ToList();
        Assert.NotEqual(seeds[0], seeds[1]);
        Assert.Equal(3ul, seeds[2]);
    }

    [Fact]
    public void Parse_NamesInOtherCase_AreTheSame()
    {
        var film = Parse("""{"Seconds": 30, "SECTIONS": [{"Prompt": "a"}, {"prompt": "b"}]}""");

        Assert.Equal(30, film.Seconds);
        Assert.Equal(["a", "b"], film.Sections.Select(section => section.Request.Prompt));
        Assert.All(film.Sections, section => Assert.Null(section.Request.Seconds));
    }

    /// <summary>Editors check a film's file by it, so it must know what the reader does.</summary>
    [Fact]
    public void TheSchema_HasTheFieldsThatAreRead()
    {
        using var schema = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "films.schema.json")));
        var film = schema.RootElement.GetProperty("properties");

        Assert.Equal(FilmFile.OfFilm.All.Order(), Names(film));
        Assert.Equal(FilmFile.OfSection.All.Order(), Names(film.GetProperty("sections").GetProperty("items").GetProperty("properties")));

        static IEnumerable<string> Names(JsonElement properties) => properties.EnumerateObject().Select(one => one.Name).Order();
    }

    private static Film Parse(string text) => FilmFile.Parse(Path.Join("films", "film.json"), text, Defaults);
}
