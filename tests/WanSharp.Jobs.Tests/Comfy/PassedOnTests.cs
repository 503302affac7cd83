using WanSharp.Testing.Comfy;
using static WanSharp.Jobs.Tests.Comfy.WorkflowFilling;

namespace WanSharp.Jobs.Tests.Comfy;

/// <summary>Nodes between the others: what only hands something on is passed through, what changes it is refused.</summary>
public sealed class PassedOnTests
{
    private static readonly JobRequest Request = new() { Prompt = "a fox" };

    /// <summary>What people put between the experts so that one leaves the memory before the other comes.</summary>
    [Theory]
    [InlineData("""{"class_type": "LayerUtility: PurgeVRAM V2", "inputs": {"anything": ["30", 0], "purge_cache": true}}""")]
    [InlineData("""{"class_type": "easy cleanGpuUsed", "inputs": {"anything": ["30", 0]}}""")]
    [InlineData("""{"class_type": "VRAM_Debug", "inputs": {"any_input": ["30", 0], "model_pass": ["6", 0], "gc_collect": true}}""")]
    [InlineData("""{"class_type": "Any Switch (rgthree)", "inputs": {"any_01": ["30", 0], "any_02": ["20", 2]}}""")]
    [InlineData("""{"class_type": "UnloadAllModels", "inputs": {"value": ["30", 0]}}""")]
    public void BetweenTheExperts_TheTurnsOfBothMove(string between)
    {
        var workflow = Workflows.Edit(Workflows.TwoExperts, $$$"""{"31": {"latent_image": ["50", 0]}, "50": {{{between}}} }""");
        foreach (var mapping in new[] { null, """{"steps": ["30.steps", "31.steps"], "prompt": "10.text"}""" })
        {
            var nodes = Fill(workflow, Request with { Steps = 30 }, mapping);
            Assert.Equal(
                (30, 15, 30, 15),
                (Int(nodes, "30", "steps"), Int(nodes, "30", "end_at_step"), Int(nodes, "31", "steps"), Int(nodes, "31", "start_at_step"))
            );
        }
    }

    /// <summary>ComfyUI's own switch hands on what its switch says: the usual way to have few steps on and off.</summary>
    [Theory]
    [InlineData("true", "70")]
    [InlineData("""["72", 0]""", "71")]
    public void ASwitchThatSaysItsBranch_HandsThatOn(string choice, string chosen)
    {
        var workflow = Workflows.Edit(
            Workflows.TextToVideo,
            $$$"""
            {"3": {"steps": ["73", 0]}, "70": {"class_type": "PrimitiveInt", "inputs": {"value": 4}},
              "71": {"class_type": "PrimitiveInt", "inputs": {"value": 20}},
              "72": {"class_type": "PrimitiveBoolean", "inputs": {"value": false} },
              "73": {"class_type": "ComfySwitchNode", "inputs": {"on_true": ["70", 0], "on_false": ["71", 0], "switch": {{{choice}}} } } }
            """
        );
        Assert.Equal(9, Int(Fill(workflow, Request with { Steps = 9 }), chosen, "value"));

        workflow = Workflows.Edit(workflow, """{"74": {"class_type": "SystemSaysSo", "inputs": {}}, "73": {"switch": ["74", 0]}}""");
        AssertRefused(workflow, Request with { Steps = 9 }, "steps of node 3 (KSampler) comes from node 73");
    }

    [Fact]
    public void TheShiftBehindWhatHandsAModelOn_IsFound()
    {
        var workflow = Workflows.Edit(
            Workflows.TextToVideo,
            """{"3": {"model": ["60", 0]}, "60": {"class_type": "easy cleanGpuUsed", "inputs": {"anything": ["48", 0]}}}"""
        );
        Assert.Equal(3, Int(Fill(workflow, Request with { Shift = 3 }), "48", "shift"));

        workflow = Workflows.Edit(
            workflow,
            """{"3": {"model": ["61", 0]}, "61": {"class_type": "ModelSwitch", "inputs": {"a": ["48", 0], "b": ["37", 0], "at": 1}}}"""
        );
        AssertRefused(workflow, Request with { Shift = 3 }, "as far as it is followed, to node 61 (ModelSwitch)");
    }

    [Fact]
    public void ASwitchWithANumber_IsNotGuessed_ButTheMappedTurnsMove()
    {
        var workflow = Workflows.Edit(
            Workflows.TwoExperts,
            """
            {"31": {"latent_image": ["50", 0]}, "50": {"class_type": "ImpactSwitch", "inputs": {"select": 1, "input1": ["30", 0],
              "input2": ["20", 2]}}}
            """
        );
        AssertRefused(workflow, Request with { Steps = 30 }, "makes something that the clip starts from");
        var nodes = Fill(workflow, Request with { Steps = 30 }, """{"steps": ["30.steps", "31.steps"], "prompt": "10.text"}""");
        Assert.Equal((15, 15), (Int(nodes, "30", "end_at_step"), Int(nodes, "31", "start_at_step")));
    }

    [Fact]
    public void ATurnOfASamplerWhoseStepsStay_IsNotMoved()
    {
        var workflow = Workflows.Edit(
            Workflows.TwoExperts,
            """
            {"30": {"end_at_step": ["50", 0]}, "31": {"start_at_step": ["50", 0]}, "50": {"class_type": "INTConstant",
              "inputs": {"value": 10}}}
            """
        );
        AssertRefused(workflow, Request with { Steps = 30 }, "do not all get the new number", """{"steps": "30.steps"}""");
        Assert.Equal(15, Int(Fill(workflow, Request with { Steps = 30 }), "50", "value"));
    }

    [Theory]
    [InlineData("""{"class_type": "Text Multiline", "inputs": {"text": "a cat"}}""", "text")]
    [InlineData("""{"class_type": "StringConstantMultiline", "inputs": {"string": "a cat", "strip_newlines": true}}""", "string")]
    [InlineData("""{"class_type": "PrimitiveStringMultiline", "inputs": {"value": "a cat", "title": "Prompt"}}""", "value")]
    [InlineData("""{"class_type": "CR Prompt Text", "inputs": {"prompt": "a cat"}}""", "prompt")]
    public void ANodeThatHoldsAText_GetsThePrompt(string node, string input)
    {
        var nodes = Fill(
            Workflows.Edit(Workflows.TextToVideo, $$$"""{"6": {"text": ["60", 0]}, "60": {{{node}}} }"""),
            Request with
            {
                Prompt = "a bicycle",
            }
        );
        Assert.Equal("a bicycle", nodes["60"]!["inputs"]![input]!.GetValue<string>());
    }

    [Theory]
    [InlineData("""{"class_type": "Text Prefix", "inputs": {"text": "a cat", "prefix": "cinematic, ", "suffix": ", 35mm"}}""")]
    [InlineData("""{"class_type": "Text String Truncate", "inputs": {"text": "a cat", "truncate_by": "words", "truncate_to": 3}}""")]
    [InlineData("""{"class_type": "CaseConverter", "inputs": {"string": "a cat", "mode": "UPPERCASE"}}""")]
    [InlineData("""{"class_type": "StringSubstring", "inputs": {"string": "a cat", "start": 0, "end": 10}}""")]
    [InlineData("""{"class_type": "StringReplace", "inputs": {"string": "a cat", "find": "bicycle", "replace": "car"}}""")]
    [InlineData("""{"class_type": "String Replace (mtb)", "inputs": {"string": "a cat", "old": "bicycle", "new": "car"}}""")]
    [InlineData("""{"class_type": "OllamaGenerateV2", "inputs": {"prompt": "a cat", "system": "Expand", "model": "llama3"}}""")]
    [InlineData("""{"class_type": "easy showAnything", "inputs": {"text": "a cat", "anything": ["7", 0]}}""")]
    public void ANodeThatMakesAnotherText_IsNamed(string node)
    {
        var workflow = Workflows.Edit(Workflows.TextToVideo, $$$"""{"6": {"text": ["60", 0]}, "60": {{{node}}} }""");
        AssertRefused(workflow, Request, "text of node 6 (CLIPTextEncode) comes from node 60");
        Fill(workflow, Request, """{"prompt": "6.text"}""");
    }

    [Theory]
    [InlineData("""{"class_type": "INTConstant", "inputs": {"value": 33}}""", true)]
    [InlineData("""{"class_type": "Constant Number", "inputs": {"number_type": "integer", "number": 33}}""", true)]
    [InlineData("""{"class_type": "Int Slider", "inputs": {"value": 33, "min": 1, "max": 161, "step": 4}}""", true)]
    [InlineData("""{"class_type": "DurationToFrames", "inputs": {"value": 2, "unit": "seconds", "rounding": "4n+1"}}""", false)]
    [InlineData("""{"class_type": "Scaled", "inputs": {"value": 2, "times": 4}}""", false)]
    public void ANumber_ComesFromWhatOnlyHoldsIt(string node, bool isHeld)
    {
        var workflow = Workflows.Edit(Workflows.TextToVideo, $$$"""{"40": {"length": ["60", 0]}, "60": {{{node}}} }""");
        if (isHeld)
        {
            var input = node.Contains("\"number\"", StringComparison.Ordinal) ? "number" : "value";
            Assert.Equal(49, Int(Fill(workflow, Request with { Frames = 49 }), "60", input));
        }
        else
        {
            AssertRefused(workflow, Request with { Frames = 49 }, "length of node 40 (EmptyHunyuanLatentVideo) comes from node 60");
        }
    }

    /// <summary>Models that run without guidance take the negative prompt into their attention.</summary>
    [Fact]
    public void TheNegativePromptOfTheAttention_IsSetToo()
    {
        var patched = Workflows.Edit(
            Workflows.TextToVideo,
            """
            {"48": {"model": ["71", 0]}, "70": {"class_type": "CLIPTextEncode", "inputs": {"text": "ugly", "clip": ["38", 0]}},
              "71": {"class_type": "WanVideoNAG", "inputs": {"model": ["37", 0], "conditioning": ["70", 0], "nag_scale": 11,
                "input_type": "default"}}}
            """
        );
        var nodes = Fill(patched, Request with { NegativePrompt = "blurry hands" });
        Assert.Equal(("blurry hands", "blurry hands", "a fox"), (Text(nodes, "7"), Text(nodes, "70"), Text(nodes, "6")));

        var wrapper = Workflows.Edit(
            Workflows.Wrapper,
            """
            {"5": {"text_embeds": ["71", 0]}, "70": {"class_type": "WanVideoTextEncodeSingle", "inputs": {"prompt": "ugly",
              "t5": ["2", 0]}}, "71": {"class_type": "WanVideoApplyNAG", "inputs": {"original_text_embeds": ["3", 0],
                "nag_text_embeds": ["70", 0], "nag_scale": 11}}}
            """
        );
        nodes = Fill(wrapper, Request with { NegativePrompt = "blurry hands" });
        Assert.Equal(("blurry hands", "blurry hands"), (Text(nodes, "3", "negative_prompt"), Text(nodes, "70", "prompt")));

        var sampler = Workflows.Edit(
            Workflows.TextToVideo,
            """
            {"3": {"nag_negative": ["70", 0]}, "70": {"class_type": "CLIPTextEncode", "inputs": {"text": "ugly", "clip": ["38", 0]}}}
            """
        );
        nodes = Fill(sampler, Request with { NegativePrompt = "blurry hands" });
        Assert.Equal(("blurry hands", "blurry hands"), (Text(nodes, "7"), Text(nodes, "70")));
    }

    [Fact]
    public void AnotherTextOfTheModel_LeavesTheNegativePromptToTheWorkflow()
    {
        var workflow = Workflows.Edit(
            Workflows.TextToVideo,
            """
            {"48": {"model": ["71", 0]}, "70": {"class_type": "CLIPTextEncode", "inputs": {"text": "a tree", "clip": ["38", 0]}},
              "71": {"class_type": "RegionalAttention", "inputs": {"model": ["37", 0], "conditioning": ["70", 0]}}}
            """
        );
        AssertRefused(workflow, Request with { NegativePrompt = "x" }, "conditioning of node 71 (RegionalAttention)");
        Fill(workflow, Request);
    }

    [Theory]
    [InlineData("????????", "question marks")]
    [InlineData("a caf\uFFFD", "U+FFFD")]
    public void APromptThatIsNoText_IsRefused(string prompt, string expected) =>
        AssertRefused(Workflows.TextToVideo, Request with { Prompt = prompt }, expected);

    private static string Text(System.Text.Json.Nodes.JsonObject nodes, string node, string input = "text") =>
        nodes[node]!["inputs"]![input]!.GetValue<string>();
}
