using WanSharp.Engine;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Films;
using WanSharp.Jobs.Local;
using WanSharp.Jobs.Running;
using WanSharp.Jobs.Storage;
using WanSharp.Jobs.Styles;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;
using WanSharp.Runtime;
using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Films;

/// <summary>Films of a tiny model: 32×16, up to 9 frames a clip, 8 a second.</summary>
[Collection("native objects")]
public abstract class FilmTests : IDisposable
{
    private readonly LiveObjects _live = new();
    private protected readonly TinyEngine _engine;
    private protected readonly TemporaryFolder _folder = new();
    private readonly VideoGenerator _generator;
    private protected readonly LocalBackend _backend;

    protected FilmTests(TinyEngine engine)
    {
        _engine = engine;
        _generator = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings());
        _backend = new LocalBackend(_generator, Ffmpegs.Any);
    }

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _generator.Dispose();
        _folder.Dispose();
        _live.AssertNoneIsLeft();
        GC.SuppressFinalize(this);
    }

    private protected JobStore Open(string folder = "out") => JobStore.Open(JobFolder.Create(_folder[folder]), TimeProvider.System);

    private protected FilmPlanner Planner(FilmModel? model = null) =>
        new(new BatchPlanner(_backend, StyleCatalog.Load([]), "tiny", ".mkv"), model ?? FilmModel.Of(_engine.Model), Ffmpegs.Any);

    private protected Task<FilmPlan> PlanAsync(string film, FilmModel? model = null) =>
        Planner(model).PlanAsync("film.json", FilmFile.Parse("film.json", film, new JobRequest { Prompt = "" }), Token);

    private protected FilmRun Run(JobStore store, FilmPlan plan, IProgress<JobEvent>? events = null) =>
        new(
            store,
            Planner(),
            plan,
            Ffmpegs.Any,
            new JobRunnerOptions
            {
                Concurrency = 4,
                Attempts = 1,
                Events = events,
            }
        );

    private protected async Task<string> MakeAsync(
        FilmPlan plan,
        string name,
        string folder = "out",
        CancellationTokenSource? stopped = null,
        Action<JobEvent>? onEvent = null
    )
    {
        using var store = Open(folder);
        await store.ReviewAsync(repairs: true, Token);
        var run = Run(store, plan, onEvent is null ? null : new Heard(onEvent));
        Assert.Empty(await run.MakeAsync(_backend, stopped?.Token ?? Token));
        await run.JoinAsync(OutputTarget.Parse(_folder[name]), new Listener(_ => { }), Token);
        return _folder[name];
    }

    private protected static async Task<List<RgbImage>> FramesAsync(string clip)
    {
        var frames = new List<RgbImage>();
        await foreach (var frame in VideoReader.ReadAsync(Ffmpegs.Any, clip, Token))
        {
            frames.Add(frame);
        }

        return frames;
    }

    private sealed class Heard(Action<JobEvent> hear) : IProgress<JobEvent>
    {
        public void Report(JobEvent value) => hear(value);
    }
}
