using WanSharp.Engine;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Films;
using WanSharp.Jobs.Local;
using WanSharp.Jobs.Styles;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Films;

/// <summary>Films of a model that follows a camera: a flight is one, however many clips it is made of.</summary>
[Collection("native objects")]
public sealed class CameraFilmTests : IDisposable
{
    private readonly LiveObjects _live = new();
    private readonly TemporaryFolder _folder = new();
    private readonly TinyNetworks _networks = new("wan2.1-fun-1.3b-camera");
    private readonly WanModel _model;
    private readonly VideoGenerator _generator;

    public CameraFilmTests(TinyEngine engine)
    {
        _model = WanModel.Open(new ToolFolders(_networks, _folder["model"]).Write("official"));
        _generator = new VideoGenerator(_model, engine.Runtime, new SessionSettings());
    }

    public void Dispose()
    {
        _generator.Dispose();
        _model.Dispose();
        _networks.Dispose();
        _folder.Dispose();
        _live.AssertNoneIsLeft();
    }

    [Fact]
    public async Task Plan_OfMovesInASectionOfSeveralClips_GoesTheWholeWayOnce()
    {
        var plan = await PlanAsync("""{"sections": [{"prompt": "a street", "seconds": 12, "camera": "pan-left", "camera_speed": 3}]}""");

        Assert.True(plan.Parts.Count > 1);
        Assert.Equal(3, plan.Parts.Sum(part => part.Request.CameraSpeed!.Value), tolerance: 1e-9);
    }

    [Fact]
    public async Task Plan_OfMovesInAClip_KeepsWhatWasAsked()
    {
        var plan = await PlanAsync("""{"sections": [{"prompt": "a street", "camera": "pan-left"}]}""");

        Assert.Null(Assert.Single(plan.Parts).Request.CameraSpeed);
    }

    [Fact]
    public async Task Plan_OfAFlightThatWouldBeginAnew_IsRefused()
    {
        var flight = _folder.Write("poses.txt", "flight\n");

        var exception = await Assert.ThrowsAsync<InvalidRequestException>(() =>
            PlanAsync($$"""{"sections": [{"prompt": "a street", "seconds": 12, "camera": "{{flight}}"}]}""")
        );

        Assert.Equal("camera", exception.Field);
        Assert.Contains("begin with the first", exception.Message, StringComparison.Ordinal);
    }

    private Task<FilmPlan> PlanAsync(string film) =>
        new FilmPlanner(
            new BatchPlanner(new LocalBackend(_generator, Ffmpegs.Any), StyleCatalog.Load([]), "fun", ".mkv"),
            FilmModel.Of(_model),
            Ffmpegs.Any
        ).PlanAsync("film.json", FilmFile.Parse("film.json", film, new JobRequest { Prompt = "" }), TestContext.Current.CancellationToken);
}
