using System.Collections.Concurrent;
using System.Text;
using WanSharp.Engine.Features;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Media.Clips;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests;

/// <summary>The files that a clip is made after: looked at before anything is computed, and read when the clip's turn comes.</summary>
[Collection("alone")]
public sealed class ControlInputTests : IDisposable
{
    private const int Width = 32;
    private const int Height = 16;

    private readonly TinyEngine _engine;
    private readonly TemporaryFolder _folder = new();
    private readonly TinyNetworks _networks = new("wan2.1-vace-1.3b");
    private readonly WanModel _model;

    public ControlInputTests(TinyEngine engine)
    {
        _engine = engine;
        new ToolFolders(_networks, _folder["model"]).Write("official");
        _model = WanModel.Open(_folder["model"]);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static GenerationRequest Plain =>
        new()
        {
            Prompt = "a red circle",
            Seed = 7,
            Width = Width,
            Height = Height,
            Frames = 9,
            Fps = 4,
            Steps = 1,
        };

    public void Dispose()
    {
        _model.Dispose();
        _networks.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task RequireInputs_OfFilesThatCannotBeFollowed_SaysWhichAndWhy()
    {
        using var generator = Generator(() => Ffmpegs.Any);
        File.WriteAllText(_folder["notes.txt"], "not a clip");
        var (clip, mask) = (await ClipAsync("clip.webp", frames: 9), await ClipAsync("mask.webp", frames: 4));

        Assert.Equal("control", await FieldAsync(Plain with { Control = _folder["notes.txt"] }, "notes.txt"));
        Assert.Equal("control", await FieldAsync(Plain with { Control = $"{clip}@40-50" }, "no frame from 40 s on"));
        Assert.Equal("mask", await FieldAsync(Plain with { Control = clip, Mask = mask }, "has 4 frames"));
        Assert.Equal("mask", await FieldAsync(Plain with { Control = clip, Mask = _folder["notes.txt"] }, "notes.txt"));
        Assert.Equal("reference", await FieldAsync(Plain with { References = _folder["notes.txt"] }, "notes.txt"));
        await generator.RequireInputsAsync(generator.Plan(Plain with { Control = clip, Mask = clip, References = clip }), Token);

        async Task<string> FieldAsync(GenerationRequest request, string expected)
        {
            var plan = generator.Plan(request);
            var wrong = await Assert.ThrowsAsync<InvalidRequestException>(() => generator.RequireInputsAsync(plan, Token));
            Assert.Contains(expected, wrong.Message, StringComparison.Ordinal);
            return wrong.Field;
        }
    }

    [Fact]
    public async Task RequireInputs_OfOneFileInSeveralClips_ReadsItOnce()
    {
        var asked = 0;
        using var generator = Generator(() => Counted(ref asked));
        var clip = await ClipAsync("clip.webp", frames: 9);

        await generator.RequireInputsAsync(generator.Plan(Plain with { Control = clip }), Token);
        await generator.RequireInputsAsync(generator.Plan(Plain with { Control = clip, Seed = 8 }), Token);
        Assert.Equal(1, asked);
        await ClipAsync("clip.webp", frames: 5);
        await generator.RequireInputsAsync(generator.Plan(Plain with { Control = clip }), Token);

        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task Generate_AfterAControl_SetsItsFramesAsideBeforeTheyAreRead()
    {
        var (generator, reserved) = ((VideoGenerator?)null, new List<long>());
        using var made = generator = Generator(() =>
        {
            reserved.Add(generator!.Statistics.Memory.Reserved.Sum(part => part.Bytes));
            return Ffmpegs.Any;
        });
        var plan = made.Plan(Plain with { Control = await ClipAsync("clip.webp", frames: 9) });
        reserved.Clear();

        await made.GenerateAsync(plan, new FrameList(), cancellationToken: Token);

        Assert.Equal(9 * 4 * Width * Height, reserved[0]);
        Assert.All(made.Statistics.Memory.Reserved, part => Assert.Equal(0, part.Bytes));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Read_OfAWebpAsMask_IsAPictureWhereItHasOneFrame(int frames)
    {
        using var generator = Generator(() => null);
        var (clip, mask) = (await ClipAsync("clip.webp", frames: 3), await ClipAsync("mask.webp", frames));

        var read = await new ControlReader(new ControlSource(() => null)).ReadAsync(
            generator.Plan(Plain with { Control = clip, Mask = mask }),
            Token
        );

        Assert.Equal(3, Enumerable.Range(0, 9).Count(frame => read.PictureOf(frame) is not null && read.MaskOf(frame) is not null));
    }

    [Fact]
    public async Task Read_WithOneMaskForAllFrames_HoldsItOnce()
    {
        using var generator = Generator(() => null);
        var clip = await ClipAsync("clip.webp", frames: 9);
        var request = Plain with { Control = clip, Mask = "keep", Outpaint = new([0.25, 0, 0.25, 0]) };

        var read = await new ControlReader(new ControlSource(() => null)).ReadAsync(generator.Plan(request), Token);

        Assert.Single(Enumerable.Range(0, 9).Select(read.MaskOf).Distinct());
        Assert.Equal(9, Enumerable.Range(0, 9).Select(read.PictureOf).Distinct().Count());
    }

    /// <summary>ffmpeg is asked for when a file is read: that is when somebody exports it again.</summary>
    [Fact]
    public async Task Generate_WhenAFileChangesAsItIsRead_KeepsNothingOfIt()
    {
        var changes = true;
        using var generator = Generator(() =>
        {
            if (changes)
            {
                Picture("control.bmp", 40);
            }

            return Ffmpegs.Any;
        });
        Picture("control.bmp", 32);
        var plan = generator.Plan(Plain with { Control = _folder["control.bmp"] });

        await using var frames = new FrameList();
        var wrong = await Assert.ThrowsAsync<InvalidRequestException>(() => generator.GenerateAsync(plan, frames, null, Token));

        Assert.Contains("is not what it was", wrong.Message, StringComparison.Ordinal);
        changes = false;
        Picture("control.bmp", 32);
        var before = generator.Statistics.FeatureHits;
        await using var again = new FrameList();
        await generator.GenerateAsync(
            generator.Plan(Plain with { Control = _folder["control.bmp"], Prompt = "another" }),
            again,
            null,
            Token
        );
        Assert.Equal(before, generator.Statistics.FeatureHits);
    }

    /// <summary>Each clip asks for ffmpeg twice, for its mask and its control: between the two, no other clip may.</summary>
    [Fact]
    public async Task Generate_OfSeveralClips_ReadsWhatOneFollowsAtATime()
    {
        const int Clips = 4;
        using var begun = new CountdownEvent(Clips);
        var clip = new AsyncLocal<int>();
        var asked = new ConcurrentQueue<int>();
        using var generator = Generator(() =>
        {
            begun.Wait(Token); // the first one goes on when all are there
            asked.Enqueue(clip.Value);
            return Ffmpegs.Any;
        });
        var plans = Enumerable
            .Range(0, Clips)
            .Select(i => generator.Plan(Plain with { Control = Picture($"{i}.bmp", 20 + i), Mask = Picture($"mask-{i}.bmp", 20 + i) }))
            .ToList();

        await Task.WhenAll(plans.Select(MakeAsync));

        Assert.Equal(2 * Clips, asked.Count);
        Assert.All(asked.Chunk(2), pair => Assert.Equal(pair[0], pair[1]));

        async Task MakeAsync(GenerationPlan plan, int number)
        {
            clip.Value = number;
            await using var frames = new FrameList();
            await generator.GenerateAsync(plan, frames, new GenerationRunOptions { Progress = new Begins(begun) }, Token);
        }
    }

    [Fact]
    public async Task Expect_OfAClipThatFollowsAControl_CompilesWhatEncodesIt()
    {
        using var generator = Generator(() => null);
        var plan = generator.Plan(Plain with { Control = Picture("control.bmp", 32) });

        await generator.ExpectAsync(plan with { Control = null }, Token); // the same shape, without a control
        await generator.ExpectAsync(plan, Token);
        var ahead = Compiles();
        await using var frames = new FrameList();
        await generator.GenerateAsync(plan, frames, null, Token);

        var vae = Compiles().Where(graph => graph.Key.StartsWith("vae", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(vae);
        Assert.All(vae, graph => Assert.Equal(graph.Value, ahead.GetValueOrDefault(graph.Key)));

        Dictionary<string, long> Compiles() => generator.Statistics.Graphs.ToDictionary(graph => graph.Name, graph => graph.Compiles);
    }

    private static string? Counted(ref int asked)
    {
        Interlocked.Increment(ref asked);
        return Ffmpegs.Any;
    }

    private VideoGenerator Generator(Func<string?> ffmpeg) =>
        new(_model, _engine.Runtime, new SessionSettings(), options: new EngineOptions { Ffmpeg = ffmpeg });

    /// <summary>A grey picture.</summary>
    private string Picture(string name, int width)
    {
        var pixels = new byte[width * 4 * Height];
        using var file = new BinaryWriter(File.Create(_folder[name]), Encoding.ASCII); // a BMP of 32 bits
        file.Write("BM"u8);
        Array.ForEach([54 + pixels.Length, 0, 54, 40, width, Height, (32 << 16) | 1, 0, pixels.Length, 0, 0, 0, 0], file.Write);
        file.Write(pixels);
        return _folder[name];
    }

    private async Task<string> ClipAsync(string name, int frames)
    {
        File.Delete(_folder[name]);
        var target = OutputTarget.Parse(_folder[name]);
        await using var writer = VideoWriter.Create(null, target, new ClipFormat(Width, Height, frames, 4), settings: null);
        for (var frame = 0; frame < frames; frame++)
        {
            await writer.WriteAsync(Enumerable.Repeat((byte)(255 - (20 * frame)), 3 * Width * Height).ToArray(), Token);
        }

        await writer.CompleteAsync(Token);
        return _folder[name];
    }

    /// <summary>Counts a clip when it comes to its encoding.</summary>
    private sealed class Begins(CountdownEvent clips) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value)
        {
            if (value is { Stage: GenerationStage.Encode, Done: 0 })
            {
                clips.Signal();
            }
        }
    }
}
