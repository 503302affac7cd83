using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Models;
using WanSharp.Models.Hub;
using WanSharp.Models.Loras;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Presets;

public sealed class PresetChoiceTests : IDisposable
{
    private const string WithLoras = """
        {"loras": [{"repository": "me/first", "file": "a.safetensors"},
                   {"repository": "me/second", "file": "b.safetensors", "strength": "0.5@1-"}]}
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly WanModel _model;

    public PresetChoiceTests(TinyEngine engine)
    {
        _folder.Write("aliases.json", """{"second": {"what": "b", "repository": "me/second", "files": ["deep/b.safetensors"]}}""");
        var hub = new HubModels(new HubCache(_folder["hub"]), new(() => AliasCatalog.Load(_folder["aliases.json"])));
        _model = WanModel.Open(engine.ModelFolder, loras: new LoraPlaces([_folder["loras"]], hub));
    }

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Apply_FillsWhatTheRequestLeavesOpen()
    {
        var choice = Choice("""{"settings": {"steps": 4, "sampler": "euler", "shift": 5, "guidance": 1, "boundary": 0.9}}""");

        var applied = choice.Apply(new ClipSettings { Preset = "FOUR", GuidanceScale = 3 }, _model);

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

        var applied = choice.Apply(new ClipSettings { Preset = "mine", Sigmas = own }, _model);

        Assert.Equal((own, null, "lcm"), (applied.Sigmas, applied.Timesteps, applied.Sampler));
    }

    [Fact]
    public void Apply_NoPreset_ChangesNothing()
    {
        var request = new ClipSettings { Steps = 3 };

        Assert.Same(request, PresetChoice.Default.Apply(request, _model));
    }

    [Fact]
    public void Apply_LorasThatAreMissing_SaysWhichAndHowToGetThem()
    {
        var wrong = Assert.Throws<InvalidRequestException>(() => Choice(WithLoras).Apply(new ClipSettings { Preset = "mine" }, _model));

        Assert.Equal("preset", wrong.Field);
        Assert.Contains("needs b.safetensors of me/second (Hugging Face)", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("`wan models pull second` fetches it", wrong.Message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(_model.Folder, "loras"), wrong.Message, StringComparison.Ordinal);
        Assert.Equal("wan models pull me/first --files \"*a.safetensors\"", _model.Loras.Hub!.PullLine("me/first", ["a.safetensors"]));
    }

    [Fact]
    public void Apply_LorasOfTheModelThatAreMissing_SaysWhereTheyBelong()
    {
        var choice = Choice("""{"loras": [{"file": "a.safetensors"}]}""");

        var wrong = Assert.Throws<InvalidRequestException>(() => choice.Apply(new ClipSettings { Preset = "mine" }, _model));

        Assert.Contains("a.safetensors, which the model should have", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("loras/b.safetensors")]
    [InlineData("loras/wan/few steps/b.safetensors")]
    [InlineData("hub/models--me--second/snapshots/0a1b/deep/b.safetensors")]
    public void Apply_LorasThatAreThere_AreTaken(string file)
    {
        var path = Touch(file);

        var applied = Choice(WithLoras).Apply(new ClipSettings { Preset = "mine" }, _model);

        var use = Assert.Single(applied.Loras!);
        Assert.Equal((Path.GetFullPath(path), "0.5@1-"), (use.File, use.Strength.ToString()));
        Assert.True(Assert.Single(Choice(WithLoras).StatesFor(_model), state => state.Fits).IsReady);
    }

    [Fact]
    public void Apply_LorasOfSeveralCommits_AreThoseOfTheNewest()
    {
        var (old, newest) = (new string('0', 40), new string('a', 40));
        Touch($"hub/models--me--second/snapshots/{old}/b.safetensors");
        var path = Touch($"hub/models--me--second/snapshots/{newest}/b.safetensors");
        File.WriteAllText(Touch("hub/models--me--second/refs/main"), newest);

        var applied = Choice(WithLoras).Apply(new ClipSettings { Preset = "mine" }, _model);

        Assert.Equal(Path.GetFullPath(path), Assert.Single(applied.Loras!).File);
    }

    /// <summary>A style's LoRA does not make a model that was distilled one that was not.</summary>
    [Fact]
    public void Apply_LorasOfTheRequest_ComeAfterThePresets()
    {
        var path = Touch("loras/b.safetensors");

        var applied = Choice(WithLoras).Apply(new ClipSettings { Preset = "mine", Loras = Uses("style:0.8") }, _model);

        Assert.Equal($"{Path.GetFullPath(path)}:0.5@1-;style:0.8", applied.Loras!.ToString());
    }

    [Theory]
    [InlineData("a:0.3")]
    [InlineData("elsewhere/b.safetensors")]
    public void Apply_OneOfThePresetsLorasInTheRequest_TakesItsPlace(string own)
    {
        Touch("loras/b.safetensors");

        var applied = Choice(WithLoras).Apply(new ClipSettings { Preset = "mine", Loras = Uses(own) }, _model);

        Assert.Equal(Uses(own), applied.Loras);
    }

    [Fact]
    public void Apply_WhereThePresetsAreMissing_AnotherThatWasDistilledTakesTheirPlace()
    {
        var request = new ClipSettings { Preset = "mine", Loras = Uses("my_4step_lora") };

        Assert.Equal(request.Loras, Choice(WithLoras).Apply(request, _model).Loras);
        Assert.Throws<InvalidRequestException>(() => Choice(WithLoras).Apply(request with { Loras = Uses("style") }, _model));
    }

    /// <summary>Every LoRA that a shipped preset knows has a command that fetches it, by an alias where there is one.</summary>
    [Fact]
    public void Shipped_PresetsWithLorasOfARepository_HaveAnAliasThatFetchesThem()
    {
        var hub = _model.Loras.Hub!;

        foreach (var (name, preset) in PresetCatalog.Shipped.All)
        {
            foreach (var form in preset.Models.Values.Where(form => form.Loras.Any(loras => loras.Repository is not null)))
            {
                var alias = form
                    .Loras.Select(loras => hub.FindAlias(loras.Repository!, [.. loras.Files]))
                    .FirstOrDefault(alias => alias is not null);
                Assert.NotNull(alias);
                Assert.Contains(name, alias.Presets);
            }
        }
    }

    [Fact]
    public void Apply_ACheckpointThatHasThemMerged_NeedsNone()
    {
        var merged = $$"""{"loras": [{"repository": "r", "file": "f"}], "merged": ["{{Path.GetFileName(_model.Parts.Transformer)}}"]}""";

        Assert.Null(Choice(merged).Apply(new ClipSettings { Preset = "mine" }, _model).Loras);
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

    private static LoraUses Uses(string text)
    {
        Assert.True(LoraUses.TryParse(text, out var uses));
        return uses;
    }

    private string Touch(string file)
    {
        var path = _folder[file];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, file); // no two alike
        return path;
    }

    private PresetChoice Choice(string form)
    {
        var models = $$$"""{"{{{_model.Name}}}": {{{form}}} }""";
        File.WriteAllText(_folder["presets.json"], $$"""{"mine": {"aliases": ["four"], "models": {{models}} } }""");
        return new PresetChoice(PresetCatalog.Load([_folder["presets.json"]]));
    }
}
