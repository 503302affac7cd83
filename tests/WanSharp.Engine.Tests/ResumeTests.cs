using WanSharp.Engine.Denoising;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Engine.StepCaches;
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
        using var pieces = new VideoGenerator(
            engine.Model,
            engine.Runtime,
            new SessionSettings(),
            new TransformerOptions { TokensAtOnce = 5 }
        );

        var wrong = await Assert.ThrowsAsync<SnapshotMismatchException>(() =>
            pieces.GenerateAsync(pieces.Plan(Circle), new FrameList(), new GenerationRunOptions { Resume = snapshot }, Token)
        );
        Assert.Contains("tokens at once (none, now 5)", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1L << 40)]
    [InlineData(300_000_000)]
    public async Task Generate_FromASnapshot_GoesOnWhateverTheMemoryIs(long memory)
    {
        var snapshots = new List<DenoiseSnapshot>();
        var (undisturbed, _) = await GenerateAsync(Circle, Keep(snapshots));
        using var limited = new VideoGenerator(
            engine.Model,
            engine.Runtime,
            new SessionSettings(),
            options: new EngineOptions { Memory = memory, BatchSize = 1 }
        );
        var plan = limited.Plan(Circle);
        await using var frames = new FrameList();

        await limited.GenerateAsync(plan, frames, new GenerationRunOptions { Resume = Copy(snapshots[^1]) }, Token);

        Assert.NotNull(plan.Strategy);
        Assert.Equal(_generator.Plan(Circle).LatentIdentity, plan.LatentIdentity);
        Assert.Equal(undisturbed, frames.Frames);
    }

    [Fact]
    public async Task Generate_FromASnapshotOfBlocks_GoesOnWithBlocksWhereTheWholeNetworkIsWanted()
    {
        var snapshot = await SnapshotAsync();
        using var whole = new VideoGenerator(
            engine.Model,
            engine.Runtime,
            new SessionSettings(),
            new TransformerOptions { Mode = CompileMode.Whole }
        );

        var statistics = await whole.GenerateAsync(
            whole.Plan(Circle),
            new FrameList(),
            new GenerationRunOptions { Resume = snapshot },
            Token
        );

        Assert.Equal(CompileMode.Blocks, statistics.Compile);
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

    /// <summary>A step cache's arrays are gigabytes, more than a stream in memory holds.</summary>
    [Fact]
    public void WriteAndRead_OfLargeArrays_HoldNoCopyOfThem()
    {
        const int Little = 2 << 20;
        var snapshot = new DenoiseSnapshot(
            "a clip",
            [1, 2],
            new SamplerState(1, []),
            average: null,
            reused: null,
            new StepCacheState([3], [new float[3 << 20], [.. Enumerable.Range(0, 3 << 20).Select(i => (float)i)]])
        );
        using var stream = new MemoryStream(capacity: 26 << 20);

        var written = Allocated(() => snapshot.Write(stream));
        stream.Position = 0;
        DenoiseSnapshot? read = null;
        var made = Allocated(() => read = DenoiseSnapshot.Read(stream));

        Assert.InRange(written, 0, Little);
        Assert.InRange(made, stream.Length, stream.Length + Little);
        Assert.Equal(snapshot.Cache!.Arrays[1], read!.Cache!.Arrays[1]);

        static long Allocated(Action run)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            run();
            return GC.GetAllocatedBytesForCurrentThread() - before;
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
