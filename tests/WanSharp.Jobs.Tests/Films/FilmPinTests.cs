using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Films;
using WanSharp.Storage;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Films;

/// <summary>One section made again, which leads to the frame that the next one began with.</summary>
public sealed class FilmPinTests(TinyEngine engine) : FilmTests(engine)
{
    [Fact]
    public async Task Make_WithASectionPinned_MakesThatOneAloneAndShowsTheOthersAsTheyWere()
    {
        var plan = await PlanAsync(Three(seed: 3));
        var before = await FramesAsync(await MakeAsync(plan, "film.mkv"));
        var clips = Clips();
        Assert.Equal(3, clips.Count);

        var film = await PinAsync(plan, Parse(Three(seed: 9)), section: 2);
        var changed = await Planner().PlanAsync("film.json", film, Token);
        var after = await FramesAsync(await MakeAsync(changed, "film.mkv"));

        Assert.Superset(clips, Clips());
        Assert.Equal(4, Clips().Count);
        Assert.Equal(Pixels(before, 0, 5), Pixels(after, 0, 5));
        Assert.NotEqual(Pixels(before, 5, 3), Pixels(after, 5, 3));
        Assert.Equal(Pixels(before, 8, 5), Pixels(after, 8, 5)); // from the frame in which they meet
        Assert.Equal((1, 2), (plan.Chains, changed.Chains));

        // once more, without a frame for the third to begin with but the pin
        var again = await PinAsync(changed, Parse(Three(seed: 10)) with { Sections = film.Sections }, section: 2);
        Assert.Equal(film.Sections[1].Pin, again.Sections[1].Pin);
    }

    [Fact]
    public async Task Pin_WhereNothingContinues_ChangesNothing()
    {
        var plan = await PlanAsync(Three(seed: 3));

        var film = await PinAsync(plan, plan.Film, section: 3);
        Assert.Same(plan.Film, film);

        var missing = await Assert.ThrowsAsync<InvalidRequestException>(() => PinAsync(plan, plan.Film, section: 2));
        Assert.Contains("not made yet", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_APinOfAModelThatTakesNoLastFrame_IsRefused()
    {
        var model = FilmModel.Of(_engine.Model) with { Leads = false };

        var refused = await Assert.ThrowsAsync<BatchFileException>(() =>
            PlanAsync("""{"sections": [{"prompt": "a", "pin": "a.png"}, {"prompt": "b"}]}""", model)
        );

        Assert.Contains("takes no last frame", Assert.Single(refused.Problems).Message, StringComparison.Ordinal);
    }

    private async Task<Film> PinAsync(FilmPlan plan, Film film, int section)
    {
        using var store = Open();
        return await Run(store, plan).PinAsync(film, section, Token);
    }

    private static Film Parse(string film) => FilmFile.Parse("film.json", film, new JobRequest { Prompt = "" });

    private static string Three(int seed) =>
        $$"""
            {"size": "32x16", "steps": 1, "guidance": 1, "cache": false, "sections": [{"prompt": "dawn", "frames": 5, "seed": 1},
            {"prompt": "storm", "frames": 4, "seed": {{seed}}}, {"prompt": "night", "frames": 4, "seed": 1}]}
            """;

    private static IEnumerable<string> Pixels(IEnumerable<Media.Images.RgbImage> frames, int first, int count) =>
        frames.Skip(first).Take(count).Select(frame => Digests.OfBytes(frame.Pixels));

    private HashSet<string> Clips() =>
        [
            .. Directory
                .EnumerateFiles(_folder["out"], "*.mkv")
                .Select(path => $"{Path.GetFileName(path)} {File.GetLastWriteTimeUtc(path).Ticks}"),
        ];
}
