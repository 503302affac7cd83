using WanSharp.Testing.Comfy;
using static WanSharp.Jobs.Tests.Comfy.WorkflowFilling;

namespace WanSharp.Jobs.Tests.Comfy;

/// <summary>Whatever counts a sampler's steps moves with them, or the job is refused and the node named.</summary>
public sealed class StepInputsTests
{
    private static readonly JobRequest Request = new() { Prompt = "a fox" };

    [Theory]
    [InlineData("WanVideoTeaCache", "cache_args", "start_step", 6, 3)]
    [InlineData("WanVideoTeaCache", "cache_args", "end_step", 20, 10)]
    [InlineData("WanVideoTeaCache", "cache_args", "end_step", 30, 15)]
    [InlineData("WanVideoTeaCache", "cache_args", "end_step", -1, -1)]
    [InlineData("WanVideoTeaCache", "cache_args", "end_step", 9999, 9999)]
    [InlineData("WanVideoMagCache", "cache_args", "start_step", 1, 1)]
    [InlineData("WanVideoEasyCache", "cache_args", "start_step", 10, 5)]
    [InlineData("WanVideoEasyCache", "cache_args", "start_step", 0, 0)]
    [InlineData("WanVideoExperimentalArgs", "experimental_args", "zero_star_steps", 4, 2)]
    [InlineData("WanVideoContextOptions", "context_options", "image_cond_start_step", 6, 3)]
    [InlineData("WanVideoAddTTMLatents", "image_embeds", "end_step", 12, 6)]
    [InlineData("CFGZeroStarAndInit", "model", "zero_init_steps", 2, 1)]
    [InlineData("WanVideoSetRadialAttention", "model", "dense_timesteps", 10, 5)]
    [InlineData("WanVideoFlowEdit", "flowedit_args", "skip_steps", 4, 2)]
    public void AStepThatANodeNames_MovesWithTheSteps(string node, string link, string input, int before, int after)
    {
        var workflow = Beside(Workflows.Wrapper, node, link, $"\"{input}\": {before}");
        Assert.Equal(after, Int(Fill(workflow, Request with { Steps = 15 }), "60", input));
        Assert.Equal(before, Int(Fill(workflow, Request), "60", input));
        Assert.Equal(after, Int(Fill(workflow, Request with { Steps = 15 }, """{"steps": "5.steps"}"""), "60", input));
    }

    [Fact]
    public void AStepOfBothExperts_MovesOnce()
    {
        var workflow = Workflows.Edit(
            Workflows.WrapperExperts,
            """
            {"5": {"cache_args": ["60", 0]}, "6": {"cache_args": ["60", 0]},
             "60": {"class_type": "WanVideoTeaCache", "inputs": {"start_step": ["61", 0], "end_step": -1}},
             "61": {"class_type": "INTConstant", "inputs": {"value": 2}}}
            """
        );
        Assert.Equal(4, Int(Fill(workflow, Request with { Steps = 12 }), "61", "value"));
        AssertRefused(
            workflow,
            Request with
            {
                Steps = 12,
            },
            "61.value is a step of samplers that do not all get the new number of them",
            """{"steps": "5.steps"}"""
        );
    }

    [Theory]
    [InlineData(
        "SpectrumPatcher",
        "\"warmup_steps\": 5",
        "node 60 (SpectrumPatcher) has warmup_steps, whose effect on the steps is unknown"
    )]
    [InlineData("SwitchAtStep", "\"step\": 5", "node 60 (SwitchAtStep) has step, whose effect")]
    [InlineData("SpectrumPatcher", "\"warmup_steps\": [\"61\", 0]", "node 60 (SpectrumPatcher) has warmup_steps, whose effect")]
    [InlineData("StringToFloatList", "\"string\": \"6, 5, 1\"", "node 60 (StringToFloatList) gives a list with a number for each step")]
    [InlineData("SpectrumPatcher", "\"warmup_steps\": 0", null)]
    [InlineData("SpectrumPatcher", "\"warmup_steps\": [\"62\", 0]", null)]
    [InlineData("SpectrumPatcher", "\"stepwise\": true", null)]
    [InlineData("SpectrumPatcher", "\"timesteps\": 1000", null)]
    [InlineData("Slider", "\"min\": 0, \"max\": 9, \"step\": 1, \"value\": 3", null)]
    public void ANodeOnTheWay_ThatMayCountSteps_IsNamed(string node, string inputs, string? expected)
    {
        var workflow = Workflows.Edit(
            Beside(Workflows.Wrapper, node, "model", inputs),
            """
            {"5": {"steps": ["62", 0]}, "61": {"class_type": "INTConstant", "inputs": {"value": 7}},
             "62": {"class_type": "INTConstant", "inputs": {"value": 30}}}
            """
        );
        Fill(workflow, Request);
        Fill(workflow, Request with { Steps = 15 }, """{"steps": "62.value"}""");
        if (expected is null)
        {
            Fill(workflow, Request with { Steps = 15 });
        }
        else
        {
            AssertRefused(workflow, Request with { Steps = 15 }, expected);
        }
    }

    [Fact]
    public void ANodeThatAddsSteps_LeavesThemToTheWorkflow()
    {
        var workflow = Workflows.Edit(
            Workflows.CustomSampling,
            """
            {"12": {"sigmas": ["60", 0]}, "60": {"class_type": "ExtendIntermediateSigmas", "inputs": {"steps": 2, "start_at_sigma": -1,
              "end_at_sigma": 12, "spacing": "linear", "sigmas": ["11", 0]}}}
            """
        );
        AssertRefused(workflow, Request with { Steps = 10 }, "node 60 (ExtendIntermediateSigmas) may make more steps or fewer");
        var nodes = Fill(workflow, Request with { Steps = 10 }, """{"steps": "11.steps"}""");
        Assert.Equal((10, 2), (Int(nodes, "11", "steps"), Int(nodes, "60", "steps")));
    }

    /// <summary>RES4LYF's nodes cut as SplitSigmas does, at a number whose name does not speak of steps.</summary>
    [Theory]
    [InlineData("Sigmas Truncate", "\"sigmas_until\": 4", false)]
    [InlineData("Sigmas Split", "\"sigmas_start\": 0, \"sigmas_end\": 4", false)]
    [InlineData("FlipSigmas", "\"unused\": 0", true)]
    [InlineData("SetFirstSigma", "\"sigma\": 1", true)]
    public void ANodeThatMakesOtherNoiseLevels_IsNamedUnlessItKeepsTheirNumber(string node, string inputs, bool isFilled)
    {
        var workflow = Workflows.Edit(
            Workflows.CustomSampling,
            $$$"""{"12": {"sigmas": ["60", 0]}, "60": {"class_type": "{{{node}}}", "inputs": { {{{inputs}}}, "sigmas": ["11", 0] } } }"""
        );
        if (isFilled)
        {
            Assert.Equal(10, Int(Fill(workflow, Request with { Steps = 10 }), "11", "steps"));
        }
        else
        {
            AssertRefused(workflow, Request with { Steps = 10 }, $"node 60 ({node}) may make more steps or fewer");
        }
    }

    /// <summary>A list with a number for each step is made as long as there are steps, whatever it is for.</summary>
    [Fact]
    public void AListForEachStep_HasAsManyAsThereAreSteps()
    {
        var workflow = Workflows.Edit(
            Workflows.Wrapper,
            """
            {"5": {"image_embeds": ["60", 0]}, "60": {"class_type": "WanVideoVACEEncode", "inputs": {"strength": ["61", 0], "width": 832,
              "height": 480, "num_frames": 81}}, "61": {"class_type": "CreateScheduleFloatList", "inputs": {"steps": 30, "start_value": 1}}}
            """
        );
        Assert.Equal(15, Int(Fill(workflow, Request with { Steps = 15 }), "61", "steps"));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("4, 10", false)]
    public void StepsThatAreNamedInAText_AreRefused(string text, bool isFilled)
    {
        var workflow = Beside(
            Workflows.Wrapper,
            "WanVideoExperimentalArgs",
            "experimental_args",
            $"\"video_attention_split_steps\": \"{text}\""
        );
        if (isFilled)
        {
            Fill(workflow, Request with { Steps = 15 });
        }
        else
        {
            AssertRefused(workflow, Request with { Steps = 15 }, "has video_attention_split_steps, a list of steps");
        }
    }

    /// <summary>Another sampler's steps, such as of the picture that a clip begins with, are its own.</summary>
    [Fact]
    public void StepsOfASamplerBefore_AreItsOwn()
    {
        var workflow = Workflows.Edit(
            Workflows.TwoExperts,
            """
            {"20": {"start_image": ["60", 0]}, "60": {"class_type": "VAEDecode", "inputs": {"samples": ["61", 0], "vae": ["4", 0]}},
             "61": {"class_type": "KSampler", "inputs": {"seed": 1, "steps": 8, "cfg": 1, "sampler_name": "euler", "scheduler": "simple",
               "denoise": 1, "model": ["62", 0], "positive": ["10", 0], "negative": ["11", 0], "latent_image": ["63", 0]}},
             "62": {"class_type": "SpectrumPatcher", "inputs": {"warmup_steps": 3, "model": ["1", 0]}},
             "63": {"class_type": "EmptyLatentImage", "inputs": {"batch_size": 1}}}
            """
        );
        var nodes = Fill(workflow, Request with { Steps = 30 }, """{"prompt": "10.text", "steps": ["30.steps", "31.steps"]}""");
        Assert.Equal((30, 15, 8), (Int(nodes, "30", "steps"), Int(nodes, "30", "end_at_step"), Int(nodes, "61", "steps")));
    }

    /// <summary>The wrapper's workflow with a node between its sampler and what an input of it gets.</summary>
    private static string Beside(string workflow, string node, string link, string inputs)
    {
        var before = link switch
        {
            "model" => ", \"model\": [\"1\", 0]",
            "image_embeds" => ", \"embeds\": [\"4\", 0]",
            _ => "",
        };
        return Workflows.Edit(
            workflow,
            $$$"""{"5": {"{{{link}}}": ["60", 0]}, "60": {"class_type": "{{{node}}}", "inputs": { {{{inputs}}}{{{before}}} } } }"""
        );
    }
}
