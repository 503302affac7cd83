using WanSharp.Engine.Features;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests;

/// <summary>Clips of a model that follows a control: what is given reaches them, and what says nothing is refused.</summary>
[Collection("alone")]
public sealed class ControlClipTests : IDisposable
{
    private const int Width = 32;
    private const int Height = 16;
    private const int Frames = 9;

    private readonly LiveObjects _live = new();
    private readonly TinyEngine _engine;
    private readonly TemporaryFolder _folder = new();
    private readonly TinyNetworks _networks = new("wan2.1-vace-1.3b");
    private readonly WanModel _model;
    private readonly VideoGenerator _generator;

    public ControlClipTests(TinyEngine engine)
    {
        _engine = engine;
        new ToolFolders(_networks, _folder["model"]).Write("official");
        _model = WanModel.Open(_folder["model"]);
        _generator = new VideoGenerator(_model, engine.Runtime, new SessionSettings());
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static GenerationRequest Plain =>
        new()
        {
            Prompt = "a red circle",
            Seed = 7,
            Width = Width,
            Height = Height,
            Frames = Frames,
            Steps = 2,
        };

    public void Dispose()
    {
        _generator.Dispose();
        _model.Dispose();
        _networks.Dispose();
        _folder.Dispose();
        _live.AssertNoneIsLeft();
    }

    [Fact]
    public void Open_OfAVaceFolder_TellsWhatItIs()
    {
        Assert.Equal("wan2.1-vace-1.3b", _model.Name);
        Assert.True(_model.TakesControl);
        Assert.Equal(16, _model.Defaults.Shift);
    }

    [Fact]
    public async Task Generate_WithEachKindOfControl_GivesAClipOfItsOwn()
    {
        var picture = Picture("control.bmp", 40, 40, x => (byte)(6 * x));
        var mask = Picture("mask.bmp", 32, 16, x => (byte)(x < 10 ? 255 : 0));
        var image = await ImageReader.ReadAsync(Ffmpegs.Any, picture, Token);
        GenerationRequest[] requests =
        [
            Plain,
            Plain with
            {
                Control = picture,
            },
            Plain with
            {
                Control = picture,
                ControlStrength = 0.5,
            },
            Plain with
            {
                Control = picture,
                ControlFrom = "canny",
            },
            Plain with
            {
                Control = picture,
                ControlFrom = "luma",
            },
            Plain with
            {
                Control = picture,
                Mask = mask,
            },
            Plain with
            {
                Control = picture,
                Mask = mask,
                MaskShows = "control",
            },
            Plain with
            {
                Control = picture,
                Outpaint = new([0, 0, 0.5, 0]),
            },
            Plain with
            {
                References = picture,
            },
            Plain with
            {
                References = $"{picture}; {mask}",
            },
            Plain with
            {
                Images = [new ConditioningImage(image)],
            },
            Plain with
            {
                Images = [new ConditioningImage(image), new ConditioningImage(image, -1)],
            },
        ];
        var clips = new List<string>();
        foreach (var request in requests)
        {
            var frames = await GenerateAsync(request);
            Assert.Equal(Frames, frames.Count);
            clips.Add(string.Join('\n', frames.Select(Convert.ToHexString)));
        }

        Assert.Equal(clips.Count, clips.Distinct().Count());
        // a picture that is kept is the first frame
        var kept = await GenerateAsync(Plain with { Control = picture, Mask = "keep" });
        Assert.Equal(clips[^2], string.Join('\n', kept.Select(Convert.ToHexString)));
        Assert.Equal(clips[1], string.Join('\n', (await GenerateAsync(requests[1])).Select(Convert.ToHexString)));
    }

    [Fact]
    public void Plan_WithAnotherFileOrPart_HasAnotherIdentity()
    {
        var one = Picture("one.bmp", 32, 16, x => (byte)x);
        var other = Picture("other.bmp", 32, 16, x => (byte)(2 * x));
        var copy = _folder["copy.bmp"];
        File.Copy(one, copy);
        string Of(GenerationRequest request) => _generator.Plan(request).LatentIdentity;

        string[] all =
        [
            Of(Plain),
            Of(Plain with { Control = one }),
            Of(Plain with { Control = other }),
            Of(Plain with { Control = $"{one}@0.5-" }), // a picture has no seconds, which shows when it is read
            Of(Plain with { Control = $"{one}@0.5-2" }),
            Of(Plain with { Control = one, Mask = other }),
            Of(Plain with { Control = one, Mask = "keep" }),
            Of(Plain with { Control = one, ControlFrom = "canny" }),
            Of(Plain with { Control = one, ControlStrength = 0.5 }),
            Of(Plain with { References = one }),
            Of(Plain with { References = other }),
        ];

        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.Equal(Of(Plain with { Control = one }), Of(Plain with { Control = copy }));
        Assert.Equal(Of(Plain with { Control = one, ControlStrength = 1 }), Of(Plain with { Control = one }));
        var embedded = _generator.Plan(Plain with { Control = $"{one}@0.5-2", References = one }).Settings;
        Assert.Equal(("one.bmp@0.5-2", "one.bmp"), (embedded.ToRequested().Control, embedded.ToRequested().References));
        Assert.Equal(embedded.ToJson(), GenerationSettings.FromJson(embedded.ToJson())!.ToJson());
        Assert.DoesNotContain(_folder["."], embedded.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_WithAReference_DenoisesALatentFrameMoreAndShowsAsManyFrames()
    {
        var picture = Picture("hat.bmp", 20, 20, x => (byte)(12 * x));

        var plan = _generator.Plan(Plain with { References = $"{picture};{picture}" });

        Assert.Equal((5, 3, 2), ((int)plan.Latents[2], plan.LatentFrames, plan.ReferenceFrames));
        Assert.Equal(5 * 2, plan.Tokens);
        Assert.Equal(Frames, (await GenerateAsync(Plain with { References = picture })).Count);
    }

    [Fact]
    public async Task Generate_AfterTheFileChanged_IsRefused()
    {
        var picture = Picture("control.bmp", 32, 16, x => (byte)x);
        var plan = _generator.Plan(Plain with { Control = picture });
        Picture("control.bmp", 64, 16, x => (byte)x);
        await using var frames = new FrameList();

        await Assert.ThrowsAsync<InvalidRequestException>(() => _generator.GenerateAsync(plan, frames, new GenerationRunOptions(), Token));
    }

    [Theory]
    [InlineData("mask", "control", "mask.bmp", null)]
    [InlineData("outpaint", "control", null, "0.5,0,0.5,0")]
    public void Plan_OfWhatSaysSomethingOfAControlThatIsNotGiven_IsRefused(string field, string missing, string? mask, string? outpaint)
    {
        var request = Plain with { Mask = mask, Outpaint = outpaint is null ? null : new(outpaint.Split(',').Select(double.Parse)) };

        var error = Assert.Throws<InvalidRequestException>(() => _generator.Plan(request));

        Assert.Equal(field, error.Field);
        Assert.Contains($"--{missing}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_OfWhatContradictsItself_IsRefused()
    {
        var picture = Picture("control.bmp", 32, 16, x => (byte)x);
        var control = Plain with { Control = picture };
        (string Field, GenerationRequest Request)[] wrong =
        [
            ("control", Plain with { Control = _folder["none.mp4"] }),
            ("control-from", control with { ControlFrom = "depth" }),
            ("control-from", control with { ControlFrom = "canny", Mask = "keep" }),
            ("mask-shows", control with { MaskShows = "grey" }),
            ("mask-shows", control with { ControlFrom = "canny", Mask = picture, MaskShows = "grey" }),
            ("outpaint", control with { Outpaint = new([0.5, 0, 0.5, 0]) }),
            ("outpaint", control with { Outpaint = new([0.1, 0.1]) }),
            ("reference", Plain with { References = $"{picture}@1-2" }),
            ("control-strength", control with { ControlStrength = 3 }),
            ("slg", control with { Slg = Engine.Guidance.SkippedBlocks.Parse("0", null) }),
        ];

        Assert.All(wrong, one => Assert.Equal(one.Field, Assert.Throws<InvalidRequestException>(() => _generator.Plan(one.Request)).Field));
    }

    [Fact]
    public void Plan_OfAPlainModelWithAControl_SaysWhatToUse()
    {
        using var networks = new TinyNetworks("wan2.1-t2v-1.3b");
        using var model = WanModel.Open(new ToolFolders(networks, _folder["plain"]).Write("official"));

        var error = Assert.Throws<InvalidRequestException>(() => GenerationPlanner.Sketch(Plain with { Control = "depth.mp4" }, model));

        Assert.Equal("control", error.Field);
        Assert.Contains("vace-1.3b", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_OfAClip_TakesItsPartAtTheClipsRateAndMakesTheRest()
    {
        // 4 frames a second for 3 seconds: the brightness is the frame's number times 20
        var clip = await ClipAsync("clip.webm", frames: 12, fps: 4, frame => (byte)(20 * frame));

        var frames = await ReadAsync(Plain with { Control = $"{clip}@1-2.5", Fps = 4, Mask = "keep" });

        for (var frame = 0; frame < 6; frame++)
        {
            Assert.InRange(frames.PictureOf(frame)![0], (20 * (frame + 4)) - 6, (20 * (frame + 4)) + 6); // the codec's loss
            Assert.All(frames.MaskOf(frame)!, value => Assert.Equal(ControlFrames.Kept, value));
        }

        Assert.Equal((null, null), (frames.PictureOf(6), frames.MaskOf(6))); // what follows is made
    }

    [Fact]
    public async Task Read_OfALongerClip_TakesAsMuchAsTheClipHas()
    {
        var clip = await ClipAsync("clip.webm", frames: 30, fps: 8, frame => (byte)(8 * frame));

        var frames = await ReadAsync(Plain with { Control = clip, Fps = 8 });

        Assert.Equal(Frames, frames.Count);
        Assert.InRange(frames.PictureOf(Frames - 1)![0], 58, 70);
        Assert.Null(frames.MaskOf(0)); // all is made after it
    }

    [Fact]
    public async Task Read_WithAShorterMask_IsRefused()
    {
        var clip = await ClipAsync("clip.webm", frames: 9, fps: 4, frame => (byte)frame);
        var mask = await ClipAsync("mask.webm", frames: 4, fps: 4, _ => 255);

        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => ReadAsync(Plain with { Control = clip, Mask = mask, Fps = 4 }));

        Assert.Contains("has 4 frames", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_WithAMaskAndEdges_KeepsTheRestAsItIs()
    {
        var picture = Picture("control.bmp", Width, Height, x => (byte)(x < 16 ? 0 : 255));
        var mask = Picture("mask.bmp", Width, Height, x => (byte)(x >= 8 ? 255 : 0));

        var frames = await ReadAsync(Plain with { Control = picture, Mask = mask, ControlFrom = "canny" });

        var row = Enumerable.Range(0, Width).Select(x => frames.PictureOf(0)![3 * x]).ToList();
        Assert.All(row[..8], value => Assert.Equal(0, value));
        Assert.Single(row[8..], value => value == 255);
        Assert.Equal(Width - 9, row[8..].Count(value => value == 0));
    }

    /// <summary>What is grey in a mask is divided at a half for the pictures, and given to the network as it is.</summary>
    [Fact]
    public async Task Read_WithAGreyMask_KeepsItsGrey()
    {
        var picture = Picture("control.bmp", Width, Height, _ => 77);
        var mask = Picture("mask.bmp", Width, Height, x => (byte)(8 * x));

        var frames = await ReadAsync(Plain with { Control = picture, Mask = mask, MaskShows = "control" });

        Assert.Equal(Enumerable.Range(0, Width).Select(x => (byte)(8 * x)), frames.MaskOf(0)![..Width]);
        Assert.Equal([false, true], new byte[] { 127, 128 }.Select(ControlFrames.IsMade));
    }

    [Fact]
    public async Task Read_WithOutpainting_PutsTheClipInItsPlace()
    {
        var picture = Picture("control.bmp", 16, 16, _ => 77);

        var frames = await ReadAsync(Plain with { Control = picture, Outpaint = new([0.25, 0, 0.25, 0]) });

        var mask = frames.MaskOf(0)!;
        Assert.Equal(77, frames.PictureOf(0)![3 * 8]);
        Assert.All(mask[8..24], value => Assert.Equal(ControlFrames.Kept, value));
        Assert.All(mask[..8].Concat(mask[24..32]), value => Assert.Equal(ControlFrames.Made, value));
        Assert.Equal(new FrameRect(8, 0, 16, 16), frames.Followed); // around it, after nothing
    }

    [Fact]
    public async Task Read_WithImages_KeepsThemWhereTheyAreGiven()
    {
        var image = new RgbImage(Width, Height, [.. Enumerable.Repeat((byte)90, 3 * Width * Height)]);

        var frames = await ReadAsync(Plain with { Images = [new ConditioningImage(image, 1), new ConditioningImage(image, -1)] });

        int[] given = [.. Enumerable.Range(0, Frames).Where(frame => frames.PictureOf(frame) is not null)];
        Assert.Equal([4, 8], given);
        Assert.All(given, frame => Assert.All(frames.MaskOf(frame)!, value => Assert.Equal(ControlFrames.Kept, value)));
    }

    private Task<ControlFrames> ReadAsync(GenerationRequest request) =>
        new ControlReader(new ControlSource(() => Ffmpegs.Any)).ReadAsync(_generator.Plan(request), Token);

    private async Task<List<byte[]>> GenerateAsync(GenerationRequest request)
    {
        await using var frames = new FrameList();
        await _generator.GenerateAsync(_generator.Plan(request), frames, new GenerationRunOptions(), Token);
        return frames.Frames;
    }

    /// <summary>A picture whose columns have these levels of red.</summary>
    private string Picture(string name, int width, int height, Func<int, byte> level)
    {
        var pixels = Enumerable.Range(0, width * height).SelectMany(i => new[] { (byte)0, (byte)0, level(i % width) }).ToArray();
        using var file = new BinaryWriter(File.Create(_folder[name])); // a BMP of 24 bits: 14 bytes, 40 bytes, rows of whole words
        file.Write("BM"u8);
        Array.ForEach([54 + pixels.Length, 0, 54, 40, width, height, (24 << 16) | 1, 0, pixels.Length, 0, 0, 0, 0], file.Write);
        file.Write(pixels);
        return _folder[name];
    }

    /// <summary>A clip whose frames have these levels.</summary>
    private async Task<string> ClipAsync(string name, int frames, int fps, Func<int, byte> level)
    {
        await using var writer = VideoWriter.Create(
            Ffmpegs.Any,
            OutputTarget.Parse(_folder[name]),
            new ClipFormat(Width, Height, frames, fps),
            settings: null
        );
        for (var frame = 0; frame < frames; frame++)
        {
            await writer.WriteAsync(Enumerable.Repeat(level(frame), 3 * Width * Height).ToArray(), Token);
        }

        await writer.CompleteAsync(Token);
        return _folder[name];
    }
}
