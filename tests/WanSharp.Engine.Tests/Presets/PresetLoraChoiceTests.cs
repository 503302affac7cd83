using WanSharp.Engine.Planning;
using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Models;
using WanSharp.Models.Loras;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Presets;

/// <summary>No expert goes without the LoRA that a preset's few steps need, and none gets it twice.</summary>
public sealed class PresetLoraChoiceTests : IDisposable
{
    private const string Pairs = """
        {"loras": [{"high": "h1.safetensors", "low": "l1.safetensors", "high_strength": "0.5"},
                   {"high": "h2.safetensors", "low": "l2.safetensors"}]}
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly TinyNetworks _networks = new("wan2.2-t2v-a14b");
    private readonly WanModel _model;
    private readonly CommunityLoras _loras;

    public PresetLoraChoiceTests()
    {
        var path = new ToolFolders(_networks, _folder["model"]).Write("official");
        _model = WanModel.Open(path, loras: new LoraPlaces([_folder["loras"]], null));
        _loras = new CommunityLoras(_networks.Transformer, _folder["loras"]);
    }

    public void Dispose()
    {
        _model.Dispose();
        _networks.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Apply_ThePair_GivesEachExpertItsOwn()
    {
        var (high, low) = (Write("h2"), Write("l2"));

        Assert.Equal((high, low), Files(Apply(new ClipSettings())));
    }

    [Fact]
    public void Apply_OneOfThePairInTheRequest_LeavesTheOtherWhereItIs()
    {
        Write("h2");
        var low = Write("l2");

        var applied = Apply(new ClipSettings { HighNoiseLoras = Uses("h2:0.8") });

        Assert.Equal((Uses("h2:0.8"), Uses(low)), (applied.HighNoiseLoras!, applied.LowNoiseLoras!));
    }

    [Fact]
    public void Apply_OneOfThePairWithoutTheOther_SaysWhichIsMissing()
    {
        Write("h2");

        var wrong = Assert.Throws<InvalidRequestException>(() => Apply(new ClipSettings { HighNoiseLoras = Uses("h2:0.8") }));

        Assert.StartsWith("The preset mine needs l2.safetensors", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_OneOfEachOfTwoPairs_TakesBoth()
    {
        var request = new ClipSettings { HighNoiseLoras = Uses("h2:0.8"), LowNoiseLoras = Uses("l1:0.3") };

        Assert.Equal(request with { Preset = "mine" }, Apply(request));
    }

    [Fact]
    public void Apply_ADistilledLoraOfOneExpert_DoesNotStandInForTheOther()
    {
        var request = new ClipSettings { HighNoiseLoras = Uses("my_4step_high") };

        Assert.Throws<InvalidRequestException>(() => Apply(request));
        Assert.Throws<InvalidRequestException>(() => Apply(request with { LowNoiseLoras = Uses("my_4step_low:0") }));
        request = request with { LowNoiseLoras = Uses("my_4step_low") };
        Assert.Equal(request.LowNoiseLoras, Apply(request).LowNoiseLoras);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Apply_OneOfThePairByAnotherName_TakesItsPlace(bool isLink)
    {
        var (high, low) = (Write("h2"), Write("l2"));
        var other = _folder["elsewhere.safetensors"];
        if (isLink)
        {
            File.CreateSymbolicLink(other, high);
        }
        else
        {
            File.Copy(high, other);
        }

        var applied = Apply(new ClipSettings { HighNoiseLoras = Uses($"{other}:0.5") });

        Assert.Equal((Uses($"{other}:0.5"), Uses(low)), (applied.HighNoiseLoras!, applied.LowNoiseLoras!));
    }

    [Theory]
    [InlineData("h2", "l2")]
    [InlineData("style", "h2")]
    public void Apply_OneOfThePairForTheWrongExpert_IsRefused(string both, string low)
    {
        Write("h2");
        Write("l2");

        var wrong = Assert.Throws<InvalidRequestException>(() => Apply(new ClipSettings { Loras = Uses(both), LowNoiseLoras = Uses(low) }));

        Assert.Contains("--lora-high", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_APresetForDistilledCheckpoints_RefusesOneThatNoNameCallsSo()
    {
        const string Form = """{"settings": {"steps": 4}, "merged": ["my_way"]}""";

        var wrong = Assert.Throws<InvalidRequestException>(() => Apply(new ClipSettings(), Form));
        Assert.Contains("is for checkpoints with my_way in their name or folder", wrong.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidRequestException>(() => Apply(new ClipSettings { HighNoiseLoras = Uses("a_4step") }, Form));
        Assert.Equal(4, Apply(new ClipSettings { Loras = Uses("a_4step") }, Form).Steps);
    }

    [Theory]
    [InlineData("h2", "h2", "l2", 1)]
    [InlineData("h2", null, "h2", 1)]
    [InlineData(null, "h2", "h2", 0)] // once in each expert
    [InlineData("h2", "l2", "l2", 0)]
    public void Sketch_ALoraThatAnExpertGetsTwice_SaysSo(string? both, string? high, string? low, int count)
    {
        Write("h2");
        Write("l2");
        var request = new GenerationRequest
        {
            Prompt = "a red circle",
            Loras = both is null ? null : Uses(both),
            HighNoiseLoras = high is null ? null : Uses(high),
            LowNoiseLoras = low is null ? null : Uses(low),
        };

        var notes = GenerationPlanner.Sketch(request, _model).Loras.Notes;

        Assert.Equal(count, notes.Count(note => note.Contains("given twice", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(null, null, true)]
    [InlineData("a_4step", null, true)]
    [InlineData(null, "b_4step", true)]
    [InlineData("a_4step", "b_4step", false)]
    public void Sketch_AFewStepsWithAnExpertThatWasNotDistilled_Warns(string? high, string? low, bool warns)
    {
        Write("a_4step");
        Write("b_4step");
        var request = new GenerationRequest
        {
            Prompt = "a red circle",
            Steps = 11,
            HighNoiseLoras = high is null ? null : Uses(high),
            LowNoiseLoras = low is null ? null : Uses(low),
        };

        var warnings = GenerationPlanner.Sketch(request, _model).Warnings;

        Assert.Equal(warns, warnings.Any(warning => warning.Contains("steps are few", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("a_4step", null, null, 1)] // 50 guided steps
    [InlineData("a_4step", 4, null, 1)]
    [InlineData("a_4step", null, 1f, 1)]
    [InlineData("a_4step", 4, 1f, 0)]
    [InlineData("a_4step", 30, 3f, 0)] // as was asked for
    [InlineData("style", null, null, 0)]
    public void Sketch_ADistilledLoraWithTheSettingsOfItsBase_Warns(string lora, int? steps, float? guidance, int count)
    {
        Write(lora);
        var request = new GenerationRequest
        {
            Prompt = "a red circle",
            Loras = Uses(lora),
            Steps = steps,
            GuidanceScale = guidance,
        };

        var warnings = GenerationPlanner.Sketch(request, _model).Warnings;

        Assert.Equal(count, warnings.Count(warning => warning.Contains("expect burnt colours", StringComparison.Ordinal)));
    }

    /// <summary>The folder that the program was started in says nothing of a LoRA; the LoRA's own does.</summary>
    [Theory]
    [InlineData("style.safetensors", 0)]
    [InlineData("high_noise/style.safetensors", 1)]
    public void Sketch_ALoraOfAFolder_IsOfTheNoiseThatItsOwnFolderSays(string file, int count)
    {
        var path = _folder[$"loras/{file}"];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Move(Write("style"), path, overwrite: true);
        var request = new GenerationRequest { Prompt = "a red circle", Loras = Uses("style") };

        var notes = GenerationPlanner.Sketch(request, _model).Loras.Notes;

        Assert.Equal(count, notes.Count(note => note.Contains("high-noise expert", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("a_4step", "b_4step", "1", 1)]
    [InlineData("a_4step", "style", "1", 0)]
    [InlineData("a_4step", "b_4step", "1@2-", 1)] // from the third step on, both act
    [InlineData("a_4step:1@0-1", "b_4step", "1@2-", 0)] // one after the other
    public void Sketch_TwoDistilledLorasOfOneExpert_SaysThatTheyAddUp(string first, string second, string strength, int count)
    {
        Write("a_4step");
        Write(second);
        var request = new GenerationRequest
        {
            Prompt = "a red circle",
            HighNoiseLoras = Uses($"{first};{second}:{strength}"),
            LowNoiseLoras = Uses("a_4step"),
        };

        var notes = GenerationPlanner.Sketch(request, _model).Loras.Notes;

        Assert.Equal(count, notes.Count(note => note.Contains("adds up", StringComparison.Ordinal)));
    }

    /// <summary>Diffusers calls the low-noise expert so; there is nothing for the other one in such a file.</summary>
    [Fact]
    public void Sketch_ALoraOfTransformer2Alone_ChangesTheLowNoiseExpert()
    {
        var path = Write("only_transformer_2");
        var request = new GenerationRequest { Prompt = "a red circle", Loras = Uses("only_transformer_2:0.5") };

        var lora = Assert.Single(GenerationPlanner.Sketch(request, _model).Loras.Loras);
        var wrong = Assert.Throws<InvalidRequestException>(() =>
            GenerationPlanner.Sketch(request with { Loras = null, HighNoiseLoras = Uses("only_transformer_2") }, _model)
        );

        Assert.Equal((path, LoraExpert.Low), (lora.Path, lora.Expert));
        Assert.Contains("low-noise expert of Wan 2.2: give it to that one, with --lora-low", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_LorasThatNeedOtherSteps_BringThem()
    {
        const string Form = """
            {"settings": {"steps": 4, "shift": 3, "sampler": "lcm", "guidance": 1},
             "loras": [{"high": "h1.safetensors", "low": "l1.safetensors", "settings": {"sampler": "euler", "timesteps": [1000, 500]}},
                       {"high": "h2.safetensors", "low": "l2.safetensors", "settings": {"shift": 5}},
                       {"high": "h3.safetensors", "low": "l3.safetensors"}], "merged": ["distilled"]}
            """;
        Write("h3");
        Write("l3");
        Assert.Equal((4, 3, "lcm", null), Steps(Apply(new ClipSettings(), Form)));
        Write("h2");
        Write("l2");
        Assert.Equal((4, 5, "lcm", null), Steps(Apply(new ClipSettings(), Form)));
        Write("h1");
        Write("l1");
        Assert.Equal((null, null, "euler", new NumberList([1000, 500])), Steps(Apply(new ClipSettings(), Form)));
        Assert.Equal((4, 5, "lcm", null), Steps(Apply(new ClipSettings { HighNoiseLoras = Uses("h2:0.8") }, Form)));

        static (int?, double?, string?, NumberList?) Steps(ClipSettings settings) =>
            (settings.Steps, settings.Shift, settings.Sampler, settings.Timesteps);
    }

    private string Write(string name) => Path.GetFullPath(_loras.Write($"{name}.safetensors"));

    private static (string High, string Low) Files(ClipSettings settings) =>
        (Assert.Single(settings.HighNoiseLoras!).File, Assert.Single(settings.LowNoiseLoras!).File);

    private static LoraUses Uses(string text)
    {
        Assert.True(LoraUses.TryParse(text, out var uses));
        return uses;
    }

    private ClipSettings Apply(ClipSettings request, string form = Pairs)
    {
        var models = $$$"""{"{{{_model.Name}}}": {{{form}}} }""";
        File.WriteAllText(_folder["presets.json"], $$"""{"mine": {"models": {{models}} } }""");
        return new PresetChoice(PresetCatalog.Load([_folder["presets.json"]])).Apply(request with { Preset = "mine" }, _model);
    }
}
