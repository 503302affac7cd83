using WanSharp.Engine.Decoding;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Scheduling;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Scheduling;

/// <summary>Features, steps, snapshots and finished clips are known by a plan's identity: whatever changes them must be in it.</summary>
public sealed class ClipIdentityTests(TinyEngine engine)
{
    /// <summary>What does not change a clip: names, files, memory.</summary>
    private static readonly string[] Harmless =
    [
        nameof(SessionSettings.Name),
        nameof(SessionSettings.MemoryPattern),
        nameof(SessionSettings.Dimensions),
        nameof(SessionSettings.OptimizedModelPath),
        nameof(SessionSettings.ProfilePathPrefix),
        nameof(TransformerOptions.CacheFolder),
        nameof(TransformerOptions.WeightsFolder),
        nameof(GenerationSettings.ModelFiles),
        nameof(GenerationSettings.Preset), // its settings are there, one by one
        nameof(GenerationSettings.Decoder), // of the latents: what is decoded, and what becomes of it, is in the clip's identity
        nameof(GenerationSettings.Interpolate),
        nameof(GenerationSettings.Upscale),
        nameof(GenerationSettings.UpscaleHeight),
    ];

    private readonly GenerationPlan _plan = PlanOf(engine, new EngineOptions());

    [Fact]
    public void OfLatents_WithAnySettingChanged_IsAnother()
    {
        var known = new HashSet<string> { Identity(_plan) };
        foreach (var (settings, name) in Variations.Of(_plan.Settings, Harmless))
        {
            Assert.True(known.Add(Identity(_plan with { Settings = settings })), name);
        }
    }

    [Fact]
    public void OfLatents_WithAnyOptionOfWhatComputesChanged_IsAnother()
    {
        var known = new HashSet<string> { Identity(_plan) };
        foreach (var (session, name) in Variations.Of(new SessionSettings(), Harmless))
        {
            Assert.True(known.Add(Identity(_plan, session)), name);
        }

        foreach (var (transformer, name) in Variations.Of(new TransformerOptions(), Harmless))
        {
            Assert.True(known.Add(Identity(_plan, transformer: transformer)), name);
        }
    }

    [Fact]
    public void OfLatents_NamesEveryPartOfTheModelAndTheBuild()
    {
        var identity = Identity(_plan);
        Assert.All(
            Enum.GetNames<ModelPart>().Except([nameof(ModelPart.None), nameof(ModelPart.All)]),
            part => Assert.Contains($"\n{part}: ", identity)
        );
        Assert.Contains(EngineBuild.Identity, identity);
    }

    [Fact]
    public void Plan_ForTiles_IsAnotherClipOfTheSameLatents()
    {
        var tiled = PlanOf(engine, new EngineOptions { VaeTile = VaeTileChoice.Of(48, 48) });
        Assert.NotNull(tiled.VaeTiles);
        Assert.NotEqual(_plan.Identity, tiled.Identity);
        Assert.Equal(_plan.LatentIdentity, tiled.LatentIdentity);
        Assert.Equal(_plan.Identity, PlanOf(engine, new EngineOptions { BatchSize = 2 }).Identity);
    }

    [Fact]
    public void Plan_ForTilesInWhichAnImageIsEncoded_HasOtherLatents()
    {
        var image = new ConditioningImage(new RgbImage(96, 96, new byte[96 * 96 * 3]));
        var whole = PlanOf(engine, new EngineOptions { VaeTile = VaeTileChoice.Off }, image);
        var tiled = PlanOf(engine, new EngineOptions { VaeTile = VaeTileChoice.Of(48, 48) }, image);
        Assert.NotEqual(whole.LatentIdentity, tiled.LatentIdentity);
    }

    [Fact]
    public void Plan_InterpolatedByAnotherFfmpeg_IsAnotherClipOfTheSameLatents()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["ffmpeg"], "one");
        using var generator = new VideoGenerator(
            engine.Model,
            engine.Runtime,
            new SessionSettings(),
            options: new EngineOptions { Ffmpeg = () => folder["ffmpeg"] }
        );
        var request = new GenerationRequest
        {
            Prompt = "a red circle",
            Interpolate = "ffmpeg",
            Fps = 2 * engine.Model.Defaults.Fps,
        };

        var before = generator.Plan(request);
        File.WriteAllText(folder["ffmpeg"], "updated");
        var after = generator.Plan(request);

        Assert.NotEqual(before.Identity, after.Identity);
        Assert.Equal(before.LatentIdentity, after.LatentIdentity);
    }

    [Fact]
    public void Difference_NamesWhatDiffersWithItsValues()
    {
        Assert.Equal(
            "threads (2 of 4, now 4 of 4) and tokens at once (none, now 512) and settings",
            ClipIdentity.Difference(
                $"threads: 2 of 4\ntokens at once: \nsettings: {new string('a', 99)}\nprovider: cpu",
                $"threads: 4 of 4\ntokens at once: 512\nsettings: {new string('b', 99)}\nprovider: cpu"
            )
        );
    }

    [Fact]
    public void Build_NamesEveryAssemblyThatTheEngineIsMadeOf()
    {
        var known = EngineBuild.Types.Select(type => type.Assembly).ToHashSet();
        foreach (var assembly in known.ToList())
        {
            var used = assembly.GetReferencedAssemblies().Where(name => name.Name!.StartsWith("WanSharp.", StringComparison.Ordinal));
            Assert.All(used, name => Assert.Contains(known, one => one.GetName().Name == name.Name));
        }
    }

    private static GenerationPlan PlanOf(TinyEngine engine, EngineOptions options, params ConditioningImage[] images)
    {
        using var generator = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings(), options: options);
        return generator.Plan(
            new GenerationRequest
            {
                Prompt = "a red circle",
                Width = 96,
                Height = 96,
                Images = images,
            }
        );
    }

    private string Identity(GenerationPlan plan, SessionSettings? session = null, TransformerOptions? transformer = null) =>
        new ClipIdentity(engine.Model, engine.Runtime, session ?? new SessionSettings(), transformer).OfLatents(plan);
}
