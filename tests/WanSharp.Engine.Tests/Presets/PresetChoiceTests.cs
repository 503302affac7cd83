using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Presets;

public sealed class PresetChoiceTests(TinyEngine engine) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Name => engine.Model.Name;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Apply_FillsWhatTheRequestLeavesOpen()
    {
        var choice = Choice("""{"settings": {"steps": 4, "sampler": "euler", "shift": 5, "guidance": 1, "boundary": 0.9}}""");

        var applied = choice.Apply(new ClipSettings { Preset = "FOUR", GuidanceScale = 3 }, engine.Model);

        Assert.Equal(
            new ClipSettings
            {
                Preset = "mine",
                Steps = 4,
                Sampler = "euler",
                Shift = 5,
                GuidanceScale = 3,
            },
            applied
        ); // and there are no experts between which a boundary would be
    }

    [Fact]
    public void Apply_AListOfOnesOwn_TakesThePlaceOfThePresetsSteps()
    {
        var choice = Choice("""{"settings": {"timesteps": [1000, 757], "sigmas": [1, 0.7], "sampler": "lcm"}}""");
        var own = new NumberList([1, 0.5]);

        var applied = choice.Apply(new ClipSettings { Preset = "mine", Sigmas = own }, engine.Model);

        Assert.Equal((own, null, "lcm"), (applied.Sigmas, applied.Timesteps, applied.Sampler));
    }

    [Fact]
    public void Apply_NoPreset_ChangesNothing()
    {
        var request = new ClipSettings { Steps = 3 };

        Assert.Same(request, PresetChoice.Default.Apply(request, engine.Model));
    }

    [Fact]
    public void Apply_LorasThatAreMissing_SaysWhichAndWhereTheyGo()
    {
        var wrong = Assert.Throws<InvalidRequestException>(() =>
            Choice(WithLoras).Apply(new ClipSettings { Preset = "mine" }, engine.Model)
        );

        Assert.Equal("preset", wrong.Field);
        Assert.Contains("needs a.safetensors of me/first (Hugging Face)", wrong.Message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(engine.Model.Folder, "loras"), wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("loras/b.safetensors")]
    [InlineData("hub/models--me--second/snapshots/0a1b/deep/b.safetensors")]
    public void Apply_LorasThatAreThere_AreTaken(string file)
    {
        var path = _folder[file];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "");

        var applied = Choice(WithLoras).Apply(new ClipSettings { Preset = "mine" }, engine.Model);

        var use = Assert.Single(applied.Loras!);
        Assert.Equal((Path.GetFullPath(path), "0.5@1-"), (use.File, use.Strength.ToString()));
        Assert.True(Assert.Single(Choice(WithLoras).StatesFor(engine.Model), state => state.Fits).IsReady);
    }

    [Fact]
    public void Apply_LorasOfTheRequest_AreAllThereAre()
    {
        Assert.True(LoraUses.TryParse("own.safetensors", out var own));

        var applied = Choice(WithLoras).Apply(new ClipSettings { Preset = "mine", Loras = own }, engine.Model);

        Assert.Equal(own, applied.Loras);
    }

    [Fact]
    public void Apply_ACheckpointThatHasThemMerged_NeedsNone()
    {
        var merged =
            $$"""{"loras": [{"repository": "r", "file": "f"}], "merged": ["{{Path.GetFileName(engine.Model.Parts.Transformer)}}"]}""";

        Assert.Null(Choice(merged).Apply(new ClipSettings { Preset = "mine" }, engine.Model).Loras);
    }

    [Theory]
    [InlineData("wan2.2_t2v_A14b_high_noise_lora_rank64_lightx2v_4step_1217.safetensors", true)]
    [InlineData("models--FastVideo--FastWan2.1-T2V-1.3B-Diffusers/transformer/diffusion_pytorch_model.safetensors", true)]
    [InlineData("Wan2.1_T2V_14B_FusionX_LoRA.safetensors", true)]
    [InlineData("Wan_2_1_T2V_14B_480p_rCM_lora_average_rank_83_bf16.safetensors", true)]
    [InlineData("wan2.2-rapid-mega-aio-v10.safetensors", true)]
    [InlineData("self_forcing_dmd.pt", true)]
    [InlineData("wan2.1_t2v_14B_fp16.safetensors", false)]
    [InlineData("my footsteps style.safetensors", false)]
    [InlineData("gdmdx/transformer.safetensors", false)]
    public void DistilledNames_AreWhatPeopleCallThem(string path, bool expected) => Assert.Equal(expected, DistilledNames.AreIn(path));

    private const string WithLoras = """
        {"loras": [{"repository": "me/first", "file": "a.safetensors"},
                   {"repository": "me/second", "file": "b.safetensors", "strength": "0.5@1-"}]}
        """;

    private PresetChoice Choice(string form)
    {
        File.WriteAllText(_folder["presets.json"], $$$"""{"mine": {"aliases": ["four"], "models": {"{{{Name}}}": {{{form}}} } } }""");
        return new PresetChoice(PresetCatalog.Load([_folder["presets.json"]]), new LoraFolders([_folder["loras"]], _folder["hub"]));
    }
}
