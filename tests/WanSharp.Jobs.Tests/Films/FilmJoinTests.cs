using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Films;

/// <summary>How films are put together.</summary>
public sealed class FilmJoinTests(TinyEngine engine) : FilmTests(engine)
{
    /// <summary>What is encoded is kept: one section is new, another's piece is damaged, and the third is copied.</summary>
    [Theory]
    [InlineData(".mp4")]
    [InlineData(".webm")]
    public async Task Join_WithOneSectionChanged_EncodesThatOneAndGivesTheFilmOfAFreshFolder(string format)
    {
        var changed = await PlanAsync(Three("noon"));
        var fresh = await MakeAsync(changed, "fresh" + format, "fresh");
        await MakeAsync(await PlanAsync(Three("night")), "film" + format);
        var pieces = Pieces();
        await File.WriteAllBytesAsync(pieces[1].Path, [1, 2, 3], Token);

        var film = await MakeAsync(changed, "film" + format);

        Assert.Equal(await File.ReadAllBytesAsync(fresh, Token), await File.ReadAllBytesAsync(film, Token));
        Assert.Equal(13, (await FramesAsync(film)).Count);
        Assert.Equal(3, Pieces().Count);
        Assert.Single(Pieces().Intersect(pieces)); // the third, untouched

        List<(string Path, long Written)> Pieces() =>
            [
                .. Directory
                    .EnumerateFiles(_folder["out/.wan/pieces"], "*" + format)
                    .Select(path => (path, File.GetLastWriteTimeUtc(path).Ticks))
                    .OrderBy(piece => piece.Ticks),
            ];

        static string Three(string last) =>
            $$"""
                {"steps": 1, "seed": 1, "sections": [{"prompt": "dawn", "frames": 5}, {"prompt": "storm", "frames": 4},
                {"prompt": "{{last}}", "frames": 4, "start": "cut"}]}
                """;
    }

    /// <summary>A part of two frames has no piece of its own.</summary>
    [Fact]
    public async Task Join_WithAPartTooShortForAPiece_EncodesTheFilmAsOne()
    {
        var plan = await PlanAsync(
            """{"steps": 1, "sections": [{"prompt": "a", "frames": 2}, {"prompt": "b", "frames": 4, "start": "cut"}]}"""
        );

        Assert.Equal(6, (await FramesAsync(await MakeAsync(plan, "film.mp4"))).Count);
        Assert.False(Directory.Exists(_folder["out/.wan/pieces"]));
    }
}
