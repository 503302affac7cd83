using System.Text.Json.Nodes;
using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Models.Loras;
using WanSharp.Runtime;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Presets;

/// <summary>
/// Every shipped preset makes clips of a tiny model of its kind, with LoRAs that have the names and the layout of those that it is made
/// for.
/// </summary>
public sealed class PresetClipTests(RuntimeFixture fixture) : IDisposable
{
    private const string Text = "wan2.1-t2v-1.3b";
    private const string Images = "wan2.1-i2v-14b-480p";
    private const string Experts = "wan2.2-t2v-a14b";
    private const string ImageExperts = "wan2.2-i2v-a14b";
    private const string Both = "wan2.2-ti2v-5b";

    private readonly TemporaryFolder _folder = new();
    private readonly List<IDisposable> _owned = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Text)]
    [InlineData(Images)]
    [InlineData(Experts)]
    [InlineData(ImageExperts)]
    [InlineData(Both)]
    public async Task Generate_WithEveryShippedPreset_MakesAClipOfItsStepsAndLoras(string variant)
    {
        var forms = Forms(variant);
        using var generator = Open(variant, forms, out var loras);
        Assert.NotEmpty(forms);
        foreach (var (name, form) in forms)
        {
            var files = form.Loras is [var first, ..] ? first.Files.ToList() : [];
            files.ForEach(file => loras.Write(file));
            var settings = form.SettingsWith(form.Loras.Count > 0 ? form.Loras[0] : null);
            var request = Request(variant, name);

            var plan = generator.Plan(request);
            var frames = await FramesAsync(generator, request);

            Assert.Equal(5, frames.Count);
            Assert.Equal(settings.Steps ?? (settings.Sigmas ?? settings.Timesteps)!.Count, plan.Settings.Steps);
            Assert.Equal(settings.Sampler, plan.Settings.Sampler);
            Assert.Equal(settings.GuidanceSteps is null ? 1 : 2, plan.StepBranches.Max());
            Assert.Equal(files.Order(), plan.Loras.Loras.Select(lora => Path.GetFileName(lora.Path)).Order());
            Assert.False(plan.Loras.IsMerged, name); // one copy of the weights serves all of them
            if (files.Count > 0)
            {
                var without = plan.Settings.ToRequested() with { Preset = null, Loras = null, HighNoiseLoras = null, LowNoiseLoras = null };
                Assert.NotEqual(frames, await FramesAsync(generator, Again(without, request)));
            }
        }
    }

    [Theory]
    [InlineData(Experts)]
    [InlineData(ImageExperts)]
    public async Task Generate_InThreePhases_LeavesTheFirstStepWithoutLora(string variant)
    {
        var forms = Forms(variant);
        using var generator = Open(variant, forms, out var loras);
        var (name, form) = forms.Single(one => one.Name.StartsWith("three-phase-8", StringComparison.Ordinal));
        var (high, low) = (loras.Write(form.Loras[0].High!), loras.Write(form.Loras[0].Low!));
        var request = Request(variant, name);

        var plan = generator.Plan(request);
        var clip = await FramesAsync(generator, request);

        Assert.Equal([2, 1, 1, 1, 1, 1, 1, 1], plan.StepBranches);
        Assert.InRange(plan.HighNoiseSteps, 4, 5);
        var byHand = plan.Settings.ToRequested() with
        {
            Preset = null,
            HighNoiseLoras = Uses($"{high}:0@0,1@1-"),
            LowNoiseLoras = Uses(low),
        };
        Assert.Equal(clip, await FramesAsync(generator, Again(byHand, request)));
        Assert.NotEqual(clip, await FramesAsync(generator, Again(byHand with { HighNoiseLoras = Uses(high) }, request)));
    }

    public void Dispose()
    {
        _owned.Reverse();
        _owned.ForEach(one => one.Dispose());
        _folder.Dispose();
    }

    /// <summary>The shipped presets for models that a tiny one stands for, each form under a name of its own.</summary>
    private static List<(string Name, PresetForm Form)> Forms(string variant) =>
        [
            .. from preset in PresetCatalog.Shipped.All
            from form in preset.Value.Models.Index()
            where form.Item.Key.Split(',', StringSplitOptions.TrimEntries).Any(model => StandIn(model) == variant)
            select ($"{preset.Key}-{form.Index}", form.Item.Value),
        ];

    private static string StandIn(string model) =>
        model switch
        {
            "wan2.1-t2v-14b" => Text,
            "wan2.1-i2v-14b-720p" => Images,
            _ => model,
        };

    /// <summary>A tiny model whose presets are the shipped ones.</summary>
    private VideoGenerator Open(string variant, List<(string Name, PresetForm Form)> forms, out CommunityLoras loras)
    {
        var networks = Own(new TinyNetworks(variant));
        var path = new ToolFolders(networks, _folder["model"]).Write("official");
        var model = Own(WanModel.Open(path, loras: new LoraPlaces([_folder["loras"]], null)));
        loras = new CommunityLoras(networks.Transformer, _folder["loras"]);
        var shipped = JsonNode.Parse(File.ReadAllText(PathOfShipped()))!.AsObject();
        var mine = new JsonObject();
        foreach (var (name, _) in forms)
        {
            var end = name.LastIndexOf('-');
            var form = shipped[name[..end]]!["models"]!.AsObject().ElementAt(int.Parse(name[(end + 1)..])).Value!.DeepClone().AsObject();
            if (form["loras"] is null)
            {
                form.Remove("merged"); // the tiny checkpoint is what they are for, whatever its name
            }

            mine[name] = new JsonObject { ["models"] = new JsonObject { [model.Name] = form } };
        }

        File.WriteAllText(_folder["presets.json"], mine.ToJsonString());
        return new VideoGenerator(
            model,
            fixture.Runtime,
            new SessionSettings(),
            options: new EngineOptions { Presets = new PresetChoice(PresetCatalog.Load([_folder["presets.json"]])) }
        );
    }

    private string PathOfShipped()
    {
        using var stream = typeof(PresetCatalog).Assembly.GetManifestResourceStream("WanSharp.Engine.presets.json")!;
        using var file = File.Create(_folder["shipped.json"]);
        stream.CopyTo(file);
        return file.Name;
    }

    private static GenerationRequest Request(string variant, string preset) =>
        new()
        {
            Prompt = "a red circle",
            NegativePrompt = "blurry",
            Preset = preset,
            Width = 32,
            Height = 32,
            Frames = 5,
            Seed = 7,
            Images =
                preset.StartsWith("flf2v", StringComparison.Ordinal) ? [new(Picture(1)), new(Picture(2), -1)]
                : variant is Images or ImageExperts ? [new(Picture(1))]
                : [],
        };

    private static GenerationRequest Again(ClipSettings settings, GenerationRequest request) =>
        new(settings) { Prompt = request.Prompt, Images = request.Images };

    private static async Task<List<byte[]>> FramesAsync(VideoGenerator generator, GenerationRequest request)
    {
        await using var frames = new FrameList();
        await generator.GenerateAsync(generator.Plan(request), frames, null, Token);
        return frames.Frames;
    }

    private static LoraUses Uses(string text)
    {
        Assert.True(LoraUses.TryParse(text, out var uses));
        return uses;
    }

    private static RgbImage Picture(int seed) => new(32, 32, [.. Enumerable.Range(0, 3 * 32 * 32).Select(i => (byte)(i * seed * 7))]);

    private T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Add(part);
        return part;
    }
}
