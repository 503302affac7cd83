using System.Globalization;
using WanSharp.Engine.Costs;
using WanSharp.Engine.Guidance;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.StepCaches;
using WanSharp.Models;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Planning;

public class StepCachePlannerTests(TinyEngine engine)
{
    private static readonly GenerationRequest Circle = new()
    {
        Prompt = "a red circle",
        Steps = 20,
        GuidanceScale = 3,
    };

    public static TheoryData<string, string> Wrong =>
        new()
        {
            { "easy:-1", "threshold of 'easy:-1' is a number from 0 to 10, not -1" },
            { "easy:0.05,2.5", "warm-up of 'easy:0.05,2.5' is a whole number" },
            { "spectrum:2,0.5,4,1.5", "from 0 to 1, not 1.5" },
            { "tea", "none for tiny: choose easy" },
            { "tea-ret:0.1", "none for tiny" },
            { "mag:0.1,4,0.2", "wan bench step-cache --record" },
        };

    [Theory]
    [InlineData(null)]
    [InlineData("off")]
    public void Sketch_WithoutAStepCache_IsAsBefore(string? text)
    {
        var plan = Sketch(Circle with { StepCache = text is null ? null : Setting(text) });

        Assert.Null(plan.StepCache);
        Assert.DoesNotContain("step_cache", plan.Settings.ToJson(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("easy", "easy:0.05,4")]
    [InlineData("easy:0.1", "easy:0.1,4")]
    [InlineData("spectrum:3", "spectrum:3,0.5,4,0.9")]
    [InlineData("taylor", "taylor:2,1,4")]
    [InlineData("auto", "easy:0.05,4")]
    public void Sketch_WithAStepCache_EmbedsAllItsNumbers(string text, string expected)
    {
        var plan = Sketch(Circle with { StepCache = Setting(text) });

        Assert.Equal(expected, plan.Settings.StepCache!.ToString());
        Assert.Equal(text == "auto", plan.StepCache!.Why.Length > 0);
        Assert.NotEmpty(plan.StepCache.SkippedSteps);
        var again = Sketch(new GenerationRequest(plan.Settings.ToRequested()) { Prompt = Circle.Prompt });
        Assert.Equal(plan.Settings.ToJson(), again.Settings.ToJson());
        Assert.Equal(plan.Settings.ToJson(), GenerationSettings.FromJson(plan.Settings.ToJson())!.ToJson());
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Sketch_OfWhatCannotBe_SaysTheWayOut(string text, string expected)
    {
        var wrong = Assert.Throws<InvalidRequestException>(() => Sketch(Circle with { StepCache = Setting(text) }));

        Assert.Equal("step-cache", wrong.Field);
        Assert.Contains(expected, wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', wrong.Message);
    }

    [Fact]
    public void Sketch_WithAutoAndFewSteps_IsOffAndSaysSo()
    {
        var plan = Sketch(Circle with { Steps = 4, StepCache = StepCacheSetting.Auto });

        Assert.Null(plan.StepCache);
        Assert.Contains(plan.Warnings, warning => warning.Contains("4 steps are few", StringComparison.Ordinal));
    }

    [Fact]
    public void Sketch_WhoseWarmUpIsAsLongAsTheClip_SaysThatNothingIsSkipped()
    {
        var plan = Sketch(Circle with { Steps = 4, StepCache = Setting("easy:0.05,10") });

        Assert.Empty(plan.StepCache!.SkippedSteps);
        Assert.Contains(plan.Warnings, warning => warning.Contains("skips none of these 4 steps", StringComparison.Ordinal));
    }

    [Fact]
    public void Sketch_WithAGuidanceInterval_ComputesTheStepAfterIt()
    {
        var request = Circle with { StepCache = Setting("taylor:10,0,3"), GuidanceInterval = new StepInterval(0, 0.5) };

        var computed = Enumerable.Range(0, 20).Except(Sketch(request).StepCache!.SkippedSteps);

        Assert.Equal([0, 1, 2, 10, 19], computed);
    }

    [Fact]
    public void Count_OfSkippedSteps_IsLessWorkAndMoreMemory()
    {
        var costs = new CostModel(engine.Model);
        var (full, cached) = (Sketch(Circle), Sketch(Circle with { StepCache = Setting("taylor:2,0,4") }));
        var computed = cached.ComputedBranches.Count(branches => branches > 0);

        var (all, some) = (Denoise(full), Denoise(cached));

        Assert.Equal(20 - cached.StepCache!.SkippedSteps.Count, computed);
        Assert.InRange(some / all, computed / 20.0, (computed + 1) / 20.0); // the text's keys are made once
        Assert.Equal(
            costs.Facts(full, isOnHost: true).Clip + (2 * 2 * sizeof(float) * full.Latents.ElementCount), // and while they are saved
            costs.Facts(cached, isOnHost: true).Clip
        );
        Assert.True(costs.Count(cached).PrivateBytes > costs.Count(full).PrivateBytes);

        double Denoise(GenerationPlan plan) => costs.Count(plan).Stages.Single(stage => stage.Stage == PlanStage.Denoise).Work.Operations;
    }

    [Fact]
    public void Sketch_WithARecordingNextToTheModel_GoesByItAndEmbedsItsDigest()
    {
        using var folder = new ScratchFolder();
        engine.CopyModel(folder);
        var file = Path.Combine(folder, KnownStepCache.FileName);
        using var model = WanModel.Open(folder);
        var request = Circle with { StepCache = Setting("mag") };
        File.WriteAllText(file, """{ "mag": { "threshold": 0.1, "skips": 2, "retention": 0.2, "ratios": [1, 0.99] } }""");

        var plan = GenerationPlanner.Sketch(request, model);
        File.WriteAllText(file, """{ "mag": { "threshold": 0.1, "skips": 2, "retention": 0.2, "ratios": [1, 0.9] } }""");
        var other = GenerationPlanner.Sketch(request, model);

        Assert.Equal("mag:0.1,2,0.2", plan.Settings.StepCache!.ToString());
        Assert.NotNull(plan.Settings.StepCacheData);
        Assert.NotEqual(plan.Settings.StepCacheData, other.Settings.StepCacheData);
        File.WriteAllText(file, """{ "mag": { "threshold": 0.1 } }""");
        var wrong = Assert.Throws<InvalidRequestException>(() => GenerationPlanner.Sketch(request, model));
        Assert.Contains(file, wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tea", "tea:0.3", """{ "tea": { "threshold": 0.3, "coefficients": [2, 0.1] } }""")]
    [InlineData("tea-ret", "tea-ret:0.3", """{ "tea-ret": { "threshold": 0.3, "coefficients": [2, 0.1] } }""")]
    [InlineData("mag", "mag:0.3,2,0.2", """{ "mag": { "threshold": 0.3, "skips": 2, "retention": 0.2, "ratios": [1, 2] } }""")]
    public void Sketch_WithAnyNumbersNextToTheModel_GoesByThemAndEmbedsTheirDigest(string text, string expected, string json)
    {
        var (plan, other) = (SketchWith(json, text), SketchWith(json.Replace('2', '1'), text));

        Assert.Equal(expected, plan.Settings.StepCache!.ToString());
        Assert.NotNull(plan.Settings.StepCacheData);
        Assert.NotEqual(plan.Settings.StepCacheData, other.Settings.StepCacheData);
    }

    [Theory]
    [InlineData("auto", "easy:0.3,10", """{ "auto": "easy", "easy": { "threshold": 0.3, "warm_up": 0.5 } }""")]
    [InlineData("auto", "taylor:2,1,4", """{ "auto": "taylor" }""")]
    [InlineData("easy", "easy:0.3,10", """{ "easy": { "threshold": 0.3, "warm_up": 0.5 } }""")]
    [InlineData("easy", "easy:0.05,4", """{ "mag": { "threshold": 0.3, "skips": 2, "retention": 0.2, "ratios": [1, 2] } }""")]
    public void Sketch_WhoseNumbersSayAll_EmbedsNoDigest(string text, string expected, string json)
    {
        var plan = SketchWith(json, text);

        Assert.Equal(expected, plan.Settings.StepCache!.ToString());
        Assert.Null(plan.Settings.StepCacheData);
    }

    [Theory]
    [InlineData("""{ "tea": { "threshold": 0.3, "coefficients": [] } }""", "no coefficients")]
    [InlineData("""{ "mag": { "threshold": 0.3, "skips": 2, "retention": 0.2, "ratios": [] } }""", "no ratios")]
    [InlineData("""{ "tea": { "threshold": -1, "coefficients": [1] } }""", "from 0 to 10, not -1")]
    [InlineData("""{ "easy": { "threshold": 0.3, "warm_up": 2 } }""", "from 0 to 1")]
    [InlineData("""{ "auto": "auto" }""", "not 'auto'")]
    [InlineData("""{ "auto": "often" }""", "not 'often'")]
    public void Sketch_WithWrongNumbersNextToTheModel_IsRefused(string json, string expected)
    {
        var wrong = Assert.Throws<InvalidRequestException>(() => SketchWith(json, "tea"));

        Assert.Contains(expected, wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', wrong.Message);
    }

    /// <summary>Ratios begin with 1 and belong to a clip's steps: whatever network has some, they are usable.</summary>
    [Theory]
    [InlineData("wan2.1-t2v-1.3b", 50)]
    [InlineData("wan2.1-t2v-14b", 50)]
    [InlineData("wan2.1-vace-1.3b", 50)]
    [InlineData("wan2.1-vace-14b", 50)]
    [InlineData("wan2.2-t2v-a14b", 40)]
    public void Of_ANetworkWithPublishedRatios_HasOneForEachStep(string network, int steps)
    {
        var mag = KnownStepCache.Of(network)!.Mag!;

        Assert.Equal((steps, 1.0), (mag.Ratios.Count, mag.Ratios[0]));
        Assert.All(mag.Ratios, ratio => Assert.InRange(ratio, 0.5, 1.1));
    }

    [Fact]
    public void Over_WhatTheProgramKnows_ReplacesMemberByMember()
    {
        var shipped = new KnownStepCache
        {
            Auto = "mag",
            Why = "measured",
            Tea = new KnownStepCache.TeaData(0.1, [1]),
            Easy = new KnownStepCache.EasyData(0.1, 0.2),
        };
        var own = new KnownStepCache { Easy = new KnownStepCache.EasyData(0.3, 0.4) };

        Assert.Equal(shipped with { Easy = own.Easy }, own.Over(shipped));
        Assert.Equal(shipped with { Auto = "easy", Why = null }, new KnownStepCache { Auto = "easy" }.Over(shipped));
        Assert.Equal(own, own.Over(null));
    }

    private GenerationPlan SketchWith(string json, string stepCache)
    {
        using var folder = new ScratchFolder();
        engine.CopyModel(folder);
        File.WriteAllText(Path.Combine(folder, KnownStepCache.FileName), json);
        using var model = WanModel.Open(folder);
        return GenerationPlanner.Sketch(Circle with { StepCache = Setting(stepCache) }, model);
    }

    private GenerationPlan Sketch(GenerationRequest request) => GenerationPlanner.Sketch(request, engine.Model);

    private static StepCacheSetting Setting(string text) => StepCacheSetting.Parse(text, CultureInfo.InvariantCulture);
}
