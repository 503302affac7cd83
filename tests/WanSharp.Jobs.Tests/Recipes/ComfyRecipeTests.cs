using WanSharp.Jobs.Recipes;
using WanSharp.Testing.Comfy;

namespace WanSharp.Jobs.Tests.Recipes;

/// <summary>Workflows whose samplers differ, or begin with something that the workflow makes.</summary>
public class ComfyRecipeTests
{
    /// <summary>ComfyUI's own shift is that of a sampler whose model has none, not that of the others.</summary>
    [Theory]
    [InlineData("""{"5": {"shift": 5}, "31": {"model": ["2", 0]}}""", 5, "shift: it has 5 and 8: the first is taken")]
    [InlineData("""{"6": {"shift": 5}, "30": {"model": ["1", 0]}}""", 8, "shift: it has 8 and 5: the first is taken")]
    [InlineData("""{"5": {"shift": 5}, "6": {"shift": 3}}""", 5, "shift: it has 5 and 3: the first is taken")]
    [InlineData("""{"5": {"shift": 8}, "31": {"model": ["2", 0]}}""", 8, null)]
    [InlineData("""{"5": {"shift": 5}, "6": {"shift": 5}}""", 5, null)]
    [InlineData("""{"6": {"shift": ["60", 0]}, "60": {"class_type": "Magic", "inputs": {}}}""", null, "shift: shift of node 6")]
    public void AShift_IsThatOfEachSampler(string changes, int? shift, string? unsaid)
    {
        var recipe = Read(Workflows.Edit(Workflows.TwoExperts, changes));

        Assert.Equal(shift, recipe.Settings.Shift);
        Assert.Equal(unsaid is not null, recipe.Unexpressed.Any(one => one.StartsWith(unsaid ?? "shift", StringComparison.Ordinal)));
    }

    /// <summary>The levels of custom sampling are those of its scheduler, whatever model is guided.</summary>
    [Fact]
    public void AShift_IsThatOfTheScheduler()
    {
        var recipe = Read(Workflows.Edit(Workflows.SplitExperts, """{"3": {"shift": 5}}"""));

        Assert.Equal(5, recipe.Settings.Shift);
        Assert.Empty(recipe.Unexpressed);
    }

    /// <summary>A sampler that makes the first frame has settings of its own, which are not the clip's.</summary>
    [Fact]
    public void AWorkflowThatMakesItsFirstFrame_IsReadWithTheSettingsOfItsClip()
    {
        var recipe = Read(
            Workflows.Edit(
                Workflows.TwoExperts,
                """
                {
                  "5": {"shift": 5}, "6": {"shift": 5}, "20": {"start_image": ["53", 0]},
                  "50": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "picture.safetensors"}},
                  "51": {"class_type": "CLIPTextEncode", "inputs": {"text": "a picture", "clip": ["50", 1]}},
                  "52": {"class_type": "KSampler", "inputs": {"seed": 77, "steps": 9, "cfg": 7, "sampler_name": "dpmpp_2m",
                    "scheduler": "karras", "denoise": 1, "model": ["50", 0], "positive": ["51", 0], "negative": ["51", 0],
                    "latent_image": ["54", 0]}},
                  "53": {"class_type": "VAEDecode", "inputs": {"samples": ["52", 0], "vae": ["50", 2]}},
                  "54": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512, "batch_size": 1}}
                }
                """
            )
        );

        Assert.Equal(("good", "bad", 5UL), (recipe.Prompt, recipe.Settings.NegativePrompt, recipe.Settings.Seed));
        Assert.Equal(
            (20, 3.5f, 5.0, "euler"),
            (recipe.Settings.Steps, recipe.Settings.GuidanceScale, recipe.Settings.Shift, recipe.Settings.Sampler)
        );
        Assert.Equal((null, "end.png"), (recipe.Image, recipe.LastImage));
        Assert.Equal(
            [
                "image: start_image of node 20 (WanFirstLastFrameToVideo) comes from node 53 (VAEDecode)",
                "node 52 (KSampler) makes something that the clip starts from, which is not part of its recipe",
            ],
            recipe.Unexpressed
        );
    }

    /// <summary>A picture that a node makes or fetches cannot be named by a file.</summary>
    [Theory]
    [InlineData("start_image", "GeminiImageNode", "image: start_image of node 7")]
    [InlineData("start_image", "EmptyImage", "image: start_image of node 7")]
    public void AFirstFrameThatANodeMakes_IsNamed(string input, string node, string unsaid)
    {
        var recipe = Read(
            Workflows.Edit(
                Workflows.CustomSampling,
                $$"""{"7": {"{{input}}": ["60", 0]}, "60": {"class_type": "{{node}}", "inputs": {"prompt": "a picture"} } }"""
            )
        );

        Assert.StartsWith(unsaid, Assert.Single(recipe.Unexpressed), StringComparison.Ordinal);
    }

    /// <summary>The encoder of pictures may have been shown another picture than the first frame.</summary>
    [Fact]
    public void TwoPicturesForOneFrame_AreNamed()
    {
        var recipe = Read(
            Workflows.Edit(
                Workflows.TwoExperts,
                """
                {
                  "20": {"clip_vision_start_image": ["60", 0]},
                  "60": {"class_type": "CLIPVisionEncode", "inputs": {"clip_vision": ["62", 0], "image": ["61", 0], "crop": "none"}},
                  "61": {"class_type": "LoadImage", "inputs": {"image": "face.png"}},
                  "62": {"class_type": "CLIPVisionLoader", "inputs": {"clip_name": "clip_vision_h.safetensors"}}
                }
                """
            )
        );

        Assert.Equal("start.png", recipe.Image);
        Assert.Equal("image: it has start.png and face.png: the first is taken", Assert.Single(recipe.Unexpressed));
    }

    /// <summary>The wrapper's rCM has its own noise levels, as ours has: its shift says nothing, and would be refused.</summary>
    [Fact]
    public void ASamplerWithItsOwnLevels_HasNoShift()
    {
        var recipe = Read(Workflows.Edit(Workflows.Wrapper, """{"5": {"scheduler": "rcm", "steps": 4}}"""));

        Assert.Equal(("rcm", 4, null), (recipe.Settings.Sampler, recipe.Settings.Steps, recipe.Settings.Shift));
        Assert.Equal("the sampler 'rcm' has noise levels of its own there, and others here", Assert.Single(recipe.Unexpressed));
    }

    private static Recipe Read(string text) => RecipeReader.Read([("", text)], "workflow.json")!;
}
