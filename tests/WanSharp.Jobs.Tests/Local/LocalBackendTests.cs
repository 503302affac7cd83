using WanSharp.Engine;
using WanSharp.Engine.Denoising;
using WanSharp.Jobs.Films;
using WanSharp.Jobs.Local;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Jobs.Tests.Local;

/// <summary>Clips that go on where they stood, and those that cannot.</summary>
public sealed class LocalBackendTests(TinyEngine engine) : IDisposable
{
    private static readonly JobRequest Circle = new()
    {
        Prompt = "a red circle",
        Seed = 7,
        Steps = 4,
    };

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _notices = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Snapshot => _folder["1.snapshot"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_WithASavedState_GoesOnFromIt()
    {
        await SaveAsync(Circle);

        var outcome = await RunAsync(Circle);

        Assert.InRange(outcome.ResumedAtStep!.Value, 1, 3);
        Assert.Null(outcome.StartedOver);
        Assert.Empty(_notices);
    }

    [Fact]
    public async Task Run_WithAnotherClipsState_StartsOverAndSaysWhy()
    {
        await SaveAsync(Circle with { Seed = 8 });

        var outcome = await RunAsync(Circle);

        Assert.Null(outcome.ResumedAtStep);
        Assert.Contains("settings", outcome.StartedOver, StringComparison.Ordinal);
        Assert.Equal([$"clip.mp4: starts over: {outcome.StartedOver}"], _notices);
    }

    [Fact]
    public async Task Run_WithADamagedState_StartsOverAndSaysWhy()
    {
        await SaveAsync(Circle);
        using (var file = File.OpenWrite(Snapshot))
        {
            file.SetLength(file.Length - 1);
        }

        var outcome = await RunAsync(Circle);

        Assert.Equal("its saved state is damaged or cut short", outcome.StartedOver);
        Assert.Single(_notices);
    }

    /// <summary>A clip of another picture than was planned is none of the batch's.</summary>
    [Fact]
    public async Task Run_WhereAPictureWasReplaced_IsRefused()
    {
        using var generator = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings());
        await using var backend = new LocalBackend(generator, Ffmpegs.Any);
        await WriteAsync(level: 20);
        var request = Circle with { Images = new Dictionary<int, string> { [0] = _folder["first.png"] } };
        var planned = await backend.PrepareAsync(request, Token);
        var run = Run(request);
        run = run with { Job = run.Job with { Settings = planned.Settings, ResultKey = planned.ResultKey } };
        await backend.RunAsync(run, Token);

        await WriteAsync(level: 220);
        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => backend.RunAsync(run, Token));

        Assert.Contains("A file of the job's images changed since it was planned", refused.Message, StringComparison.Ordinal);

        Task WriteAsync(byte level) =>
            PictureFile.WriteAsync(_folder["first.png"], new RgbImage(32, 16, [.. Enumerable.Repeat(level, 32 * 16 * 3)]), Token);
    }

    [Fact]
    public async Task Run_WhereAFileOfTheModelWasReplaced_MakesNoClipOfItAndCountsNoAttempt()
    {
        engine.CopyModel(_folder["model"]);
        using var model = WanModel.Open(_folder["model"]);
        using var generator = new VideoGenerator(model, engine.Runtime, new SessionSettings());
        await using var backend = new LocalBackend(generator, Ffmpegs.Any);
        await backend.RunAsync(Run(Circle), Token);
        var file = Path.Combine(_folder["model"], "transformer.safetensors");
        File.Copy(file, $"{file}.new");
        File.SetLastWriteTimeUtc($"{file}.new", new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        File.Move($"{file}.new", file, overwrite: true); // what is mapped is still the old one

        var error = await Assert.ThrowsAsync<BackendUnavailableException>(() => backend.RunAsync(Run(Circle), Token));

        Assert.StartsWith(file, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WhereTheStateCannotBeSaved_SaysSoOnceAndMakesTheClip()
    {
        Directory.CreateDirectory(Snapshot); // a file cannot take its place

        await RunAsync(Circle);

        Assert.Single(_notices, notice => notice.Contains("goes on unsaved", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SnapshotFile_WhenThePowerIsCutAtAnyMoment_HoldsTheLastStateOrTheOneBefore()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("What is written cannot be read there meanwhile.");
        }

        using var disk = new PowerCut(_folder.Path, () => new HashSet<string>());
        await SaveAsync(Circle); // after each step

        var found = disk.Disks.Select(state => state.Files.GetValueOrDefault(Path.GetFileName(Snapshot))).OfType<byte[]>().ToList();
        Assert.NotEmpty(found);
        Assert.All(found, bytes => DenoiseSnapshot.Read(new MemoryStream(bytes))); // each is whole
    }

    /// <summary>Leaves a state behind, as an attempt does that was interrupted.</summary>
    private async Task SaveAsync(JobRequest request)
    {
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            RunAsync(
                request,
                new Listener(report =>
                {
                    if (report is { Stage: GenerationStage.Denoise, Done: 3 })
                    {
                        stop.Cancel();
                    }
                }),
                stop.Token
            )
        );
        Assert.True(File.Exists(Snapshot));
    }

    private async Task<JobOutcome> RunAsync(
        JobRequest request,
        IProgress<GenerationProgress>? progress = null,
        CancellationToken? cancelled = null
    )
    {
        using var generator = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings());
        await using var backend = new LocalBackend(generator, Ffmpegs.Any) { Notice = _notices.Add };
        return await backend.RunAsync(Run(request, progress), cancelled ?? Token);
    }

    private JobRun Run(JobRequest request, IProgress<GenerationProgress>? progress = null) =>
        new()
        {
            Job = new Job
            {
                Id = 1,
                Output = "clip.mp4",
                Request = request,
                State = JobState.Running,
            },
            ArtifactPath = _folder["clip.mp4"],
            SnapshotPath = Snapshot,
            SnapshotInterval = TimeSpan.Zero,
            Progress = progress ?? new Listener(_ => { }),
        };
}
