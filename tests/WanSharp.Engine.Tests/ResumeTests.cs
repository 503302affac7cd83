using WanSharp.Engine.Denoising;
using WanSharp.Engine.Requests;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests;

[Collection("alone")]
public sealed class ResumeTests(TinyEngine engine) : IDisposable
{
    private readonly LiveObjects _live = new();
    private static readonly GenerationRequest Circle = new()
    {
        Prompt = "a red circle",
        Seed = 7,
        Steps = 6,
    };

    private readonly VideoGenerator _generator = new(
        engine.Model,
        engine.Runtime,
        new SessionSettings(),
        options: new EngineOptions { BatchSize = 1 }
    );

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("unipc")]
    [InlineData("dpm++")]
    [InlineData("euler")]
    public async Task Generate_FromASnapshot_EndsWithTheSameBits(string sampler)
    {
        var request = Circle with { Sampler = sampler };
        var snapshots = new List<DenoiseSnapshot>();
        var (undisturbed, _) = await GenerateAsync(request, Keep(snapshots));
        var snapshot = snapshots[^1];
        Assert.InRange(snapshot.NextStep, 1, 5);

        var (resumed, statistics) = await GenerateAsync(request, new() { Resume = Copy(snapshot) });

        Assert.Equal(undisturbed, resumed);
        Assert.Equal(6 - snapshot.NextStep, statistics.Steps);
    }

    [Fact]
    public async Task Generate_FromASnapshotOfAnotherClip_Refuses()
    {
        var snapshot = await SnapshotAsync();

        await Assert.ThrowsAsync<SnapshotMismatchException>(() => GenerateAsync(Circle with { Seed = 8 }, new() { Resume = snapshot }));
    }

    [Fact]
    public async Task Generate_FromASnapshotOfAnotherExecutable_Refuses()
    {
        var snapshot = await SnapshotAsync();
        using var whole = new VideoGenerator(
            engine.Model,
            engine.Runtime,
            new SessionSettings(),
            new TransformerOptions { Mode = CompileMode.Whole }
        );

        await Assert.ThrowsAsync<SnapshotMismatchException>(() =>
            whole.GenerateAsync(whole.Plan(Circle), new FrameList(), new GenerationRunOptions { Resume = snapshot }, Token)
        );
    }

    [Fact]
    public async Task Read_OfDamagedBytes_Refuses()
    {
        var bytes = Bytes(await SnapshotAsync());
        Assert.Throws<SnapshotMismatchException>(() => DenoiseSnapshot.Read(new MemoryStream()));
        for (var i = 0; i < bytes.Length; i += Math.Max(1, bytes.Length / 97))
        {
            Assert.Throws<SnapshotMismatchException>(() => DenoiseSnapshot.Read(new MemoryStream(bytes[..i])));
            bytes[i] ^= 0x10;
            Assert.Throws<SnapshotMismatchException>(() => DenoiseSnapshot.Read(new MemoryStream(bytes)));
            bytes[i] ^= 0x10;
        }
    }

    [Fact]
    public async Task Generate_WhoseSnapshotCannotBeKept_Fails()
    {
        var failure = new IOException("the disk is full");
        var options = new GenerationRunOptions { SaveInterval = TimeSpan.Zero, Save = (_, _) => throw failure };

        Assert.Same(failure, await Assert.ThrowsAsync<IOException>(() => GenerateAsync(Circle, options)));
    }

    public void Dispose()
    {
        _generator.Dispose();
        _live.AssertNoneIsLeft();
    }

    private static GenerationRunOptions Keep(List<DenoiseSnapshot> snapshots) =>
        new()
        {
            SaveInterval = TimeSpan.Zero,
            Save = (snapshot, _) =>
            {
                snapshots.Add(snapshot);
                return ValueTask.CompletedTask;
            },
        };

    private async Task<DenoiseSnapshot> SnapshotAsync()
    {
        var snapshots = new List<DenoiseSnapshot>();
        await GenerateAsync(Circle, Keep(snapshots));
        return snapshots[0];
    }

    private static DenoiseSnapshot Copy(DenoiseSnapshot snapshot) => DenoiseSnapshot.Read(new MemoryStream(Bytes(snapshot)));

    private static byte[] Bytes(DenoiseSnapshot snapshot)
    {
        using var stream = new MemoryStream();
        snapshot.Write(stream);
        return stream.ToArray();
    }

    private async Task<(List<byte[]> Frames, GenerationStatistics Statistics)> GenerateAsync(
        GenerationRequest request,
        GenerationRunOptions options
    )
    {
        await using var frames = new FrameList();
        var statistics = await _generator.GenerateAsync(_generator.Plan(request), frames, options, Token);
        return (frames.Frames, statistics);
    }
}
