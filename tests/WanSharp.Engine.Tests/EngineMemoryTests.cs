using WanSharp.Engine.Requests;
using WanSharp.Media;
using WanSharp.Media.Clips;
using WanSharp.Runtime;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests;

/// <summary>Alone, since the memory that is counted is the process's.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;

[NoLiveObjects]
[Collection("alone")]
public sealed class EngineMemoryTests(TinyEngine engine)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Dispose_AfterClipsThatEndedInEveryWay_GivesEverythingBack()
    {
        var before = engine.Runtime.Memory.InUse;
        var generator = new VideoGenerator(
            engine.Model,
            engine.Runtime,
            new SessionSettings(),
            options: new EngineOptions { BatchSize = 2, Lanes = 2 }
        );
        using var stop = new CancellationTokenSource();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        await GenerateAsync(generator, 1, new FrameList());
        await Assert.ThrowsAsync<MediaException>(() =>
            GenerateAsync(generator, 2, new BrokenFrames(new MediaException("the disk is full")))
        );
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            GenerateAsync(
                generator,
                3,
                new FrameList(),
                new Listener(report =>
                {
                    if (report is { Stage: GenerationStage.Decode, Done: 2 })
                    {
                        stop.Cancel();
                    }
                }),
                stop.Token
            )
        );
        var running = GenerateAsync(
            generator,
            4,
            new FrameList(),
            new Listener(report => _ = report.Stage == GenerationStage.Denoise && begun.TrySetResult())
        );
        await begun.Task;
        generator.Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        Assert.Equal(before, engine.Runtime.Memory.InUse);
    }

    private static async Task GenerateAsync(
        VideoGenerator generator,
        ulong seed,
        IFrameWriter frames,
        IProgress<GenerationProgress>? progress = null,
        CancellationToken? cancellationToken = null
    )
    {
        await using (frames)
        {
            var plan = generator.Plan(
                new GenerationRequest
                {
                    Prompt = "a red circle",
                    Seed = seed,
                    Steps = seed == 4 ? 1000 : 2,
                }
            );
            await generator.GenerateAsync(plan, frames, new GenerationRunOptions { Progress = progress }, cancellationToken ?? Token);
        }
    }
}
