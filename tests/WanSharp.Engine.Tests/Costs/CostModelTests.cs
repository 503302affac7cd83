using WanSharp.Engine.Costs;
using WanSharp.Engine.Decoding;
using WanSharp.Engine.Denoising;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.StepCaches;
using WanSharp.Engine.Strategies;
using WanSharp.Graphs;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Costs;

public class CostModelTests(TinyEngine engine)
{
    private static readonly GenerationRequest Circle = new() { Prompt = "a red circle" };

    private GenerationPlan Sketch(GenerationRequest request) => new CostModel(engine.Model).Sketch(request);

    /// <summary>A machine that does everything at a billion a second, to add up by hand.</summary>
    internal static Calibration Machine { get; } =
        new()
        {
            Measured = new DateTimeOffset(2026, 11, 22, 0, 0, 0, TimeSpan.Zero),
            Machine = "made up",
            Threads = 2,
            OnnxRuntime = "1.30.0",
            Products = 1e9,
            IntegerProducts = 4e9,
            WeightBytes = 1e9,
            Attention = 1e9,
            Convolutions = 1e9,
            MovedBytes = 1e9,
            Widened = new Dictionary<DType, double> { [DType.F16] = 1e9 },
        };

    [Fact]
    public void Count_OfTwiceTheSteps_IsTwiceTheDenoising()
    {
        var costs = new CostModel(engine.Model);

        var (few, many) = (Stages(Circle with { Steps = 2 }), Stages(Circle with { Steps = 4 }));

        // The context's keys are made once for the clip.
        Assert.Equal(2, (many[PlanStage.Denoise] - Once()) / (few[PlanStage.Denoise] - Once()), tolerance: 1e-9);
        Assert.Equal(few[PlanStage.Text], many[PlanStage.Text]);
        Assert.Equal(few[PlanStage.Decode], many[PlanStage.Decode]);
        Assert.False(few.ContainsKey(PlanStage.Image));

        Dictionary<PlanStage, double> Stages(GenerationRequest request) =>
            costs.Count(Sketch(request)).Stages.ToDictionary(stage => stage.Stage, stage => stage.Work.Operations);

        double Once() => (2 * few[PlanStage.Denoise]) - many[PlanStage.Denoise];
    }

    /// <summary>Estimates are remembered by this: whatever changes one of them is in it.</summary>
    [Fact]
    public void KeyOf_PlansWhoseCostsDiffer_IsDistinct()
    {
        using var folder = new TemporaryFolder();
        var costs = new CostModel(engine.Model);
        var request = Circle with { Steps = 8, Frames = 9 };
        Func<GenerationRequest, GenerationRequest>[] changes =
        [
            clip => clip,
            clip => clip with { Steps = 9 },
            clip => clip with { Frames = 13 },
            clip => clip with { GuidanceScale = 1 },
            clip => clip with { StepCache = StepCacheSetting.Parse("easy:0.3", null) },
            clip => clip with { Upscale = Upscalers.Write(folder["large.safetensors"], Upscalers.Compact()) },
            clip =>
                clip with
                {
                    Fps = 2 * engine.Model.Defaults.Fps,
                    Interpolate = Interpolators.Write(folder["rife.safetensors"], Interpolators.Rife46),
                },
            clip => clip with { Prompt = "a red circle that moves to the left" },
            clip => clip with { Nag = new(5), GuidanceScale = 1 },
        ];
        var estimates = new ClipEstimates(costs, Machine);
        var plans = changes.Select(change => costs.Sketch(change(request))).ToList();

        foreach (var (one, other) in plans.SelectMany((one, i) => plans.Skip(i + 1).Select(other => (one, other))))
        {
            var (first, second) = (costs.Predict(one, Machine).Seconds, costs.Predict(other, Machine).Seconds);
            Assert.True(
                first == second || estimates.KeyOf(one) != estimates.KeyOf(other),
                $"{estimates.KeyOf(one)}: {first} s and {second} s"
            );
        }

        Assert.Equal(estimates.KeyOf(plans[0]), estimates.KeyOf(costs.Sketch(request with { Prompt = "a red square", Seed = 7 })));
    }

    [Fact]
    public void Facts_OfAModelThatFollowsAControl_CountsTheLargestBlock()
    {
        using var folder = new TemporaryFolder();
        using var networks = new TinyNetworks("wan2.1-vace-1.3b");
        new ToolFolders(networks, folder["model"]).Write("official");
        using var model = WanModel.Open(folder["model"]);
        var costs = new CostModel(model);

        var facts = costs.Facts(costs.Sketch(Circle), isOnHost: true);

        var graphs = new NetworkGraphs(model.Transformer, model.TextEncoder, model.Vae);
        Assert.Equal(graphs.TransformerBlockBytes, facts.LargestComputedBlock); // of two blocks, the one with a control's
        Assert.InRange(facts.ComputedBlock, 1, facts.LargestComputedBlock - 1);
        Assert.InRange(facts.StoredBlock, 1, facts.LargestStoredBlock - 1);
    }

    [Fact]
    public void PassBytes_OfClipsWhoseAttentionIsGuided_CountsTheirNegativePrompts()
    {
        var costs = new CostModel(engine.Model);
        var key = new BatchKey(Sketch(Circle).Latents, 0, null, false);

        var (plain, guided) = (costs.PassBytes(key, 2, null), costs.PassBytes(key with { GuidesAttention = true }, 2, null));

        var config = engine.Model.Transformer;
        Assert.Equal(2L * 4 * config.TextLength * config.Dim * sizeof(float), guided - plain); // keys and values of 2 x 2 rows
    }

    [Fact]
    public void Count_WithoutGuidance_IsHalfTheText()
    {
        var costs = new CostModel(engine.Model);

        var both = costs.Count(Sketch(Circle with { NegativePrompt = Circle.Prompt }));
        var one = costs.Count(Sketch(Circle with { GuidanceScale = 1 }));

        Assert.Equal(2 * one.Stages[0].Work.Operations, both.Stages[0].Work.Operations);
        Assert.True(one.Stages[^2].Work.Operations < both.Stages[^2].Work.Operations);
        Assert.Equal(one.Stages[^1].Work, both.Stages[^1].Work);
    }

    [Fact]
    public void Count_OfMoreFrames_NeedsNoMoreMemoryToDecode()
    {
        var costs = new CostModel(engine.Model);

        var (few, many) = (Decode(9), Decode(33));

        Assert.Equal(few.Work.PeakBytes, many.Work.PeakBytes); // the VAE streams
        Assert.True(few.Work.Operations < many.Work.Operations);

        StageWork Decode(int frames) => costs.Count(Sketch(Circle with { Frames = frames })).Stages[^1];
    }

    [Fact]
    public void Predict_AddsUpStagesAndParts()
    {
        var costs = new CostModel(engine.Model);

        var cost = costs.Predict(Sketch(Circle), Machine);

        Assert.Equal([PlanStage.Text, PlanStage.Denoise, PlanStage.Decode], cost.Stages.Select(stage => stage.Stage));
        Assert.Equal(cost.Stages.Sum(stage => stage.Seconds), cost.Seconds);
        Assert.All(cost.Stages, stage => Assert.True(stage.Seconds > 0 && double.IsFinite(stage.Seconds)));
        Assert.Equal(cost.Memory.Where(part => part.Kind == MemoryKind.Mapped).Sum(part => part.Bytes), cost.MappedBytes);
        Assert.InRange(
            cost.PrivateBytes,
            cost.Memory.Where(part => part.Kind == MemoryKind.Kept).Sum(part => part.Bytes),
            cost.Memory.Sum(part => part.Bytes)
        );
    }

    [Fact]
    public void Seconds_AreWorkByRate()
    {
        var work = new GraphWork
        {
            Products = 1e9,
            Attention = 2e9,
            Convolutions = 3e9,
            MovedBytes = 4e9,
            WeightBytes = 5e9,
            PeakBytes = 1e12,
        };
        var none = new StageWork(PlanStage.Denoise, work, new Dictionary<DType, double>());

        Assert.Equal(15, none.SecondsOn(Machine));
        // one of two threads
        Assert.Equal(16, (none with { Widened = new Dictionary<DType, double> { [DType.F16] = 2e9 } }).SecondsOn(Machine));
        // it cannot keep up
        Assert.Equal(100, (none with { Widened = new Dictionary<DType, double> { [DType.F16] = 100e9 } }).SecondsOn(Machine));
    }

    [Fact]
    public void Count_InTiles_IsMoreWorkInLessMemory()
    {
        var request = Circle with { Width = 256, Height = 256 };
        var stride = engine.Model.Vae.SpatialStride;
        var (whole, tiled) = (Decode(VaeTileChoice.Off), Decode(VaeTileChoice.Of(12 * stride, 12 * stride)));

        Assert.True(tiled.Work.Operations > whole.Work.Operations);
        Assert.True(tiled.Work.PeakBytes < whole.Work.PeakBytes);

        StageWork Decode(VaeTileChoice tiles)
        {
            var costs = new CostModel(engine.Model, tiles: tiles);
            return costs.Count(costs.Sketch(request)).Stages[^1];
        }
    }

    [Fact]
    public void Count_WithEightBits_MultipliesIntegersInTheBlocks()
    {
        var (full, eightBit) = (new CostModel(engine.Model), new CostModel(engine.Model, Precision.EightBit));
        var plan = Sketch(Circle);

        var (wide, narrow) = (full.Count(plan).Stages[1].Work, eightBit.Count(plan).Stages[1].Work);

        Assert.Equal(0, wide.IntegerProducts);
        Assert.InRange(narrow.IntegerProducts, 1, wide.Products - 1); // embeddings and the head stay as they are
        Assert.Equal(wide.Operations, narrow.Operations);
        Assert.True(narrow.WeightBytes < wide.WeightBytes);
    }

    [Fact]
    public void Alternatives_CostLess_AndSayWhatToChange()
    {
        var costs = new CostModel(engine.Model);
        var request = Circle with { Steps = 40, Sampler = "euler", Frames = 17 };
        var plan = Sketch(request);

        var alternatives = PlanAlternatives.Of(costs, engine.Model, request, plan, Machine);

        Assert.Contains(alternatives, other => other.Options == "--frames 9");
        Assert.Contains(alternatives, other => other.Options == "--steps 20 --sampler unipc");
        Assert.Contains(alternatives, other => other.Options == "--step-cache auto");
        // a model that was trained with guidance makes bad clips without it
        Assert.DoesNotContain(alternatives, other => other.Options.StartsWith("--guidance", StringComparison.Ordinal));
        Assert.All(alternatives, other => Assert.InRange(other.Seconds, 0, costs.Predict(plan, Machine).Seconds));
    }

    [Fact]
    public void Alternatives_InLittleMemory_FitInIt()
    {
        var costs = new CostModel(engine.Model);
        var request = Circle with { Width = 512, Height = 512, Frames = 17, Steps = 40 };
        var unlimited = costs.Sketch(request);
        var budget = StrategyChooser.Choose(costs.Facts(unlimited, isOnHost: true), long.MaxValue).Bytes * 3 / 4; // frames in tiles
        var plan = InMemory(costs, unlimited);

        var alternatives = PlanAlternatives.Of(
            costs,
            engine.Model,
            request,
            plan,
            Machine,
            new(engine.Model, Precision.EightBit),
            InMemory
        );

        Assert.All(alternatives, other => Assert.InRange(other.PrivateBytes, 0, budget));
        var without = PlanAlternatives.Of(costs, engine.Model, request, plan, Machine);
        Assert.InRange(Fewer(alternatives), 1, Fewer(without) - 1);
        Assert.Empty(PlanAlternatives.Of(costs, engine.Model, request, plan, Machine, inMemory: Refuse));

        long Fewer(IReadOnlyList<PlanAlternative> others) => others.Single(other => other.Options == "--steps 20").PrivateBytes;

        GenerationPlan Refuse(CostModel costs, GenerationPlan plan) => throw new InvalidRequestException("memory", "It does not fit.");

        GenerationPlan InMemory(CostModel costs, GenerationPlan plan) =>
            costs.ForStrategy(plan, StrategyChooser.Choose(costs.Facts(plan, isOnHost: true), budget));
    }
}
