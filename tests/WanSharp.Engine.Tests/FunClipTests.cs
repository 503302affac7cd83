using WanSharp.Engine.Denoising;
using WanSharp.Engine.Features;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Graphs;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests;

/// <summary>Clips of VideoX-Fun's models: what is given reaches them, and what they cannot take is refused.</summary>
[Collection("alone")]
public sealed class FunClipTests(TinyEngine engine) : IDisposable
{
    private const int Frames = 9;

    private readonly LiveObjects _live = new();
    private readonly TemporaryFolder _folder = new();
    private readonly Stack<IDisposable> _all = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static ConditioningImage Image => new(new RgbImage(64, 32, [.. Enumerable.Range(0, 3 * 64 * 32).Select(i => (byte)i)]));

    private static ConditioningImage Last =>
        new(new RgbImage(64, 32, [.. Enumerable.Range(0, 3 * 64 * 32).Select(i => (byte)(i / 3))]), -1);

    public void Dispose()
    {
        while (_all.TryPop(out var one))
        {
            one.Dispose();
        }

        _folder.Dispose();
        _live.AssertNoneIsLeft();
    }

    [Theory]
    [InlineData("wan2.1-fun-1.3b-inp")]
    [InlineData("wan2.2-fun-a14b-inp")]
    [InlineData("wan2.2-fun-5b-inp")]
    public async Task Generate_OfInp_TakesNoneTheFirstOrBoth(string variant)
    {
        var generator = Open(variant);

        await AssertAllDifferAsync(generator, Plain, From(Image), From(Image, Last), From(Image, Last) with { Frames = 13 });
        Refused(generator, From(Last), "image", "first and the last");
        Refused(generator, From(Image, Image with { LatentFrame = 1 }), "image", "first and the last");
        Refused(generator, Plain with { Control = "depth.mp4" }, "control", "fun-control-1.3b");
        Refused(generator, Plain with { References = "hat.png" }, "reference", "vace-1.3b");
        Refused(generator, Plain with { Camera = "static" }, "camera", "fun-camera-1.3b");
    }

    [Theory]
    [InlineData("wan2.1-fun-1.3b-control")]
    [InlineData("wan2.2-fun-a14b-control")]
    [InlineData("wan2.2-fun-5b-control")]
    public async Task Generate_OfControl_FollowsItAndShowsTheReference(string variant)
    {
        var generator = Open(variant);
        var picture = Picture("control.bmp", x => (byte)(4 * x));
        var other = Picture("other.bmp", x => (byte)(255 - (4 * x)));
        var control = Plain with { Control = picture };
        var (shown, begun) = (control with { References = other }, control with { Images = [Image] });

        await AssertAllDifferAsync(
            generator,
            control,
            control with
            {
                Control = other,
            },
            control with
            {
                ControlFrom = "canny",
            },
            shown,
            begun,
            begun with
            {
                References = other,
            }
        );
        var plan = generator.Plan(control);
        Assert.Equal((4, 3, 1), ((int)plan.Latents[2], plan.LatentFrames, plan.ReferenceFrames)); // one, given or not
        Refused(generator, Plain, "control", "--control");
        Refused(generator, control with { References = $"{picture};{other}" }, "reference", "takes one");
        Refused(generator, control with { Mask = picture }, "mask", "vace-1.3b");
        Refused(generator, control with { Outpaint = new([0.5, 0, 0, 0]) }, "outpaint", "vace-1.3b");
        Refused(generator, control with { ControlStrength = 0.5 }, "control-strength", "vace-1.3b");
        Refused(generator, control with { Camera = "static" }, "camera", "fun-camera-1.3b");
        var hasMask = variant.StartsWith("wan2.2", StringComparison.Ordinal);
        if (!hasMask)
        {
            Refused(generator, control with { Images = [Image, Last] }, "image", "no other");
            Refused(generator, control with { Images = [Image], Frames = 1 }, "frames", "at least 5");
        }
        else
        {
            Assert.Equal([0, 2], generator.Plan(control with { Images = [Image, Last] }).GivenFrames.Keys.Order());
        }
    }

    [Theory]
    [InlineData("wan2.1-fun-1.3b-camera")]
    [InlineData("wan2.2-fun-a14b-camera")]
    [InlineData("wan2.2-fun-5b-camera")]
    public async Task Generate_OfCamera_FollowsIt(string variant)
    {
        var generator = Open(variant);
        var camera = Plain with { Camera = "pan-left" };
        const string Still = "0 0.532139961 0.946026558 0.5 0.5 0 0 1 0 0 0 0 1 0 0 0 0 1 0";
        var file = _folder.Write("still.txt", $"a clip\n{string.Join('\n', Enumerable.Repeat(Still, Frames))}\n");

        await AssertAllDifferAsync(
            generator,
            camera,
            camera with
            {
                CameraSpeed = 2,
            },
            camera with
            {
                Camera = "pan-left+zoom-in",
            },
            camera with
            {
                Camera = "clockwise",
            },
            camera with
            {
                Camera = "static",
            },
            camera with
            {
                Images = [Image],
            }
        );
        Assert.Equal(
            await GenerateAsync(generator, camera with { Camera = "static" }),
            await GenerateAsync(generator, camera with { Camera = file })
        );
        Refused(generator, Plain, "camera", "pan-left");
        Refused(generator, Plain with { Camera = "roll" }, "camera", "pan-left");
        Refused(generator, camera with { CameraSpeed = 11 }, "camera-speed", "10");
        Refused(generator, Plain with { Camera = file, CameraSpeed = 2 }, "camera-speed", "leave --camera-speed out");
        Refused(generator, Plain with { CameraSpeed = 2 }, "camera-speed", "--camera");
        Refused(generator, Plain with { Camera = $"{file}@1-2" }, "camera", "no seconds");
        Refused(generator, Plain with { Camera = "static+static+static+static+static" }, "camera", "more than 4");
        Refused(generator, camera with { Control = "depth.mp4" }, "control", "fun-control-1.3b");
    }

    [Fact]
    public async Task Generate_OfACameraFileThatIsTooShortOrNone_IsRefusedBeforeAnythingRuns()
    {
        var generator = Open("wan2.1-fun-1.3b-camera");
        string[] lines = [.. Enumerable.Repeat("0 0.5 0.9 0.5 0.5 0 0 1 0 0 0 0 1 0 0 0 0 1 0", Frames)];
        (string Text, string Says)[] wrong =
        [
            (string.Join('\n', lines[1..].Prepend("url")), "the cameras of 8 frames"),
            ("a\nb c d", "line 2: it is not 19 numbers"),
            (string.Join('\n', lines.Append(lines[0])), "line 1: it is a camera"),
            (string.Join('\n', ["url", .. lines[..3], lines[3].Replace("0.9", "nan"), .. lines[4..]]), "line 5"),
            (string.Join('\n', ["url", .. lines[..3], lines[3].Replace("1 0 0 0 0 1", "1 0 0 0 0 0"), .. lines[4..]]), "three ways"),
        ];
        foreach (var (text, says) in wrong)
        {
            var plan = generator.Plan(Plain with { Camera = _folder.Write("poses.txt", text) });

            var error = await Assert.ThrowsAsync<InvalidRequestException>(() => RunAsync(generator, plan));

            Assert.Equal("camera", error.Field);
            Assert.Contains(says, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Plan_OfCameras_HasAnIdentityOfItsOwn_AndIsMadeAgainFromWhatIsEmbedded()
    {
        var generator = Open("wan2.1-fun-1.3b-camera");
        var line = "0 0.5 0.9 0.5 0.5 0 0 1 0 0 0 0 1 0 0 0 0 1 0\n";
        var one = _folder.Write("one.txt", "a\n" + line);
        var other = _folder.Write("other.txt", "b\n" + line);
        string Of(GenerationRequest request) => generator.Plan(request).LatentIdentity;

        string[] all =
        [
            Of(Plain with { Camera = "pan-left" }),
            Of(Plain with { Camera = "pan-right" }),
            Of(Plain with { Camera = "pan-left", CameraSpeed = 0.5 }),
            Of(Plain with { Camera = one }),
            Of(Plain with { Camera = other }),
        ];

        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.Equal(all[0], Of(Plain with { Camera = "pan-left", CameraSpeed = 1 }));
        var settings = generator.Plan(Plain with { Camera = "pan-left+zoom-in", CameraSpeed = 0.5 }).Settings;
        Assert.Equal(("pan-left+zoom-in", 0.5), (settings.ToRequested().Camera, settings.ToRequested().CameraSpeed));
        Assert.Equal("one.txt", generator.Plan(Plain with { Camera = one }).Settings.ToRequested().Camera);
        Assert.Equal(settings.ToJson(), GenerationSettings.FromJson(settings.ToJson())!.ToJson());
    }

    [Theory]
    [InlineData("wan2.1-fun-1.3b-control")]
    [InlineData("wan2.2-fun-5b-control")]
    [InlineData("wan2.2-fun-a14b-camera")]
    public async Task Generate_FromASnapshot_EndsWithTheSameClip(string variant)
    {
        var generator = Open(variant);
        var request = Followed(variant) with { Images = [Image], Steps = 4 };
        var whole = await GenerateAsync(generator, request);
        DenoiseSnapshot? kept = null;
        await using var first = new FrameList();
        var keeping = new GenerationRunOptions
        {
            SaveInterval = TimeSpan.Zero,
            Save = (snapshot, _) =>
            {
                kept ??= snapshot; // one that comes while the last is kept is left out
                return ValueTask.CompletedTask;
            },
        };
        await generator.GenerateAsync(generator.Plan(request), first, keeping, Token);
        await using var frames = new FrameList();

        var statistics = await generator.GenerateAsync(generator.Plan(request), frames, new GenerationRunOptions { Resume = kept }, Token);

        Assert.Equal(4 - kept!.NextStep, statistics.Steps);
        Assert.Equal(whole, Text(frames));
    }

    [Theory]
    [InlineData("wan2.1-fun-1.3b-control")]
    [InlineData("wan2.2-fun-5b-control")]
    [InlineData("wan2.2-fun-a14b-camera")]
    public async Task Generate_InEightBitIntegers_MakesAClip(string variant)
    {
        var generator = Open(variant, new TransformerOptions { Quantization = Quantization.EightBit });

        Assert.Equal(
            2 * 3 * 64 * 32 * Frames,
            (await GenerateAsync(generator, Followed(variant) with { Images = [Image] })).Length - (Frames - 1)
        );
    }

    [Theory]
    [InlineData("wan2.1-fun-1.3b-control")]
    [InlineData("wan2.2-fun-5b-control")]
    [InlineData("wan2.2-fun-a14b-camera")]
    public async Task Generate_WithALoraOfPlainWan_GivesAnotherClip(string variant)
    {
        var generator = Open(variant);
        const string Layer = "diffusion_model.blocks.1.ffn.0";
        using var down = Tensor.CopyOf<float>([1, 128], [.. Enumerable.Range(0, 128).Select(i => 0.1f * (i % 7))]);
        using var up = Tensor.CopyOf<float>([32, 1], [.. Enumerable.Range(0, 32).Select(i => 0.1f * (i % 5))]);
        SafetensorsWriter.Write(
            _folder["style.safetensors"],
            new Dictionary<string, Tensor> { [$"{Layer}.lora_A.weight"] = down, [$"{Layer}.lora_B.weight"] = up }
        );
        Assert.True(LoraUses.TryParse(_folder["style.safetensors"], out var loras));
        var request = Followed(variant);

        await AssertAllDifferAsync(generator, request, request with { Loras = loras });
    }

    [Fact]
    public async Task Generate_OfAControlThatEndsEarly_FollowsTheFramesThatItHas()
    {
        var generator = Open("wan2.1-fun-1.3b-control");
        var (early, whole) = (await ClipAsync("early.webm", frames: 6), await ClipAsync("whole.webm", frames: Frames));

        await AssertAllDifferAsync(generator, Plain with { Control = early, Fps = 4 }, Plain with { Control = whole, Fps = 4 });
        var plan = generator.Plan(Plain with { Control = early, Fps = 4 });
        var frames = await new ControlReader(new ControlSource(() => Ffmpegs.Any)).ReadAsync(plan, Token);
        Assert.Equal((6, Frames), (frames.Filled, frames.Count));
    }

    [Theory]
    [InlineData("wan2.1-t2v-1.3b")]
    [InlineData("wan2.1-vace-1.3b")]
    public void Plan_OfAModelWithoutACamera_SaysWhichHasOne(string variant) =>
        Refused(Open(variant), Plain with { Camera = "pan-left" }, "camera", "fun-camera-1.3b");

    private static GenerationRequest Plain =>
        new()
        {
            Prompt = "a red circle",
            Seed = 7,
            Width = 64,
            Height = 32,
            Frames = Frames,
            Steps = 1, // shows what reaches the network as well as more would
        };

    private static GenerationRequest From(params ConditioningImage[] images) => Plain with { Images = images };

    private GenerationRequest Followed(string variant) =>
        variant.EndsWith("-camera", StringComparison.Ordinal)
            ? Plain with
            {
                Camera = "zoom-in",
            }
            : Plain with
            {
                Control = Picture("followed.bmp", x => (byte)(3 * x)),
            };

    private VideoGenerator Open(string variant, TransformerOptions? options = null)
    {
        var networks = Own(new TinyNetworks(variant));
        var model = Own(WanModel.Open(new ToolFolders(networks, _folder[variant]).Write("official")));
        Assert.Equal(variant, model.Name);
        return Own(
            new VideoGenerator(model, engine.Runtime, new SessionSettings(), options, new EngineOptions { Ffmpeg = () => Ffmpegs.Any })
        );
    }

    private T Own<T>(T one)
        where T : IDisposable
    {
        _all.Push(one);
        return one;
    }

    private static void Refused(VideoGenerator generator, GenerationRequest request, string field, string says)
    {
        var error = Assert.Throws<InvalidRequestException>(() => generator.Plan(request));
        Assert.Equal(field, error.Field);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    private static async Task AssertAllDifferAsync(VideoGenerator generator, params GenerationRequest[] requests)
    {
        var clips = new List<string>();
        foreach (var request in requests)
        {
            clips.Add(await GenerateAsync(generator, request));
        }

        Assert.Equal(clips.Count, clips.Distinct().Count());
        Assert.Equal(clips[0], await GenerateAsync(generator, requests[0]));
    }

    private static Task<string> GenerateAsync(VideoGenerator generator, GenerationRequest request) =>
        RunAsync(generator, generator.Plan(request));

    private static async Task<string> RunAsync(VideoGenerator generator, GenerationPlan plan)
    {
        await using var frames = new FrameList();
        await generator.GenerateAsync(plan, frames, new GenerationRunOptions(), Token);
        Assert.Equal(plan.Settings.Frames, frames.Frames.Count);
        return Text(frames);
    }

    private static string Text(FrameList frames) => string.Join('\n', frames.Frames.Select(Convert.ToHexString));

    /// <summary>A grey clip of four frames a second, each lighter than the one before.</summary>
    private async Task<string> ClipAsync(string name, int frames)
    {
        await using var writer = VideoWriter.Create(
            Ffmpegs.Any,
            OutputTarget.Parse(_folder[name]),
            new ClipFormat(64, 32, frames, 4),
            settings: null
        );
        for (var frame = 0; frame < frames; frame++)
        {
            await writer.WriteAsync(Enumerable.Repeat((byte)(20 * frame), 3 * 64 * 32).ToArray(), Token);
        }

        await writer.CompleteAsync(Token);
        return _folder[name];
    }

    /// <summary>A picture whose columns have these levels of red.</summary>
    private string Picture(string name, Func<int, byte> level)
    {
        const int Width = 64;
        const int Height = 32;
        var pixels = Enumerable.Range(0, Width * Height).SelectMany(i => new[] { (byte)0, (byte)0, level(i % Width) }).ToArray();
        using var file = new BinaryWriter(File.Create(_folder[name])); // a BMP of 24 bits: 14 bytes, 40 bytes, rows of whole words
        file.Write("BM"u8);
        Array.ForEach([54 + pixels.Length, 0, 54, 40, Width, Height, (24 << 16) | 1, 0, pixels.Length, 0, 0, 0, 0], file.Write);
        file.Write(pixels);
        return _folder[name];
    }
}
