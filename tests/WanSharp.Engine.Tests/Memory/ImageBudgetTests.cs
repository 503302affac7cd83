using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Strategies;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Memory;

/// <summary>Clips of given images within little memory. Alone, since a budget limits the memory of all runs of the process.</summary>
[Collection("alone")]
public sealed class ImageBudgetTests(TinyEngine engine) : IDisposable
{
    private const long Plenty = 1L << 40;

    /// <summary>How many budgets are tried besides those at which another strategy begins; WAN_BUDGETS asks for some.</summary>
    private static readonly int Between = int.TryParse(Environment.GetEnvironmentVariable("WAN_BUDGETS"), out var asked) ? asked : 0;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    /// <summary>Under each strategy that some budget leads to, with no byte more than it was predicted to take.</summary>
    [Theory]
    [InlineData("wan2.1-i2v-14b-480p", 256, 192, 9)]
    [InlineData("wan2.1-i2v-14b-480p", 448, 320, 5)]
    [InlineData("wan2.1-i2v-14b-480p", 576, 400, 1)]
    [InlineData("wan2.1-flf2v-14b", 448, 320, 5)]
    [InlineData("wan2.2-ti2v-5b", 512, 448, 5)]
    public async Task Generate_FromTheLeastThatIsAcceptedUpwards_CompletesWithinIt(string variant, int width, int height, int frames)
    {
        using var networks = new TinyNetworks(variant);
        new ToolFolders(networks, _folder["model"]).Official();
        using var model = WanModel.Open(_folder["model"]);
        var request = Request(networks.Type) with { Width = width, Height = height, Frames = frames };
        var costs = new CostModel(model);
        var candidates = Candidates(costs.Facts(costs.Sketch(request), isOnHost: true));
        Assert.InRange(candidates.Count, 2, 6);
        Assert.True(candidates[0].IsTiled);
        // the tightest of each; all of them where a clip is made in a moment, for the others differ from it in their sizes alone
        var asked = width == 256 || Between > 0 ? candidates : [candidates[0]];
        foreach (var (budget, strategy) in asked.Select(strategy => (strategy.Bytes, strategy)).Concat(BetweenOf(candidates)))
        {
            using var generator = new VideoGenerator(
                model,
                engine.Runtime,
                new SessionSettings(),
                options: new EngineOptions { Memory = budget }
            );
            var plan = generator.Plan(request);
            using var peak = new PeakMeter(engine.Runtime.Memory);
            var before = peak.Bytes;
            var clip = new FrameList();

            await generator.GenerateAsync(plan, clip, cancellationToken: Token);

            Assert.Equal(strategy.ToString(), plan.Strategy!.ToString());
            Assert.Equal(frames, clip.Frames.Count);
            Assert.Empty(generator.Statistics.Memory.Shed);
            Assert.InRange(peak.Bytes - before, 1, budget - StrategyParts.Base);
        }
    }

    [Fact]
    public async Task Generate_WithinLessMemory_LetsTheImageEncodersGo()
    {
        using var networks = new TinyNetworks("wan2.1-i2v-14b-480p");
        new ToolFolders(networks, _folder["model"]).Official();
        using var model = WanModel.Open(_folder["model"]);
        var costs = new CostModel(model);
        var everything = StrategyChooser.Choose(costs.Facts(costs.Sketch(Request("i2v")), isOnHost: true), Plenty).Bytes;
        var sessions = new Dictionary<long, int>();
        foreach (var memory in new[] { everything, everything - 1 })
        {
            var before = engine.Runtime.Api.LiveObjects;
            using var generator = new VideoGenerator(
                model,
                engine.Runtime,
                new SessionSettings(),
                options: new EngineOptions { Memory = memory }
            );
            await generator.GenerateAsync(generator.Plan(Request("i2v")), new FrameList(), cancellationToken: Token);
            sessions[memory] = (int)(engine.Runtime.Api.LiveObjects - before);
        }

        Assert.InRange(sessions[everything - 1], 1, sessions[everything] - 1);
    }

    private static GenerationRequest Request(string type)
    {
        var image = new ConditioningImage(new RgbImage(300, 200, [.. Enumerable.Range(0, 3 * 300 * 200).Select(i => (byte)(i * 7))]));
        return new GenerationRequest
        {
            Prompt = "a red circle",
            Width = 448,
            Height = 320,
            Frames = 5,
            Steps = 1,
            Images = type == "flf2v" ? [image, image with { LatentFrame = -1 }] : [image],
        };
    }

    /// <summary>The strategies that budgets lead to, the most frugal first, each with the least budget that leads to it.</summary>
    private static List<Strategy> Candidates(StrategyFacts facts)
    {
        var candidates = new List<Strategy>();
        for (var budget = Plenty; TryChoose(facts, budget) is { } strategy; budget = strategy.Bytes - 1)
        {
            candidates.Insert(0, strategy);
        }

        return candidates;
    }

    /// <summary>Budgets at equal distances from the least to the most, each with the strategy that it leads to.</summary>
    private static IEnumerable<(long Budget, Strategy Strategy)> BetweenOf(List<Strategy> candidates) =>
        Enumerable
            .Range(0, Between)
            .Select(i => candidates[0].Bytes + ((candidates[^1].Bytes - candidates[0].Bytes) * i / Math.Max(1, Between - 1)))
            .Select(budget => (budget, candidates.Last(strategy => strategy.Bytes <= budget)));

    private static Strategy? TryChoose(StrategyFacts facts, long budget)
    {
        try
        {
            return StrategyChooser.Choose(facts, budget);
        }
        catch (InvalidRequestException)
        {
            return null;
        }
    }
}
