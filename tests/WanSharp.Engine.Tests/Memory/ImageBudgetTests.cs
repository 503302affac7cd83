using System.Text;
using WanSharp.Engine.Costs;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Strategies;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Memory;

/// <summary>Clips of given images within little memory. Alone, since a budget limits the memory of all runs of the process.</summary>
[Collection("alone")]
public sealed class ImageBudgetTests(TinyEngine engine) : IDisposable
{
    private const long Plenty = 1L << 40;

    /// <summary>How many budgets are tried besides those at which another strategy begins; WAN_BUDGETS asks for some.</summary>
    private static readonly int Between = Repetitions.Of("WAN_BUDGETS", 0);

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
        var candidates = Candidates(model, request);
        Assert.InRange(candidates.Count, 2, 6);
        Assert.True(candidates[0].IsTiled);
        // the tightest of each; all of them where a clip is made in a moment, for the others differ from it in their sizes alone
        var asked = width == 256 || Between > 0 ? candidates : [candidates[0]];
        foreach (var (budget, strategy) in asked.Select(strategy => (strategy.Bytes, strategy)).Concat(BetweenOf(candidates)))
        {
            await CompleteAsync(model, request, budget, strategy);
        }
    }

    /// <summary>Clips of one image kind are above; here is what else a clip may hold.</summary>
    [Theory]
    [InlineData("upscaler", "wan2.1-t2v-1.3b")]
    [InlineData("interpolator", "wan2.1-t2v-1.3b")]
    [InlineData("merged LoRA", "wan2.1-t2v-1.3b")]
    [InlineData("control", "wan2.1-vace-1.3b")]
    public async Task Generate_WithMoreThanText_CompletesWithinTheLeastThatIsAccepted(string what, string variant)
    {
        using var networks = new TinyNetworks(variant);
        new ToolFolders(networks, _folder["model"]).Write("official");
        using var model = WanModel.Open(_folder["model"]);
        var request = With(what, Request("t2v") with { Width = 256, Height = 192 }, model);
        var tightest = Candidates(model, request)[0];

        await CompleteAsync(model, request, tightest.Bytes, tightest);
    }

    private async Task CompleteAsync(WanModel model, GenerationRequest request, long budget, Strategy strategy)
    {
        using var generator = new VideoGenerator(
            model,
            engine.Runtime,
            new SessionSettings(),
            new TransformerOptions { WeightsFolder = _folder["weights"] },
            new EngineOptions { Memory = budget }
        );
        var plan = generator.Plan(request);
        using var peak = new PeakMeter(engine.Runtime.Memory);
        var before = peak.Bytes;
        var clip = new FrameList();

        await generator.GenerateAsync(plan, clip, cancellationToken: Token);

        Assert.Equal(strategy.ToString(), plan.Strategy!.ToString());
        Assert.Equal(plan.Format.Frames, clip.Frames.Count);
        Assert.Empty(generator.Statistics.Memory.Shed);
        Assert.InRange(peak.Bytes - before, 1, budget - StrategyParts.Base);
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
            Images =
                type == "flf2v" ? [image, image with { LatentFrame = -1 }]
                : type == "t2v" ? []
                : [image],
        };
    }

    private GenerationRequest With(string what, GenerationRequest request, WanModel model)
    {
        switch (what)
        {
            case "upscaler":
                return request with { Upscale = Upscalers.Write(_folder["large.safetensors"], Upscalers.Compact()) };
            case "interpolator":
                return request with
                {
                    Interpolate = Interpolators.Write(_folder["rife.safetensors"], Interpolators.Rife46),
                    Fps = 2 * model.Defaults.Fps,
                };
            case "control":
                return request with { Control = Picture("control.bmp", 64, 48) };
            default:
                using (var change = Tensor.CopyOf<float>([32, 128], [.. Enumerable.Repeat(0.01f, 32 * 128)]))
                {
                    var path = _folder["full.safetensors"];
                    SafetensorsWriter.Write(path, new Dictionary<string, Tensor> { ["diffusion_model.blocks.0.ffn.0.diff"] = change });
                    Assert.True(LoraUses.TryParse(path, out var loras));
                    return request with { Loras = loras };
                }
        }
    }

    /// <summary>The strategies that budgets lead to, the most frugal first, each with the least budget that leads to it.</summary>
    private static List<Strategy> Candidates(WanModel model, GenerationRequest request)
    {
        var costs = new CostModel(model);
        var facts = costs.Facts(costs.Sketch(request), isOnHost: true);
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

    /// <summary>A grey picture.</summary>
    private string Picture(string name, int width, int height)
    {
        var pixels = new byte[width * 4 * height];
        using var file = new BinaryWriter(File.Create(_folder[name]), Encoding.ASCII); // a BMP of 32 bits
        file.Write("BM"u8);
        Array.ForEach([54 + pixels.Length, 0, 54, 40, width, height, (32 << 16) | 1, 0, pixels.Length, 0, 0, 0, 0], file.Write);
        file.Write(pixels);
        return _folder[name];
    }

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
