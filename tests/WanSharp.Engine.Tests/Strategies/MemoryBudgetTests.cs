using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Runtime;

namespace WanSharp.Engine.Tests.Strategies;

public sealed class MemoryBudgetTests(TinyEngine engine)
{
    private static readonly GenerationRequest Circle = new() { Prompt = "a red circle", Seed = 7 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Generate_WithinLessMemory_StreamsAndGivesTheSameFrames()
    {
        using var free = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings());
        var needs = new CostModel(engine.Model).Facts(free.Plan(Circle), isOnHost: true);
        var (_, expected) = await GenerateAsync(free, Circle);
        Assert.Null(free.Plan(Circle).Strategy);

        var everything = Least(needs.Blocks);
        using var narrow = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings(), options: new EngineOptions { Memory = everything - 1 });
        var (plan, frames) = await GenerateAsync(narrow, Circle);

        Assert.False(plan.Strategy!.KeepsTextEncoder);
        Assert.Equal(expected, frames);
        Assert.Equal(frames, (await GenerateAsync(narrow, Circle)).Frames); // the text encoder comes back

        // What everything takes: found by asking.
        long Least(int blocks)
        {
            var (below, enough) = (1L, 1L << 40);
            while (enough - below > 1)
            {
                var middle = below + ((enough - below) / 2);
                var fits = Fits(middle) is { KeepsTextEncoder: true } strategy && strategy.ResidentBlocks == blocks;
                (below, enough) = fits ? (below, middle) : (middle, enough);
            }

            return enough;
        }

        Engine.Strategies.Strategy? Fits(long budget)
        {
            try
            {
                return Engine.Strategies.StrategyChooser.Choose(needs, budget);
            }
            catch (InvalidRequestException)
            {
                return null;
            }
        }
    }

    [Fact]
    public void Plan_WithinTooLittle_IsRefusedBeforeItRuns()
    {
        using var generator = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings(), options: new EngineOptions { Memory = 1_000_000 });

        var error = Assert.Throws<InvalidRequestException>(() => generator.Plan(Circle));

        Assert.Contains("--memory", error.Message, StringComparison.Ordinal);
    }

    private static async Task<(GenerationPlan Plan, IReadOnlyList<byte[]> Frames)> GenerateAsync(VideoGenerator generator, GenerationRequest request)
    {
        var frames = new FrameList();
        var plan = generator.Plan(request);
        await generator.GenerateAsync(plan, frames, cancellationToken: Token);
        return (plan, frames.Frames);
    }
}
