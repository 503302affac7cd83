using WanSharp.Engine.Guidance;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Planning;

public class GuidancePlanTests(TinyEngine engine)
{
    private static readonly GenerationRequest Circle = new()
    {
        Prompt = "a red circle",
        Steps = 4,
        GuidanceScale = 3,
    };

    private static readonly GenerationRequest Listed = Circle with { Steps = null };

    public static TheoryData<GenerationRequest, string, string> Wrong =>
        new()
        {
            { Listed with { Sigmas = new NumberList([0.5, 1]) }, "sigmas", "1 follows 0.5" },
            { Circle with { Sigmas = new NumberList([1, 0.5]) }, "steps", "the list of sigmas has 2" },
            { Listed with { Sigmas = new NumberList([1, 0.5]), Shift = 3 }, "shift", "leave one out" },
            { Listed with { Timesteps = new NumberList([2000]) }, "timesteps", "up to 1000" },
            { Listed with { Sigmas = new NumberList([1]), Sampler = "dpm++-karras" }, "sampler", "choose dpm++" },
            { Circle with { Steps = 5, Sampler = "rcm" }, "steps", "1 to 4 steps" },
            { Circle with { Shift = 3, Sampler = "rcm" }, "shift", "leave it out" },
            { Circle with { Boundary = 0.9 }, "boundary", "one transformer" },
            { Circle with { GuidanceScale = null, GuidanceSteps = new NumberList([3, 1]) }, "guidance-steps", "one for each step" },
            { Circle with { GuidanceScale = null, GuidanceSteps = new NumberList([3, 1, 1, 101]) }, "guidance-steps", "nearest is 100" },
            { Circle with { GuidanceInterval = new StepInterval(0.5, 0.2) }, "guidance-interval", "the smaller one first" },
            { Circle with { CfgZero = 4 }, "cfg-zero", "give 0 to 3" },
            { Circle with { CfgZero = 1, Apg = new ProjectedGuidance(5) }, "apg", "give only one" },
            { Circle with { Apg = new ProjectedGuidance(5, 1) }, "apg", "between -1 and 1" },
            { Circle with { Slg = new SkippedBlocks([1000], StepInterval.All) }, "slg", "no block 1000" },
            { Circle with { Slg = new SkippedBlocks([0], new StepInterval(2, 3)) }, "slg", "not an interval" },
            { Circle with { Nag = new AttentionGuidance(1) }, "nag", "above 1" },
            { Circle with { GuidanceScale = 1, Apg = new ProjectedGuidance(5) }, "apg", "would change nothing" },
            { Circle with { GuidanceInterval = new StepInterval(0, 0.1) }, "guidance-interval", "would change nothing" },
            { Circle with { Riflex = "7000" }, "riflex", "the nearest is" },
            { Circle with { Riflex = "k" }, "riflex", "or auto" },
            { Circle with { Preset = "causvit" }, "preset", "Did you mean causvid?" },
            { Circle with { Preset = "lightning-4" }, "preset", "is for wan2.2-t2v-a14b" },
        };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void Sketch_OfWhatCannotBe_NamesTheFieldAndTheWayOut(GenerationRequest request, string field, string expected)
    {
        var wrong = Assert.Throws<InvalidRequestException>(() => GenerationPlanner.Sketch(request, engine.Model));

        Assert.Equal(field, wrong.Field);
        Assert.Contains(expected, wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', wrong.Message);
    }

    [Fact]
    public void Sketch_OfAList_TakesItsStepsAndNoShift()
    {
        var settings = GenerationPlanner
            .Sketch(Listed with { Sigmas = new NumberList([1, 0.5, 0.25, 0]), Sampler = "lcm" }, engine.Model)
            .Settings;

        Assert.Equal((3, 1, new NumberList([1, 0.5, 0.25])), (settings.Steps, settings.Shift, settings.Sigmas));
        Assert.Null(settings.ToRequested().Shift);
        var again = GenerationPlanner.Sketch(new GenerationRequest(settings.ToRequested()) { Prompt = "a red circle" }, engine.Model);
        Assert.Equal(settings.ToJson(), again.Settings.ToJson());
    }

    [Fact]
    public void Sketch_CountsTheBranchesOfEachStep()
    {
        Assert.Equal([2, 2, 2, 2], Branches(Circle));
        Assert.Equal([1, 1, 1, 1], Branches(Circle with { GuidanceScale = 1 }));
        Assert.Equal([2, 2, 1, 1], Branches(Circle with { GuidanceInterval = new StepInterval(0, 0.5) }));
        Assert.Equal([0, 2, 2, 2], Branches(Circle with { CfgZero = 1 }));
        Assert.Equal([2, 1, 1, 2], Branches(Circle with { GuidanceScale = null, GuidanceSteps = new NumberList([3.5, 1, 1, 2]) }));
    }

    [Fact]
    public void Sketch_AttentionGuidance_EncodesTheNegativePromptWithoutASecondBranch()
    {
        var plan = GenerationPlanner.Sketch(Circle with { GuidanceScale = 1, Nag = new AttentionGuidance(5) }, engine.Model);

        Assert.Equal((1, 2, true), (plan.Branches, plan.Prompts, plan.RunsInBlocks));
    }

    [Fact]
    public void After_LeavesTheStepsThatAreLeft()
    {
        var plan = GenerationPlanner.Sketch(Circle with { GuidanceInterval = new StepInterval(0, 0.5) }, engine.Model).After(1);

        Assert.Equal((3, 3), (plan.Settings.Steps, plan.StepBranches.Count));
        Assert.Equal([2, 1, 1], plan.StepBranches);
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(30, false)]
    public void Sketch_AFewStepsOfAModelThatNothingCallsDistilled_Warns(int steps, bool warns)
    {
        var plan = GenerationPlanner.Sketch(Circle with { Steps = steps }, engine.Model);

        Assert.Equal(warns && engine.Model.Defaults.Steps > steps, plan.Warnings.Count == 1);
    }

    [Fact]
    public void Json_OfEveryWay_IsReadBack()
    {
        var settings = GenerationPlanner
            .Sketch(
                Circle with
                {
                    GuidanceInterval = new StepInterval(0, 0.5),
                    Slg = new SkippedBlocks([0], StepInterval.All),
                    Nag = new AttentionGuidance(5),
                    Apg = new ProjectedGuidance(55),
                    Riflex = "1",
                },
                engine.Model
            )
            .Settings;

        Assert.Equal(settings.ToJson(), GenerationSettings.FromJson(settings.ToJson())!.ToJson());
        Assert.Contains(
            """
            "guidance_interval":"0-0.5","apg":"55,-0.75,0","slg":"0@0-1","nag":"5,3.5,0.5","riflex":1
            """,
            settings.ToJson(),
            StringComparison.Ordinal
        );
    }

    private IReadOnlyList<int> Branches(GenerationRequest request) => GenerationPlanner.Sketch(request, engine.Model).StepBranches;
}
