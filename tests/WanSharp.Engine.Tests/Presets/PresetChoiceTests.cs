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

    /// <summary>A LoRA among a preset's settings is there whatever LoRA the request names.</summary>
    [Fact]
    public void Apply_ALoraOfThePresetsSettings_JoinsTheRequests()
    {
        var choice = Choice("""{"settings": {"lora": ["style:0.5", "other"]}}""");

        Assert.Equal(
            "style:0.5;Other.safetensors:0.2",
            choice.Apply(new ClipSettings { Preset = "mine", Loras = Uses("Other.safetensors:0.2") }, _model).Loras!.ToString()
        );
        Assert.Equal("style:0.5;other", choice.Apply(new ClipSettings { Preset = "mine" }, _model).Loras!.ToString());
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
    [InlineData("Wan14BT2VFusioniX_fp16.safetensors", true)]
    [InlineData("Wan2.1-T2V-14B-StepDistill-CfgDistill-Lightx2v/distill_model.safetensors", true)]
    [InlineData("lightx2v_T2V_14B_cfg_step_distill_v2_lora_rank64_bf16.safetensors", true)]
    [InlineData("Wan22_A14B_T2V_HIGH_Lightning_4steps_lora_250928_rank128_fp16.safetensors", true)]
    [InlineData("Wan2.1-Hyper-SD-8step.safetensors", true)]
    [InlineData("TurboWan2.1-T2V-1.3B-480P.pth", true)]
    [InlineData("turbowan.safetensors", true)]
    [InlineData("turbovision.safetensors", false)]
    [InlineData("lightningbolts_style.safetensors", false)]
    [InlineData("hyperrealism.safetensors", false)]
    [InlineData("hyperreal/model.safetensors", false)]
    [InlineData("style_3000steps.safetensors", false)]
    [InlineData("style-e12_step800.safetensors", false)]
    [InlineData("wan2.2_t2v_nolightning_fp8.safetensors", false)]
    [InlineData("wan2.2-no-lightning.safetensors", false)]
    [InlineData("WanUndistilled.safetensors", false)]
    [InlineData("wan2.1_non-distilled.safetensors", false)]
    [InlineData("wan2.1_cfg_distill_t2v.safetensors", false)] // of guidance alone
    [InlineData("wan2.2_i2v_A14b_high_noise_lightx2v.safetensors", false)] // the official one
    [InlineData("therapid_superturbo.safetensors", false)]
    public void DistilledNames_AreWhatPeopleCallThem(string path, bool expected) => Assert.Equal(expected, DistilledNames.AreIn(path));

    [Theory]
    [InlineData("models--lightx2v--Wan2.1-Official-Models/snapshots/0a1b/wan2.1_t2v_14b_lightx2v.safetensors", false)]
    [InlineData("lightx2v/Wan2.1-Official-Models/wan2.1_t2v_14b_lightx2v.safetensors", false)]
    [InlineData("Wan2.1-Distill-Models/wan2.1_t2v_14b_scaled_fp8_e4m3_lightx2v_4step.safetensors", true)]
    [InlineData("Wan2.1-T2V-14B-StepDistill-CfgDistill-Lightx2v/diffusion_pytorch_model.safetensors", true)]
    [InlineData("no_StepDistill/wan.safetensors", false)]
    public void Lightx2v_OfAModelThatItsMakerDidNotDistill_NeedsItsLora(string path, bool isMerged)
    {
        var form = PresetCatalog.Shipped.All["lightx2v-4"].Models["wan2.1-t2v-14b"];
        List<string> names = [.. path.Split('/').Reverse()];

        Assert.Equal(isMerged, form.Merged.Any(part => DistilledNames.Say(names, name => DistilledNames.Says(name, part))));
        Assert.Equal(isMerged, DistilledNames.Say(names, DistilledNames.AreIn));
    }

    [Theory]
    [InlineData("hyperrealism")]
    [InlineData("style_3000steps")]
    [InlineData("no-lightning")]
    public void Apply_WhereThePresetsAreMissing_AnotherThatIsNotDistilledIsRefused(string own)
    {
        var wrong = Assert.Throws<InvalidRequestException>(() =>
            Choice(WithLoras).Apply(new ClipSettings { Preset = "mine", Loras = Uses(own) }, _model)
        );

        Assert.Contains("needs b.safetensors", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_WithAStandIn_SaysWhichForWhich()
    {
        var notes = new List<string>();

        Choice(WithLoras).Apply(new ClipSettings { Preset = "mine", Loras = Uses("my_4step_lora") }, _model, notes);

        var note = Assert.Single(notes);
        Assert.StartsWith("my_4step_lora stands in for a.safetensors", note, StringComparison.Ordinal);
    }

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
