using System.Text.Json;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Films;
using WanSharp.Jobs.Running;
using WanSharp.Jobs.Styles;
using WanSharp.Media.Images;
using WanSharp.Media.Metadata;
using WanSharp.Storage;
using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Films;

/// <summary>How films are planned and made.</summary>
public sealed class FilmRunTests(TinyEngine engine) : FilmTests(engine)
{
    [Fact]
    public async Task Make_AFilmOfSeveralSections_IsAsLongAsWasAskedFor()
    {
        var plan = await PlanAsync(
            """{"seconds": 4, "sections": [{"prompt": "dawn"}, {"prompt": "storm"}, {"prompt": "night", "start": "cut"}]}"""
        );
        Assert.Equal(
            [(1, false, 6), (1, true, 5), (2, true, 6), (2, true, 5), (3, false, 5), (3, true, 5)],
            plan.Parts.Select(part => (part.Section, part.Continues, part.Show))
        );
        Assert.Equal(2, plan.Chains);

        var film = await MakeAsync(plan, "film.mp4");

        Assert.Equal(32, (await FramesAsync(film)).Count);
        var embedded = await MetadataReader.ReadAsync(Ffmpegs.Any, film, Token);
        Assert.Equal(plan.Embedded, embedded);
        Assert.Equal(
            [11, 11, 10],
            FilmFile.Parse(film, embedded!, new JobRequest { Prompt = "" }).Sections.Select(section => section.Request.Frames!.Value)
        );
    }

    /// <summary>A clip that continues another begins with its last frame, which is shown once.</summary>
    [Fact]
    public async Task Make_ASectionThatContinues_BeginsAfterTheLastFrameOfTheOneBefore()
    {
        var plan = await PlanAsync("""{"sections": [{"prompt": "dawn", "frames": 7}, {"prompt": "storm", "frames": 8}]}""");

        var film = await MakeAsync(plan, "film.mkv");

        var store = Open();
        var (dawn, storm) = (
            await FramesAsync(store.Folder.Artifact(store.All()[0].Output)),
            await FramesAsync(store.Folder.Artifact(store.All()[1].Output))
        );
        Assert.Equal((9, 9), (dawn.Count, storm.Count));
        var given = await ImageReader.ReadAsync(null, store.All()[1].Request.Images[0], Token);
        Assert.Equal(dawn[6].Pixels, given.Pixels);
        var shown = await FramesAsync(film);
        Assert.Equal(
            dawn.Take(7).Select(frame => Digests.OfBytes(frame.Pixels)),
            shown.Take(7).Select(frame => Digests.OfBytes(frame.Pixels))
        );
        var colors = new ColorMeasure(dawn[6]);
        storm.ForEach(colors.Add);
        var match = colors.Match();
        var fade = JointFade.Between(dawn[6], match.Apply(storm[0]), match.Apply(storm[1]), shown: 8);
        Assert.Equal(
            storm.Skip(1).Select((frame, i) => Digests.OfBytes(fade.Apply(match.Apply(frame), i).Pixels)),
            shown.Skip(7).Select(frame => Digests.OfBytes(frame.Pixels))
        );
        store.Dispose();
    }

    [Fact]
    public async Task Make_WithOneOfEightSectionsChanged_MakesThatOneAloneAndLeavesTheOthersUntouched()
    {
        await MakeAsync(await PlanAsync(Eight(seed: 3)), "film.mkv");
        var before = Clips();
        Assert.Equal(8, before.Count);

        await MakeAsync(await PlanAsync(Eight(seed: 9)), "film.mkv");

        using var store = Open();
        Assert.Equal(9, store.All().Count);
        Assert.All(store.All(), job => Assert.Equal((JobState.Succeeded, 1), (job.State, job.Attempts)));
        Assert.Superset(before, Clips());

        // and back: nothing is made at all
        await MakeAsync(await PlanAsync(Eight(seed: 3)), "film.mkv");
        Assert.Equal(9, store.All().Count);
    }

    [Fact]
    public async Task Make_WithASectionPutInFront_MakesThatOneAlone()
    {
        const string Section = """{"prompt": "a red circle", "frames": 5, "start": "cut", "seed": 1}""";
        const string Common = "\"size\": \"32x16\", \"steps\": 1, \"guidance\": 1, \"cache\": false";
        await MakeAsync(await PlanAsync($$"""{{{Common}}, "sections": [{{Section}}]}"""), "film.mkv");
        var before = Assert.Single(Clips());

        var first = Section.Replace("red", "blue", StringComparison.Ordinal);
        await MakeAsync(await PlanAsync($$"""{{{Common}}, "sections": [{{first}}, {{Section}}]}"""), "film.mkv");

        using var store = Open();
        Assert.Equal(2, store.All().Count);
        Assert.Contains(before, Clips());
    }

    [Fact]
    public void WithKeptSeeds_OfSectionsThatAreTheSame_TakesThoseThatWereDrawn()
    {
        using var store = Open();
        var drawn = Film("a cat", "a dog");
        FilmFolder.Save(store.Folder, drawn, _folder["film.mp4"]);

        var again = FilmFolder.WithKeptSeeds(store.Folder.Path, Film("a cat", "a fox"));

        Assert.Equal(drawn.Sections[0].Request.Seed, again.Sections[0].Request.Seed);
        Assert.NotEqual(drawn.Sections[1].Request.Seed, again.Sections[1].Request.Seed);

        static Film Film(params string[] prompts) =>
            FilmFile.Parse(
                "film.json",
                $$"""{"seed": "random", "sections": [{{string.Join(", ", prompts.Select(prompt => $$"""{"prompt": "{{prompt}}"}"""))}}]}""",
                new JobRequest { Prompt = "" }
            );
    }

    /// <summary>Sections between pictures wait for none, and a picture in which two meet is shown once.</summary>
    [Fact]
    public async Task Make_SectionsBetweenKeyframes_RunAtTheSameTimeAndShowEachOnce()
    {
        foreach (var (name, level) in new[] { ("a.png", 20), ("b.png", 120), ("c.png", 220) })
        {
            var pixels = new byte[32 * 16 * 3];
            Array.Fill(pixels, (byte)level);
            await PictureFile.WriteAsync(_folder[name], new RgbImage(32, 16, pixels), Token);
        }

        string Path(string name) => JsonSerializer.Serialize(_folder[name]);
        string Section(string from, string to) => $$"""{"prompt": "a", "image": {{Path(from)}}, "last_image": {{Path(to)}}}""";
        var plan = await PlanAsync($$"""{"sections": [{{Section("a.png", "b.png")}}, {{Section("b.png", "c.png")}}]}""");

        Assert.Equal([(false, 0, 9), (false, 1, 8)], plan.Parts.Select(part => (part.Continues, part.Skip, part.Show)));
        Assert.Equal(2, plan.Chains);
        Assert.Equal(17, (await FramesAsync(await MakeAsync(plan, "film.mkv"))).Count);
    }

    [Fact]
    public async Task Make_StoppedInTheMiddle_GoesOnWithNothingMadeTwice()
    {
        var plan = await PlanAsync(
            """{"sections": [{"prompt": "dawn"}, {"prompt": "storm"}, {"prompt": "night"}, {"prompt": "noon", "start": "cut"}]}"""
        );
        var calm = Digests.OfBytes(await File.ReadAllBytesAsync(await MakeAsync(plan, "calm.mkv", "calm"), Token));
        for (var stop = 1; stop <= 3; stop++)
        {
            using var stopped = new CancellationTokenSource();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
                MakeAsync(plan, "film.mkv", stopped: stopped, onEvent: one => Stop(one, stopped))
            );
        }

        var film = await MakeAsync(plan, "film.mkv");

        Assert.Equal(calm, Digests.OfBytes(await File.ReadAllBytesAsync(film, Token)));
        using var store = Open();
        Assert.All(store.All(), job => Assert.Equal((JobState.Succeeded, 1), (job.State, job.Attempts)));

        static void Stop(JobEvent one, CancellationTokenSource stopped)
        {
            if (one.Kind == JobEventKind.Succeeded)
            {
                stopped.Cancel();
            }
        }
    }

    [Fact]
    public async Task Make_WhereAClipIsLost_MakesItAgainAndNothingElse()
    {
        var plan = await PlanAsync("""{"sections": [{"prompt": "dawn"}, {"prompt": "storm"}]}""");
        var film = Digests.OfBytes(await File.ReadAllBytesAsync(await MakeAsync(plan, "film.mkv"), Token));
        var made = Clips();
        using (var store = Open())
        {
            File.Delete(store.Folder.Artifact(store.All()[0].Output));
        }

        var again = Digests.OfBytes(await File.ReadAllBytesAsync(await MakeAsync(plan, "film.mkv"), Token));

        Assert.Equal(film, again);
        Assert.Single(Clips().Intersect(made)); // the other one
    }

    [Fact]
    public async Task Make_WhereASectionFails_NamesItAndTriesItAgainTheNextTime()
    {
        var plan = await PlanAsync("""{"sections": [{"prompt": "dawn"}, {"prompt": "storm"}, {"prompt": "noon", "start": "cut"}]}""");
        var (fails, tries) = (true, 0);
        var backend = new FailingBackend(_backend, run => run.Job.Request.Prompt == "dawn" && ++tries > 0 && fails);
        using (var store = Open())
        {
            var failed = await Run(store, plan).MakeAsync(backend, Token);

            Assert.Equal("dawn", Assert.Single(failed).Request.Prompt);
            Assert.Equal([JobState.Failed, JobState.Succeeded], store.All().Select(job => job.State)); // storm waits for dawn
            Assert.Equal(1, tries); // as many as were asked for

            // who only looks changes nothing
            Assert.Equal([PartState.Ready, PartState.Waits, PartState.Done], await Run(store, plan).LookAsync(Token));
            Assert.Equal(JobState.Failed, store.All()[0].State);
        }

        fails = false;
        using (var store = Open())
        {
            Assert.Empty(await Run(store, plan).MakeAsync(backend, Token));
        }
    }

    /// <summary>What was queued for the film as it was before is not made any more.</summary>
    [Fact]
    public async Task Make_AChangedFilmThatWasStopped_MakesNothingOfTheOldOne()
    {
        var (old, changed) = (await PlanAsync(Eight(seed: 3)), await PlanAsync(Eight(seed: 9)));
        using (var store = Open())
        {
            store.Enqueue([.. old.Jobs.OfType<NewJob>().Skip(1)]);
        }

        await MakeAsync(changed, "film.mkv");

        Assert.Equal(8, Clips().Count);
        using (var store = Open())
        {
            Assert.Equal(JobState.Cancelled, Assert.Single(store.All(), job => job.State != JobState.Succeeded).State);
        }

        // and back: what was given up is made
        await MakeAsync(old, "film.mkv");
        Assert.Equal(9, Clips().Count);
    }

    /// <summary>The model makes 9 frames, 6 are shown: the last is the picture that the section leads to.</summary>
    [Fact]
    public async Task Make_ASectionWithALastImageAndFewerFramesThanTheModelMakes_EndsWithTheImage()
    {
        await PictureFile.WriteAsync(_folder["end.png"], new RgbImage(32, 16, [.. Enumerable.Repeat((byte)220, 32 * 16 * 3)]), Token);
        var image = JsonSerializer.Serialize(_folder["end.png"]);
        var plan = await PlanAsync($$"""{"sections": [{"prompt": "a", "frames": 6, "last_image": {{image}}}]}""");

        var film = await FramesAsync(await MakeAsync(plan, "film.mkv"));

        using var store = Open();
        var clip = await FramesAsync(store.Folder.Artifact(store.All()[0].Output));
        Assert.Equal((9, 6), (clip.Count, film.Count));
        List<int> shown = [0, 2, 3, 5, 6, 8];
        Assert.Equal(shown.Select(i => clip[i].Pixels), film.Select(frame => frame.Pixels));
    }

    [Fact]
    public async Task Plan_AStyleThatSetsALength_IsRefused()
    {
        await File.WriteAllTextAsync(
            _folder["styles.json"],
            """{"quick": {"prompt": "{prompt}, quick", "settings": {"fps": 24}}}""",
            Token
        );
        var planner = new FilmPlanner(
            new BatchPlanner(_backend, StyleCatalog.Load([_folder["styles.json"]]), "tiny", ".mkv"),
            FilmModel.Of(_engine.Model),
            Ffmpegs.Any
        );
        var film = FilmFile.Parse("film.json", """{"sections": [{"prompt": "a", "style": "quick"}]}""", new JobRequest { Prompt = "" });

        var exception = await Assert.ThrowsAsync<BatchFileException>(() => planner.PlanAsync("film.json", film, Token));

        Assert.Contains("use a style without", exception.Problems[0].Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"sections": [{"prompt": "a", "start": "continue"}]}""", "The first section has none before it")]
    [InlineData("""{"sections": [{"prompt": "a"}, {"prompt": "b", "size": "64x32"}]}""", "give all the same size")]
    [InlineData("""{"sections": [{"prompt": "a"}, {"prompt": "b", "guidance": 900}]}""", "guidance")]
    public async Task Plan_AFilmThatCannotBeMade_NamesTheSection(string film, string message)
    {
        var exception = await Assert.ThrowsAsync<BatchFileException>(() => PlanAsync(film));

        Assert.Contains(message, Assert.Single(exception.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_OfAModelThatTakesTextAlone_CutsAndRefusesToContinue()
    {
        var model = FilmModel.Of(_engine.Model) with { Continues = false, Divides = false };

        var cuts = await PlanAsync("""{"sections": [{"prompt": "a"}, {"prompt": "b"}]}""", model);
        Assert.All(cuts.Parts, part => Assert.False(part.Continues));

        var continued = await Assert.ThrowsAsync<BatchFileException>(() =>
            PlanAsync("""{"sections": [{"prompt": "a"}, {"prompt": "b", "start": "continue"}]}""", model)
        );
        Assert.Contains("from text alone", continued.Problems[0].Message, StringComparison.Ordinal);
        var tooLong = await Assert.ThrowsAsync<BatchFileException>(() =>
            PlanAsync("""{"sections": [{"prompt": "a", "seconds": 9}]}""", model)
        );
        Assert.Contains("up to 9 frames", tooLong.Problems[0].Message, StringComparison.Ordinal);
    }

    private static string Eight(int seed)
    {
        var sections = Enumerable
            .Range(1, 8)
            .Select(i => $$"""{"prompt": "scene {{i}}", "start": "cut", "frames": 5, "seed": {{(i == 3 ? seed : i)}}}""");
        return $$"""{"steps": 2, "sections": [{{string.Join(", ", sections)}}]}""";
    }

    private HashSet<string> Clips() =>
        [
            .. Directory
                .EnumerateFiles(_folder["out"], "*.mkv")
                .Select(path =>
                    $"{Path.GetFileName(path)} {File.GetLastWriteTimeUtc(path).Ticks} {Digests.OfBytes(File.ReadAllBytes(path))}"
                ),
        ];

    /// <summary>A backend whose clips are real, but for those that fail.</summary>
    private sealed class FailingBackend(IJobBackend real, Func<JobRun, bool> fails) : IJobBackend
    {
        public string Name => real.Name;

        public ValueTask<PreparedJob> PrepareAsync(JobRequest request, CancellationToken cancellationToken) =>
            real.PrepareAsync(request, cancellationToken);

        public Task<JobOutcome> RunAsync(JobRun run, CancellationToken cancellationToken) =>
            fails(run) ? throw new IOException("It fails.") : real.RunAsync(run, cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
