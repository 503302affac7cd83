using WanSharp.Testing.Comfy;
using static WanSharp.Jobs.Tests.Comfy.WorkflowFilling;

namespace WanSharp.Jobs.Tests.Comfy;

/// <summary>A setting reaches every sampler that makes the clip, or it is refused and the node named.</summary>
public sealed class SamplerSettingsTests
{
    private static readonly JobRequest Request = new() { Prompt = "a fox" };
    private static readonly string[] Experts = ["5", "6"];
    private static readonly string[] Schedulers = ["60", "61"];

    [Theory]
    [InlineData(30, 15)]
    [InlineData(7, 4)]
    [InlineData(2, 1)]
    public void Steps_OfTheWrappersExperts_MoveTheirTurns(int steps, int turn)
    {
        var nodes = Fill(Workflows.WrapperExperts, Request with { Steps = steps });
        Assert.Equal(
            [(steps, 0, turn), (steps, turn, -1)],
            Experts.Select(node => (Int(nodes, node, "steps"), Int(nodes, node, "start_step"), Int(nodes, node, "end_step")))
        );
    }

    [Fact]
    public void Steps_OfTheCustomSamplersExperts_MoveTheSplit()
    {
        var nodes = Fill(Workflows.SplitExperts, Request with { Steps = 30, GuidanceScale = 5, HighNoiseGuidanceScale = 6, Seed = 3 });
        Assert.Equal((30, 12), (Int(nodes, "13", "steps"), Int(nodes, "14", "step")));
        Assert.Equal((6, 5, 3), (Int(nodes, "10", "cfg"), Int(nodes, "11", "cfg"), Int(nodes, "8", "noise_seed")));
    }

    /// <summary>The number of steps and the turns in nodes of their own, as people write them.</summary>
    [Theory]
    [InlineData("""{"class_type": "PrimitiveInt", "inputs": {"value": 10}}""", "value")]
    [InlineData("""{"class_type": "INTConstant", "inputs": {"value": 10}}""", "value")]
    [InlineData("""{"class_type": "Primitive integer [Crystools]", "inputs": {"int": 10}}""", "int")]
    [InlineData("""{"class_type": "mxSlider", "inputs": {"Xi": 10, "Xf": 10, "isfloatX": 0}}""", "Xi")]
    [InlineData("""{"class_type": "Int Literal", "inputs": {"Number": "10"}}""", "Number")]
    [InlineData("""{"class_type": "Reroute", "inputs": {"": ["61", 0]}}""", null)]
    public void Turns_InANodeOfTheirOwn_MoveOnce(string node, string? input)
    {
        var workflow = Workflows.Edit(
            Workflows.TwoExperts,
            $$$"""
            {"30": {"end_at_step": ["60", 0], "steps": ["62", 0]}, "31": {"start_at_step": ["60", 0], "steps": ["62", 0]},
              "60": {{{node}}} ,
             "61": {"class_type": "PrimitiveInt", "inputs": {"value": 10}}, "62": {"class_type": "INTConstant", "inputs": {"value": 20}} }
            """
        );
        var nodes = Fill(workflow, Request with { Steps = 8 });
        Assert.Equal("8", nodes["62"]!["inputs"]!["value"]!.ToJsonString());
        Assert.Equal("4", nodes[input is null ? "61" : "60"]!["inputs"]![input ?? "value"]!.ToJsonString());
    }

    [Fact]
    public void Turns_ThatAreComputedFromTheSteps_MoveByThemselves()
    {
        var workflow = Workflows.Edit(
            Workflows.TwoExperts,
            """
            {"30": {"end_at_step": ["60", 0], "steps": ["62", 0]}, "31": {"start_at_step": ["60", 0], "steps": ["62", 0]},
             "60": {"class_type": "SimpleMath+", "inputs": {"value": "a/2", "a": ["62", 0]}}, "62": {"class_type": "PrimitiveInt",
               "inputs": {"value": 20}}}
            """
        );
        var nodes = Fill(workflow, Request with { Steps = 8 });
        Assert.Equal(8, Int(nodes, "62", "value"));
        Assert.Equal("""["60",0]""", nodes["30"]!["inputs"]!["end_at_step"]!.ToJsonString());
    }

    [Fact]
    public void Turns_ThatAreComputedFromSomethingElse_AreRefused()
    {
        var workflow = Workflows.Edit(
            Workflows.TwoExperts,
            """
            {"30": {"end_at_step": ["60", 0]}, "31": {"start_at_step": ["60", 0]}, "60": {"class_type": "SimpleMath+",
              "inputs": {"value": "a*2", "a": 5}}}
            """
        );
        AssertRefused(workflow, Request with { Steps = 8 }, "end_at_step of node 30 comes from node 60 (SimpleMath+)");
        AssertRefused(
            workflow,
            Request with
            {
                Steps = 8,
            },
            "end_at_step of node 30 comes from node 60 (SimpleMath+)",
            """{"steps": ["30.steps", "31.steps"]}"""
        );
        Fill(workflow, Request with { GuidanceScale = 2 });
    }

    [Theory]
    [InlineData(20, 30)]
    [InlineData(50, 50)]
    [InlineData(10000, 10000)]
    public void AnEndAtTheLastStep_StaysThere(int end, int expected)
    {
        var nodes = Fill(Workflows.Edit(Workflows.TwoExperts, $$$"""{"31": {"end_at_step": {{{end}}} }}"""), Request with { Steps = 30 });
        Assert.Equal(expected, Int(nodes, "31", "end_at_step"));
        Assert.Equal(
            60,
            Int(
                Fill(Workflows.Edit(Workflows.TwoExperts, """{"31": {"end_at_step": 50}}"""), Request with { Steps = 60 }),
                "31",
                "end_at_step"
            )
        );
    }

    [Fact]
    public void TooFewSteps_ForAllSamplers_AreRefused()
    {
        AssertRefused(Workflows.TwoExperts, Request with { Steps = 1 }, "With 1 step one of the samplers");
        AssertRefused(Workflows.WrapperExperts, Request with { Steps = 1 }, "ask for more");
        var three = Workflows.Edit(
            Workflows.TwoExperts,
            """
            {"30": {"end_at_step": 4}, "31": {"start_at_step": 8, "latent_image": ["32", 0]},
             "32": {"class_type": "KSamplerAdvanced", "inputs": {"add_noise": "disable", "noise_seed": 0, "steps": 20, "cfg": 1,
               "sampler_name": "euler", "scheduler": "simple", "start_at_step": 4, "end_at_step": 8, "return_with_leftover_noise": "enable",
                 "model": ["5", 0], "positive": ["20", 0], "negative": ["20", 1], "latent_image": ["30", 0]}}}
            """
        );
        var nodes = Fill(three, Request with { Steps = 5 });
        Assert.Equal(
            [1, 1, 2, 2],
            new[] { ("30", "end_at_step"), ("32", "start_at_step"), ("32", "end_at_step"), ("31", "start_at_step") }.Select(one =>
                Int(nodes, one.Item1, one.Item2)
            )
        );
        AssertRefused(three, Request with { Steps = 2 }, "ask for more");
        AssertRefused(three, Request with { HighNoiseGuidanceScale = 2 }, "3 samplers");
    }

    [Fact]
    public void SchedulesOfTheWrapper_TakeTheSteps()
    {
        var workflow = Workflows.Edit(
            Workflows.WrapperExperts,
            """
            {"5": {"steps": null, "shift": null, "start_step": null, "end_step": null, "scheduler": ["60", 0]}, "6": {"scheduler": ["61",
              3], "steps": ["61", 1], "start_step": ["61", 4], "end_step": ["61", 5]},
             "60": {"class_type": "WanVideoSchedulerv2", "inputs": {"scheduler": "unipc", "steps": 6, "shift": 5, "start_step": 0,
               "end_step": 2}},
             "61": {"class_type": "WanVideoScheduler", "inputs": {"scheduler": "unipc", "steps": 6, "shift": 5, "start_step": 2,
               "end_step": -1}}}
            """
        );
        var nodes = Fill(workflow, Request with { Steps = 12, Shift = 3, Sampler = "dpm++" });
        Assert.Equal(
            [(12, 0, 4), (12, 4, -1)],
            Schedulers.Select(node => (Int(nodes, node, "steps"), Int(nodes, node, "start_step"), Int(nodes, node, "end_step")))
        );
        Assert.Equal((3, 3, 3), (Int(nodes, "60", "shift"), Int(nodes, "61", "shift"), Int(nodes, "6", "shift")));
        Assert.All(Schedulers, node => Assert.Equal("dpm++", nodes[node]!["inputs"]!["scheduler"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData(
        Workflows.SplitExperts,
        """{"16": {"sigmas": ["60", 0]}, "60": {"class_type": "ManualSigmas", "inputs": {"sigmas": "1, 0.5, 0"}}}""",
        "steps",
        "sigmas of node 16 (SamplerCustomAdvanced) comes from node 60 (ManualSigmas)"
    )]
    [InlineData(
        Workflows.WrapperExperts,
        """{"5": {"sigmas": ["60", 0]}, "60": {"class_type": "FloatsToSigmas", "inputs": {"text": "1, 0"}}}""",
        "steps",
        "sigmas of node 5 (WanVideoSampler) comes from node 60 (FloatsToSigmas)"
    )]
    [InlineData(
        Workflows.TwoExperts,
        """{"31": {"steps": ["60", 0]}, "60": {"class_type": "ImpactSwitch", "inputs": {"select": 1, "input1": 4, "input2": 20}}}""",
        "steps",
        "steps of node 31 (KSamplerAdvanced) comes from node 60 (ImpactSwitch)"
    )]
    [InlineData(
        Workflows.TwoExperts,
        """{"31": {"steps": 8}}""",
        "steps",
        "node 30 (KSamplerAdvanced) takes 20 steps and node 31 (KSamplerAdvanced) 8"
    )]
    [InlineData(
        Workflows.TwoExperts,
        """{"31": {"cfg": ["60", 0]}, "60": {"class_type": "SimpleMath+", "inputs": {"value": "a/2", "a": 7}}}""",
        "guidance",
        "cfg of node 31 (KSamplerAdvanced) comes from node 60 (SimpleMath+)"
    )]
    [InlineData(
        Workflows.SplitExperts,
        """{"16": {"guider": ["60", 0]}, "60": {"class_type": "BasicGuider", "inputs": {"model": ["4", 0], "conditioning": ["5", 0]}}}""",
        "guidance",
        "node 60 (BasicGuider) has no cfg"
    )]
    [InlineData(
        Workflows.SplitExperts,
        """{"16": {"guider": ["60", 0]}, "60": {"class_type": "BasicGuider", "inputs": {"model": ["4", 0], "conditioning": ["5", 0]}}}""",
        "negative",
        "5.text"
    )]
    [InlineData(Workflows.TwoExperts, """{"31": {"model": ["2", 0]}}""", "shift", "node 31 (KSamplerAdvanced) has no shift")]
    [InlineData(
        Workflows.SplitExperts,
        """{"16": {"sampler": ["60", 0]}, "60": {"class_type": "SamplerDPMPP_2M_SDE", "inputs": {"solver_type": "midpoint", "eta": 1}}}""",
        "sampler",
        "node 60 (SamplerDPMPP_2M_SDE) has no sampler_name"
    )]
    [InlineData(
        Workflows.SplitExperts,
        """{"8": {"noise_seed": ["60", 0]}, "60": {"class_type": "RandomInt", "inputs": {"min": 0, "max": 9, "mode": "x", "a": ["61", """
            + """0]}}}""",
        "seed",
        "noise_seed of node 8 (RandomNoise) comes from node 60 (RandomInt)"
    )]
    [InlineData(
        Workflows.TextToVideo,
        """{"6": {"text": ["60", 0]}, "60": {"class_type": "Text Concatenate", "inputs": {"delimiter": ", ", "text_a": "a", """
            + """ "text_b": "b"}}}""",
        "prompt",
        "text of node 6 (CLIPTextEncode) comes from node 60 (Text Concatenate)"
    )]
    [InlineData(
        Workflows.TextToVideo,
        """{"6": {"text": ["60", 0]}, "60": {"class_type": "StringReplace", "inputs": {"string": "a", "find": "b", "replace": "c"}}}""",
        "prompt",
        "comes from node 60 (StringReplace)"
    )]
    [InlineData(
        Workflows.TextToVideo,
        """{"6": {"text": ["60", 1]}, "60": {"class_type": "Text String", "inputs": {"text": "a", "text_b": "b"}}}""",
        "prompt",
        "comes from node 60 (Text String)"
    )]
    [InlineData(
        Workflows.TextToVideo,
        """{"3": {"positive": ["60", 0]}, "60": {"class_type": "ConditioningCombine", "inputs": {"conditioning_1": ["6", 0], """
            + """ "conditioning_2": ["7", 0]}}}""",
        "prompt",
        "comes from node 60 (ConditioningCombine)"
    )]
    [InlineData(
        Workflows.TextToVideo,
        """{"40": {"width": ["60", 1]}, "60": {"class_type": "ImageResizeKJv2", "inputs": {"width": 640, "height": 480}}}""",
        "width",
        "width of node 40 (EmptyHunyuanLatentVideo) comes from node 60 (ImageResizeKJv2)"
    )]
    [InlineData(
        Workflows.TextToVideo,
        """{"49": {"images": ["60", 0]}, "60": {"class_type": "RIFE VFI", "inputs": {"multiplier": 2, "frames": ["8", 0]}}}""",
        "fps",
        "node 60 (RIFE VFI) adds frames between"
    )]
    [InlineData(
        Workflows.TextToVideo,
        """{"49": {"images": ["60", 0]}, "60": {"class_type": "GIMMVFI_interpolate", "inputs": {"interpolation_factor": 2, """
            + """ "images": ["8", 0]}}}""",
        "fps",
        "node 60 (GIMMVFI_interpolate) adds frames between"
    )]
    [InlineData(
        Workflows.TextToVideo,
        """{"49": {"images": ["60", 0]}, "60": {"class_type": "RIFE VFI", "inputs": {"multiplier": 2, "frames": ["8", 0]}}}""",
        "seconds",
        "node 60 (RIFE VFI) adds frames between"
    )]
    public void ASettingThatDoesNotReachAllSamplers_IsRefused(string workflow, string changes, string setting, string expected)
    {
        var request = setting switch
        {
            "steps" => Request with { Steps = 10 },
            "guidance" => Request with { GuidanceScale = 2 },
            "negative" => Request with { NegativePrompt = "n" },
            "shift" => Request with { Shift = 2 },
            "sampler" => Request with { Sampler = "unipc" },
            "seed" => Request with { Seed = 2 },
            "width" => Request with { Width = 640 },
            "fps" => Request with { Fps = 8 },
            "seconds" => Request with { Seconds = 2 },
            _ => Request,
        };
        var edited = Workflows.Edit(workflow, changes);
        AssertRefused(edited, request, expected);
        if (setting != "prompt")
        {
            Fill(edited, Request); // who does not ask for it gets the workflow's
        }
    }
}
