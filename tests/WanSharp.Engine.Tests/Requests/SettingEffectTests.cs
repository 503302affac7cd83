using WanSharp.Engine.Decoding;
using WanSharp.Engine.Enhancing;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Models.Loras;
using WanSharp.Storage;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Requests;

/// <summary>A setting that is accepted is in the plan: none is ignored without a word.</summary>
public sealed class SettingEffectTests(SettingEffectTests.Model model) : IClassFixture<SettingEffectTests.Model>
{
    private const string Style = "style_lightx2v.safetensors";
    private const string Upscaler = "large";
    private const string Picture = "picture.bmp";

    /// <summary>Values that the model can take, where neither an example nor a choice of the row is one.</summary>
    private static readonly Dictionary<string, string> Values = new(StringComparer.Ordinal)
    {
        ["preset"] = "quick",
        ["negative"] = "blurry",
        ["width"] = "64",
        ["height"] = "64",
        ["frames"] = "9",
        ["seconds"] = "1",
        ["fps"] = "7",
        ["context_frames"] = "9",
        ["context_overlap"] = "8",
        ["steps"] = "3",
        ["shift"] = "2",
        ["sigmas"] = "1,0.9,0.8,0.6",
        ["timesteps"] = "999,800,700,500",
        ["boundary"] = "0.7",
        ["guidance"] = "3",
        ["guidance_high"] = "4",
        ["cfg_zero"] = "1",
        ["slg"] = "1@0-0.5",
        ["riflex"] = "1",
        ["sampler"] = "euler",
        ["interpolate"] = "ffmpeg",
        ["upscale"] = Upscaler,
        ["upscale_height"] = "64",
        ["seed"] = "5",
        ["lora"] = Style,
        ["lora_high"] = Style,
        ["lora_low"] = Style,
        ["control"] = Picture,
        ["control_strength"] = "0.5",
        ["mask"] = Picture,
        ["reference"] = Picture,
        ["camera"] = "pan-left+zoom-in",
        ["camera_speed"] = "0.5",
    };

    public static TheoryData<string> Names => [.. SettingFields.Stored.Select(one => one.Name)];

    public static TheoryData<string, string> Rivals =>
        [
            .. from one in SettingFields.Stored
            from other in one.Excludes.Select(name => SettingFields.Find(name)!)
            where !other.IsComposite
            select (one.Name, other.Name),
        ];

    private static GenerationRequest Base =>
        new()
        {
            Prompt = "a red circle",
            Width = 32,
            Height = 32,
            Frames = 5,
            Steps = 4,
            Images = [new ConditioningImage(new RgbImage(32, 32, new byte[3 * 32 * 32]))],
        };

    [Theory]
    [MemberData(nameof(Names))]
    public void ASetting_ThatIsAccepted_ChangesWhatTheClipEmbeds(string name)
    {
        var field = SettingFields.Find(name)!;
        var without = name switch // some say nothing alone
        {
            "upscale_height" => Base with { Upscale = Upscaler },
            "context_frames" => Base with { Frames = 17 },
            "context_overlap" => Base with { Frames = 17, ContextFrames = 13 },
            "mask_shows" => Base with { Control = Picture, Mask = Picture },
            "camera_speed" => Base with { Camera = "static" },
            "control_from" or "mask" or "outpaint" => Base with { Control = Picture },
            "camera" => Base with { Camera = "static" }, // which its models must have
            _ => Base,
        };

        Assert.True(field.TrySet(without, ValueOf(field), out var with), $"say in this test which value {name} can have");

        Assert.NotEqual(Embedded(without), Embedded(with));
    }

    /// <summary>A program sets properties one by one, and nothing clears those that the last one replaces.</summary>
    [Theory]
    [MemberData(nameof(Rivals))]
    public void SettingsThatSayTheSame_AreRefusedTogether(string name, string other)
    {
        var settings = new[] { name, other }.Select(one => SettingFields.Find(one)!).Select(field => Only(field)).ToList();
        var both = Base with { Frames = null };
        foreach (var property in typeof(ClipSettings).GetProperties())
        {
            if (settings.Select(property.GetValue).FirstOrDefault(value => value is not null) is { } value)
            {
                property.SetValue(both, value);
            }
        }

        var error = Assert.Throws<InvalidRequestException>(() => Embedded(both));

        Assert.Contains("were both given: give only one.", error.Message, StringComparison.Ordinal);
    }

    private ClipSettings Only(SettingField field)
    {
        Assert.True(field.TrySet(new ClipSettings(), ValueOf(field), out var only));
        return only;
    }

    private string Embedded(GenerationRequest request) => model.Plan(request).ToJson();

    private string ValueOf(SettingField field) =>
        Values.GetValueOrDefault(field.Name)
        ?? field switch
        {
            { Choices: [.., var last] } => last,
            { Example: { } example } => example,
            { Name: "decoder" or "encoder" } => model.Vae,
            _ => "",
        };

    /// <summary>A model of two experts that takes images, a LoRA and a preset for it.</summary>
    public sealed class Model : IDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private readonly TinyNetworks _networks = new("wan2.2-i2v-a14b");
        private readonly WanModel _model;
        private readonly DecoderShelf _decoders;
        private readonly EnhancerShelf _enhancers;
        private readonly PresetChoice _presets;
        private readonly TinyNetworks _controlled = new("wan2.1-vace-1.3b");
        private readonly WanModel _follower;
        private readonly DecoderShelf _controls;
        private readonly TinyNetworks _filmed = new("wan2.1-fun-1.3b-camera");
        private readonly WanModel _filming;

        public Model()
        {
            _follower = WanModel.Open(new ToolFolders(_controlled, _folder["follower"]).Write("official"));
            _controls = new DecoderShelf(_follower, [_folder["."]]);
            _filming = WanModel.Open(new ToolFolders(_filmed, _folder["filming"]).Write("official"));
            File.WriteAllText(_folder[Picture], "BM");
            _model = WanModel.Open(
                new ToolFolders(_networks, _folder["model"]).Write("official"),
                loras: new LoraPlaces([_folder["loras"]], null)
            );
            new CommunityLoras(_networks.Transformer, _folder["loras"]).Write(Style);
            File.WriteAllText(
                _folder["presets.json"],
                $$$"""{"quick": {"models": {"{{{_model.Name}}}": {"settings": {"shift": 2} } } } }"""
            );
            _presets = new PresetChoice(PresetCatalog.Load([_folder["presets.json"]]));
            _decoders = new DecoderShelf(_model, []);
            _enhancers = new EnhancerShelf([_folder["."]], hub: null, new FileDigests(folder: null));
            Upscalers.Write(_folder[$"{Upscaler}.safetensors"], Upscalers.Compact());
        }

        public string Vae => _model.Parts.Vae;

        public GenerationSettings Plan(GenerationRequest request) =>
            request.Camera is not null ? GenerationPlanner.Sketch(request, _filming, presets: _presets, enhancers: _enhancers).Settings
            : ControlFields.All.Any(field => field.Get(request) is not null)
                ? GenerationPlanner.Sketch(request, _follower, decoders: _controls, presets: _presets, enhancers: _enhancers).Settings
            : GenerationPlanner.Sketch(request, _model, decoders: _decoders, presets: _presets, enhancers: _enhancers).Settings;

        public void Dispose()
        {
            _controls.Dispose();
            _follower.Dispose();
            _filming.Dispose();
            _filmed.Dispose();
            _controlled.Dispose();
            _decoders.Dispose();
            _enhancers.Dispose();
            _model.Dispose();
            _networks.Dispose();
            _folder.Dispose();
        }
    }
}
