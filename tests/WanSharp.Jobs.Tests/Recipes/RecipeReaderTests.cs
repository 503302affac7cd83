using WanSharp.Engine.Requests;
using WanSharp.Jobs.Recipes;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Testing.Comfy;

namespace WanSharp.Jobs.Tests.Recipes;

/// <summary>What other programs put into their clips, as far as it can be said to us.</summary>
public class RecipeReaderTests
{
    [Fact]
    public void Editor_OfTextToVideo_IsReadThroughReroutesAndBypassedNodes()
    {
        var recipe = File("editor-t2v.json");

        Assert.Equal(("ComfyUI", "a fox moving quickly in a beautiful winter scenery"), (recipe.Tool, recipe.Prompt));
        Assert.Equal(
            "--negative 色调艳丽，过曝 --size 832x480 --frames 33 --fps 16 --sampler unipc --sigmas "
                + "1,0.995885,0.991525,0.9869,0.981823,0.976575,0.970973,0.964981,0.958347,0.951424,"
                + "0.943961,0.935893,0.926857,0.917308,0.906876,0.895432,0.882407,0.868396,0.852792,0.835307,"
                + "0.814921,0.792395,0.766546,0.73658,0.700232,0.658185,0.60731,0.544503,0.46218,0.357388 --guidance 6 "
                + "--seed 18446744073709551614 --lora style/ink.safetensors:0.8",
            Settings(recipe)
        );
        Assert.Equal("wan2.1_t2v_1.3B_fp16.safetensors", recipe.Model);
        Assert.Empty(recipe.Unexpressed);
    }

    [Fact]
    public void Editor_OfASubgraphWithTwoExperts_IsReadWithTheValuesOfItsNode()
    {
        var recipe = File("editor-two-experts.json");

        Assert.Equal("the cat jumps", recipe.Prompt);
        Assert.Equal((640, 480, 81), (recipe.Settings.Width, recipe.Settings.Height, recipe.Settings.Frames));
        Assert.Equal(
            (4, 1f, null, 5.0, 123456789UL),
            (
                recipe.Settings.Steps,
                recipe.Settings.GuidanceScale,
                recipe.Settings.HighNoiseGuidanceScale,
                recipe.Settings.Shift,
                recipe.Settings.Seed
            )
        );
        Assert.Equal("wan2.2_i2v_high_noise_14B_fp8_scaled.safetensors", recipe.HighNoiseModel);
        Assert.Equal("wan2.2_i2v_low_noise_14B_fp8_scaled.safetensors", recipe.LowNoiseModel);
        Assert.Equal("wan2.2_i2v_lightx2v_4steps_lora_v1_high_noise.safetensors", recipe.Settings.HighNoiseLoras?.ToString());
        Assert.Equal("wan2.2_i2v_lightx2v_4steps_lora_v1_low_noise.safetensors:0.9", recipe.Settings.LowNoiseLoras?.ToString());
        Assert.Equal("start.png", recipe.Image);
    }

    [Fact]
    public void Editor_OfTheWrapper_IsReadWithItsLoras_AndNamesWhatItCannotSay()
    {
        var recipe = File("editor-wrapper.json");

        Assert.Equal(
            "--negative 过曝 --size 832x480 --frames 81 --fps 16 --steps 25 --sampler unipc --shift 5 --guidance 6 "
                + "--seed 1057359483639287 "
                + "--lora second.safetensors:0.5 --lora first.safetensors:0.7",
            Settings(recipe)
        );
        Assert.Equal("WanVideo/Wan2_1-T2V-14B_fp8_e4m3fn.safetensors", recipe.Model);
        Assert.Equal("feta_args of node 27 (WanVideoSampler), from node 42 (WanVideoEnhanceAVideo)", Assert.Single(recipe.Unexpressed));
    }

    [Fact]
    public void Api_OfTextToVideo_IsRead()
    {
        var recipe = Read(Workflows.TextToVideo);

        Assert.Equal("a fox", recipe.Prompt);
        Assert.Equal(
            "--negative blurry --size 832x480 --frames 33 --fps 16 --sampler unipc --sigmas 1,0.969697,0.923077,0.842105 --guidance 6 "
                + "--seed 82",
            Settings(recipe)
        );
    }

    [Fact]
    public void Api_OfTwoExperts_IsReadWithBothImages()
    {
        var recipe = Read(Workflows.TwoExperts);

        Assert.Equal(("high.safetensors", "low.safetensors"), (recipe.HighNoiseModel, recipe.LowNoiseModel));
        Assert.Equal(("start.png", "end.png"), (recipe.Image, recipe.LastImage));
        Assert.Equal((20, 3.5f, 5UL), (recipe.Settings.Steps, recipe.Settings.GuidanceScale, recipe.Settings.Seed));
    }

    /// <summary>ComfyUI's own shift of 8 is no model's default here, and a boundary has a meaning only with its shift.</summary>
    [Fact]
    public void Api_OfTwoExpertsWithoutANodeForTheShift_TakesComfysOwn()
    {
        var plain = Workflows
            .TwoExperts.Replace("\"model\": [\"5\", 0]", "\"model\": [\"1\", 0]", StringComparison.Ordinal)
            .Replace("\"model\": [\"6\", 0]", "\"model\": [\"2\", 0]", StringComparison.Ordinal);

        var (with, without) = (Read(Workflows.TwoExperts), Read(plain));

        Assert.Equal((8.0, with.Settings.Boundary), (without.Settings.Shift!.Value, without.Settings.Boundary));
        Assert.InRange(without.Settings.Boundary!.Value, 0.889, 0.907); // between the 10th and the 11th of 20 steps
    }

    [Fact]
    public void WhatRan_ComesBeforeWhatTheEditorShowed()
    {
        var editor = Text("editor-t2v.json");

        var recipe = RecipeReader.Read([("workflow", editor), ("prompt", Workflows.TextToVideo)], "clip.png");
        var exif = RecipeReader.Read([("Make", $"workflow:{editor}")], "clip.webp");
        var comment = RecipeReader.Read(
            [
                (
                    "comment",
                    $$"""{"prompt": {{System.Text.Json.JsonSerializer.Serialize(Workflows.TextToVideo)}}, "workflow": {{editor}} }"""
                ),
            ],
            "clip.mp4"
        );

        Assert.Equal("a fox", recipe?.Prompt);
        Assert.Equal(30, exif?.Settings.Sigmas?.Count);
        Assert.Equal("a fox", comment?.Prompt);
    }

    /// <summary>Python writes what is not JSON; words in texts stay.</summary>
    [Theory]
    [InlineData("\"is_changed\": [NaN]")]
    [InlineData("\"is_changed\": NaN, \"least\": -Infinity,\"most\":[Infinity,NaN]")]
    public void Api_WithWhatPythonWrites_IsRead(string member)
    {
        var api = Workflows
            .TextToVideo.Replace("a fox", "a fox, ratio: NaN, \\\"NaN\\\"", StringComparison.Ordinal)
            .Replace("\"class_type\"", $"{member}, \"class_type\"", StringComparison.Ordinal);

        Assert.Equal("a fox, ratio: NaN, \"NaN\"", RecipeReader.Read([("prompt", api)], "clip.png")?.Prompt);
    }

    [Theory]
    [InlineData("\"VAEDecode\"", "\"VAEDecode\"", null)]
    [InlineData("\"denoise\": 1,", "\"denoise\": 0.5,", "denoise 0.5 of node 3 (KSampler)")]
    [InlineData("\"batch_size\": 1", "\"batch_size\": 2", "2 clips at once")]
    [InlineData("\"EmptyHunyuanLatentVideo\"", "\"WanVaceToVideo\"", "node 40 (WanVaceToVideo) conditions the clip")]
    [InlineData("\"EmptyHunyuanLatentVideo\"", "\"WanFunControlToVideo\"", "node 40 (WanFunControlToVideo) conditions the clip")]
    [InlineData("\"EmptyHunyuanLatentVideo\"", "\"Wan22FunControlToVideo\"", "node 40 (Wan22FunControlToVideo) conditions the clip")]
    [InlineData("\"EmptyHunyuanLatentVideo\"", "\"WanCameraImageToVideo\"", "node 40 (WanCameraImageToVideo) conditions the clip")]
    [InlineData("\"EmptyHunyuanLatentVideo\"", "\"WanFunInpaintToVideo\"", null)]
    [InlineData("\"uni_pc\"", "\"heunpp2\"", "the sampler 'heunpp2'")]
    [InlineData("\"simple\"", "\"beta\"", "the schedule 'beta'")]
    [InlineData("\"width\": 832", "\"width\": 850", "848x480 is taken")]
    [InlineData("\"length\": 33", "\"length\": 35", "33 are taken")]
    [InlineData("\"fps\": 16,", "\"fps\": 12.5,", "12.5 frames a second")]
    [InlineData("\"images\": [\"8\", 0]", "\"images\": [\"99\", 0]", "node 99 (RIFE VFI) changes the frames, and how many there are")]
    [InlineData(
        "\"EmptyHunyuanLatentVideo\", \"inputs\": {\"width\"",
        "\"Other\", \"inputs\": {\"across\"",
        "width: no node that is known says it"
    )]
    [InlineData("\"text\": \"a fox\"", "\"words\": \"a fox\"", "prompt: the prompt of node 3 (KSampler) comes from node 6")]
    [InlineData(
        "\"clip\": [\"38\", 0]}},\n  \"7\"",
        "\"clip\": [\"38\", 0], \"image\": [\"97\", 0]}},\n  \"7\"",
        "node 97 (LoadImage) loads"
    )]
    [InlineData("\"model\": [\"37\", 0]", "\"model\": [\"98\", 0]", "node 98 (WanVideoNAG) changes the model")]
    public void WhatCannotBeSaid_IsNamed(string from, string to, string? expected)
    {
        var extra =
            "\"98\": {\"class_type\": \"WanVideoNAG\", \"inputs\": {\"model\": [\"37\", 0], \"nag_scale\": 11}},"
            + "\"97\": {\"class_type\": \"LoadImage\", \"inputs\": {\"image\": \"a.png\"}},"
            + "\"99\": {\"class_type\": \"RIFE VFI\", \"inputs\": {\"frames\": [\"8\", 0], \"multiplier\": 2}},";
        var workflow = Workflows.TextToVideo.Replace(from, to, StringComparison.Ordinal).Insert(1, extra);

        var recipe = Read(workflow);

        Assert.True(
            expected is null
                ? recipe.Unexpressed.Count == 0
                : recipe.Unexpressed.Any(one => one.Contains(expected, StringComparison.Ordinal)),
            string.Join("\n", recipe.Unexpressed)
        );
    }

    /// <summary>Civitai's own clips name their LoRAs in its notes alone.</summary>
    [Fact]
    public void Parameters_OfCivitai_NameItsResources()
    {
        var recipe = Read(
            "a (castle:1.2)\nNegative prompt: [text]\nSteps: 20, Sampler: Euler, Shift: 5, CFG scale: 5, Seed: 1, Size: 832x480, "
                + "Civitai resources: [{\"type\":\"checkpoint\",\"modelVersionId\":1,\"modelName\":\"Wan Video\"},"
                + "{\"type\":\"lora\",\"weight\":0.85,\"modelVersionId\":23,\"modelName\":\"Ink, wash\",\"modelVersionName\":\"v2\"},"
                + "{\"weight\":1.0,\"air\":\"urn:air:wan:embedding:civitai:130@183\"}], Civitai metadata: {\"a\": [1, 2]}"
        );

        Assert.Equal(("a castle", "[text]", "Wan Video"), (recipe.Prompt, recipe.Settings.NegativePrompt, recipe.Model));
        Assert.Contains(
            recipe.Unexpressed,
            one => one.StartsWith("the lora \"Ink, wash v2\" (version 23) of Civitai with a weight of 0.85", StringComparison.Ordinal)
        );
        Assert.Contains(recipe.Unexpressed, one => one.StartsWith("the embedding urn:air:wan", StringComparison.Ordinal));
        Assert.Contains(recipe.Unexpressed, one => one.StartsWith("(castle:1.2) weighs words in the prompt", StringComparison.Ordinal));
        Assert.Contains(recipe.Unexpressed, one => one.StartsWith("[text] of the negative prompt", StringComparison.Ordinal));
        Assert.Equal(4, recipe.Unexpressed.Count);
    }

    /// <summary>Fixtures by the formulas of ComfyUI's samplers.py, in Python: shift 8, 4 steps.</summary>
    [Theory]
    [InlineData("euler", "simple", null)]
    [InlineData("euler", "normal", "1,0.941834,0.803771,0.060207")]
    [InlineData("euler", "sgm_uniform", "1,0.960406,0.890449,0.733482")]
    [InlineData("euler", "kl_optimal", "1,0.580886,0.273634,0.007944")]
    [InlineData("euler", "karras", "1,0.280019,0.05902,0.007944")]
    [InlineData("euler", "exponential", "1,0.199535,0.039814,0.007944")]
    [InlineData("euler", "linear_quadratic", "1,0.9875,0.975,0.725")]
    [InlineData("uni_pc", "simple", "1,0.969697,0.923077,0.842105")]
    [InlineData("uni_pc", "normal", "1,0.960406,0.890449,0.733482")]
    public void Api_OfAnySchedule_IsReadWithItsNoiseLevels(string sampler, string schedule, string? levels)
    {
        var workflow = Workflows
            .TextToVideo.Replace("\"uni_pc\"", $"\"{sampler}\"", StringComparison.Ordinal)
            .Replace("\"simple\"", $"\"{schedule}\"", StringComparison.Ordinal);

        var recipe = Read(workflow);

        Assert.Empty(recipe.Unexpressed);
        Assert.Equal(levels, recipe.Settings.Sigmas?.ToString());
        Assert.Equal(levels is null ? (4, 8.0) : (null, null), (recipe.Settings.Steps, recipe.Settings.Shift));
    }

    [Theory]
    [InlineData("Sampler: Euler a, Schedule type: Simple, Shift: 5", "euler-ancestral", null)]
    [InlineData("Sampler: Euler, Shift: 5", "euler", null)]
    [InlineData("Sampler: Euler", "euler", "Shift")]
    [InlineData("Shift: 5", null, "Sampler")]
    public void Parameters_OfASampler_AreReadOrNamed(string line, string? sampler, string? unsaid)
    {
        var recipe = Read($"a castle\nSteps: 20, {line}, CFG scale: 5, Seed: 1, Size: 832x480");

        Assert.Equal(sampler, recipe.Settings.Sampler);
        Assert.Equal(unsaid, recipe.Unexpressed.SingleOrDefault()?.Split(',')[0]);
    }

    [Fact]
    public void Parameters_AreRead()
    {
        var recipe = File("parameters.txt");

        Assert.Equal("a castle on a hill , evening light\nsecond line", recipe.Prompt);
        Assert.Equal(
            "--negative people, text --size 848x480 --steps 25 --sampler dpm++-karras --guidance 6.5 --seed 987654321 "
                + "--lora castle_v2.safetensors:0.6",
            Settings(recipe)
        );
        Assert.Contains("Denoising strength 0.7", recipe.Unexpressed);
        Assert.DoesNotContain(recipe.Unexpressed, one => one.Contains("hash", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("")]
    [InlineData("just a comment")]
    [InlineData("{}")]
    [InlineData("[1, 2]")]
    [InlineData("""{"title": "a film"}""")]
    [InlineData("{\"prompt\": ")]
    public void SomethingElse_IsNoRecipe(string text) => Assert.Null(RecipeReader.Read([("comment", text)], "clip.mp4"));

    [Theory]
    [InlineData("""{"1": {"class_type": "CheckpointLoaderSimple", "inputs": {}}}""", "without a known sampler")]
    [InlineData("""{"nodes": [], "links": []}""", "without nodes that run")]
    [InlineData("""{"nodes": [{"id": 1, "type": "Note"}], "links": []}""", "without nodes that run")]
    [InlineData("""{"nodes": [{"id": 1, "type": "workflow>sampling"}], "links": []}""", "group node 'workflow>sampling'")]
    public void AWorkflowThatMakesNoClip_IsRefused(string text, string expected)
    {
        var error = Assert.Throws<InvalidRequestException>(() => Read(text));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// Texts of all kinds, mutated byte by byte and member by member: a recipe, none, or a clear refusal. <c>WAN_FUZZ</c> says how often.
    /// </summary>
    [Fact]
    public void MutatedTexts_AreReadOrRefused()
    {
        var count = Repetitions.Of("WAN_FUZZ", 150);
        string[] texts =
        [
            Text("editor-t2v.json"),
            Text("editor-two-experts.json"),
            Text("editor-wrapper.json"),
            Text("wan2gp.json"),
            Text("swarm.json"),
            Text("parameters.txt"),
            Workflows.TextToVideo,
            Workflows.TwoExperts,
        ];
        var random = new Random(13);
        for (var i = 0; i < count; i++)
        {
            var text = JsonMutation.Of(texts[i % texts.Length], random);
            try
            {
                var recipe = RecipeReader.Read([("", text)], "mutated");
                if (recipe is not null)
                {
                    Assert.NotNull(Settings(recipe));
                }
            }
            catch (InvalidRequestException e)
            {
                Assert.StartsWith("mutated is a", e.Message, StringComparison.Ordinal);
            }
            catch (Exception e) when (e is not Xunit.Sdk.IAssertionException)
            {
                Assert.Fail($"{e.GetType().Name} at {i}: {e.Message}\n{e.StackTrace}\n{text}");
            }
        }
    }

    private static Recipe Read(string text) => RecipeReader.Read([("", text)], "workflow.json")!;

    private static Recipe File(string name) => RecipeReader.Read([("", Text(name))], name)!;

    private static string Text(string name) => System.IO.File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "recipes", name));

    private static string Settings(Recipe recipe) =>
        string.Join(' ', SettingFields.CommandLine(recipe.Settings).Select(setting => $"{setting.Option} {setting.Value}"));
}
