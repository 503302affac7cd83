using System.Diagnostics.Metrics;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Scheduling;
using WanSharp.Engine.StepCaches;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Scheduling;

/// <summary>Alone, since a listener hears the instruments of every engine in the process.</summary>
[NoLiveObjects]
[Collection("alone")]
public sealed class ComputeLanesTests(TinyEngine engine)
{
    private static readonly GenerationRequest Circle = new() { Prompt = "a red circle", Seed = 7 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("idle")]
    [InlineData("busy")]
    [InlineData("batch_size")]
    public async Task Generate_WhereWhatALaneCallsThrows_FailsTheClipAndKeepsTheLane(string instrument)
    {
        using var generator = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings());
        var expected = await GenerateAsync(generator);

        using (Deaf(instrument))
        {
            await Assert.ThrowsAsync<DivideByZeroException>(() => GenerateAsync(generator, seed: 8));
        }

        Assert.Equal(expected, await GenerateAsync(generator));
    }

    [Fact]
    public async Task Generate_CancelledBetweenEncodingAndSteps_FreesThePrompts()
    {
        using var generator = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings());
        await GenerateAsync(generator);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = AlignedMemory.Live;

        await Assert.ThrowsAsync<DivideByZeroException>(() =>
            GenerateAsync(
                generator,
                progress: new Listener(report =>
                {
                    if (report is { Stage: GenerationStage.Encode, Done: 1 })
                    {
                        throw new DivideByZeroException();
                    }
                })
            )
        );

        Assert.Equal(before, AlignedMemory.Live);
    }

    [Fact]
    public async Task Generate_BesideAClipWhoseEstimatedStepFails_GoesOn()
    {
        using var generator = new VideoGenerator(
            engine.Model,
            engine.Runtime,
            new SessionSettings(),
            options: new EngineOptions { Lanes = 1, BatchSize = 2 }
        );
        var request = Circle with { Steps = 20 };
        var skipping = generator.Plan(request with { StepCache = StepCacheSetting.Parse("taylor:2,0,3", null) });
        using var listener = new MeterListener
        {
            InstrumentPublished = (published, self) =>
            {
                if (published.Meter.Name == EngineTelemetry.Name && published.Name.EndsWith("denoise.steps", StringComparison.Ordinal))
                {
                    self.EnableMeasurementEvents(published);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>(
            (_, _, tags, _) =>
            {
                if (tags.ToArray().Contains(new("skipped", true)))
                {
                    throw new DivideByZeroException();
                }
            }
        );
        listener.Start();
        var failing = (Task?)null;
        var frames = new FrameList();

        await generator.GenerateAsync(
            generator.Plan(request),
            frames,
            new Listener(report =>
            {
                if (report.Stage == GenerationStage.Denoise && failing is null) // it joins this clip's steps
                {
                    failing = generator.GenerateAsync(skipping, new FrameList(), cancellationToken: Token);
                }
            }),
            Token
        );

        Assert.NotEmpty(frames.Frames);
        await Assert.ThrowsAsync<DivideByZeroException>(() => failing!);
    }

    [Fact]
    public async Task Expect_ThatFailed_IsTriedAgain()
    {
        using var generator = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings());
        var plan = generator.Plan(Circle);
        using (Deaf("idle"))
        {
            await Assert.ThrowsAsync<DivideByZeroException>(() => generator.ExpectAsync(plan, Token));
        }

        await generator.ExpectAsync(plan, Token);

        Assert.Contains(generator.Statistics.Graphs, graph => graph.Name == "transformer_block" && graph.Compiles > 0);
    }

    /// <summary>Has an instrument of the lanes throw.</summary>
    private static MeterListener Deaf(string instrument)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (published, self) =>
            {
                if (published.Meter.Name == EngineTelemetry.Name && published.Name.EndsWith(instrument, StringComparison.Ordinal))
                {
                    self.EnableMeasurementEvents(published);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => throw new DivideByZeroException());
        listener.SetMeasurementEventCallback<int>((_, _, _, _) => throw new DivideByZeroException());
        listener.Start();
        return listener;
    }

    private static async Task<List<byte[]>> GenerateAsync(
        VideoGenerator generator,
        ulong seed = 7,
        IProgress<GenerationProgress>? progress = null
    )
    {
        await using var frames = new FrameList();
        var options = new GenerationRunOptions { Progress = progress };
        await generator.GenerateAsync(generator.Plan(Circle with { Seed = seed }), frames, options, Token);
        return frames.Frames;
    }
}
