using WanSharp.Engine;
using WanSharp.Engine.Decoding;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Hosting;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Testing;
using WanSharp.Tools.Optimize;

namespace WanSharp.Tools.Tests.Optimize;

public sealed class SavedFrontTests(TinyEngine engine)
{
    private static readonly EngineSettings Usual = new();

    private static readonly GenerationRequest Circle = new()
    {
        Prompt = "a red circle",
        Seed = 1,
        Steps = 4,
    };

    /// <summary>Whatever a clip costs or loses depends on has a front of its own.</summary>
    private static readonly Func<GenerationSettings, GenerationSettings>[] Clips =
    [
        clip => clip with { Width = 64 },
        clip => clip with { Frames = 5 },
        clip => clip with { Fps = 48 },
        clip => clip with { Steps = 9 },
        clip => clip with { GuidanceScale = 1 },
        clip => clip with { Shift = 9 },
        clip => clip with { Nag = new(5) },
        clip => clip with { Upscale = new UsedNetwork("large", "00", 4) },
        clip => clip with { Upscale = new UsedNetwork("large", "01", 4) },
        clip => clip with { Interpolate = new UsedInterpolation("rife", "00", 8) },
        clip => clip with { Encoder = new UsedNetwork("other", "00", 1) },
        clip => clip with { Loras = [new GenerationSettings.EmbeddedLora("a", "00", "1")] },
        clip => clip with { Loras = [new GenerationSettings.EmbeddedLora("a", "01", "1")] },
        clip => clip with { Images = [new GenerationSettings.EmbeddedImage(0, "00")] },
        clip => clip with { Execution = new ExecutionSettings("CPU", "fp32", 7) },
    ];

    private static readonly EngineSettings[] Engines =
    [
        Usual with
        {
            Memory = new MemoryAmount(1 << 30),
        },
        Usual with
        {
            Memory = MemoryAmount.Auto,
        },
        Usual with
        {
            HostMemory = new MemoryAmount(1 << 30),
        },
        Usual with
        {
            ProviderOptions = new Dictionary<string, string> { ["device_id"] = "1" },
        },
        Usual with
        {
            Compile = CompileChoice.Default with { Compile = CompileMode.Whole },
        },
        Usual with
        {
            Options = new EngineOptions { LoraMode = LoraMode.Merged },
        },
        Usual with
        {
            Options = new EngineOptions { VaeTile = VaeTileChoice.Off },
        },
    ];

    [Fact]
    public void KeyOf_WhateverACostOrALossDependsOn_IsDistinct()
    {
        var plan = Plan();
        string[] clips = [.. Clips.Select(change => KeyOf(plan with { Settings = change(plan.Settings) }, Usual))];
        string[] engines = [.. Engines.Select(settings => KeyOf(plan, settings))];

        string[] all = [KeyOf(plan, Usual), .. clips, .. engines];

        Assert.Equal(all.Length, all.Distinct().Count());
    }

    [Fact]
    public void KeyOf_ClipsOfOtherPromptsAndPictures_IsTheSame()
    {
        var plan = Plan();
        var other = plan with { Settings = plan.Settings with { Prompt = "a blue star", NegativePrompt = "red", Seed = 7 } };
        var precise = Usual with { Precision = Precision.EightBit };

        Assert.Equal(KeyOf(plan, Usual), KeyOf(other, precise));
        Assert.Equal(KeyOf(WithImage("00"), Usual), KeyOf(WithImage("01"), Usual));

        GenerationPlan WithImage(string digest) =>
            plan with
            {
                Settings = plan.Settings with { Images = [new GenerationSettings.EmbeddedImage(0, digest)] },
            };
    }

    private GenerationPlan Plan()
    {
        var plan = GenerationPlanner.Sketch(Circle, engine.Model);
        return plan with { Settings = plan.Settings with { Execution = new ExecutionSettings("CPU", "fp32", 2) } };
    }

    private string KeyOf(GenerationPlan plan, EngineSettings settings) => SavedFront.KeyOf(engine.Model, plan, "1.30", settings);
}
