using WanSharp.Engine.Costs;
using WanSharp.Engine.Denoising;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Graphs;
using WanSharp.Models;
using WanSharp.Models.Loras;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests;

/// <summary>LoRAs of models as people have them: of two experts, and of weights in fp8 and GGUF's types.</summary>
[Collection("alone")]
public sealed class LoraBaseTests(RuntimeFixture fixture) : IDisposable
{
    /// <summary>Merged and unmerged show the same video: of values of which the largest is 1.</summary>
    private const float Tolerance = 1e-3f;

    /// <summary>Merged weights of such bases are F16, which a VAE of random weights magnifies.</summary>
    private const int RoundedPixelDifference = 40;

    private const string Text = "wan2.1-t2v-1.3b";
    private const string Experts = "wan2.2-t2v-a14b";
    private const string Style = "style_lightx2v.safetensors";

    private static readonly GenerationRequest Circle = new()
    {
        Prompt = "a red circle",
        Width = 32,
        Height = 32,
        Frames = 5,
        Steps = 4,
        Seed = 7,
    };

    private readonly TemporaryFolder _folder = new();
    private readonly List<IDisposable> _owned = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("official", 1)]
    [InlineData("kijai scaled", RoundedPixelDifference)]
    [InlineData("gguf q8", RoundedPixelDifference)]
    [InlineData("int8", RoundedPixelDifference)]
    [InlineData("convrot", RoundedPixelDifference)]
    public async Task Generate_WithBasesOfAnyType_ShowsTheSameMergedAndUnmerged(string tool, int pixels)
    {
        var model = Open(Text, tool);
        var request = Circle with { Loras = Uses($"{Style}:0.8") };

        var plain = await ClipAsync(model, LoraMode.Auto, Circle);
        var unmerged = await ClipAsync(model, LoraMode.Unmerged, request);
        var merged = await ClipAsync(model, LoraMode.Merged, request);

        Assert.NotEqual(plain.Frames, unmerged.Frames);
        AssertSame(unmerged, merged, pixels);
    }

    /// <summary>Where the base multiplies integers, a LoRA next to it is added to what the rotation never touched.</summary>
    [Theory]
    [InlineData("official")]
    [InlineData("int8")]
    [InlineData("convrot")]
    public async Task Generate_WithABaseInEightBits_ChangesTheClipAsInFullPrecision(string tool)
    {
        var model = Open(Text, tool);
        var request = Circle with { Loras = Uses($"{Style}:0.8") };
        var integers = new TransformerOptions { Quantization = Quantization.EightBit };

        var (plain, changed) = (await ClipAsync(model, LoraMode.Unmerged, Circle), await ClipAsync(model, LoraMode.Unmerged, request));
        var plainInt = await ClipAsync(model, LoraMode.Unmerged, Circle, integers);
        var changedInt = await ClipAsync(model, LoraMode.Unmerged, request, integers);
        var mergedInt = await ClipAsync(model, LoraMode.Merged, request, integers);

        var effect = Distance(plain, changed);
        Assert.InRange(Distance(plain, plainInt), 0, effect / 4); // of integers alone
        Assert.InRange(Distance(changed, changedInt), 0, effect / 4);
        Assert.InRange(Distance(changed, mergedInt), 0, effect / 4);
    }

    [Fact]
    public async Task Generate_WithALoraForEachExpert_ChangesEachByItsOwn()
    {
        var model = Open(Experts, "official");
        var (high, low) = (Uses("my_high_noise_rank4_lightx2v"), Uses("my_LOW_Lightning"));
        var both = Circle with { HighNoiseLoras = high, LowNoiseLoras = low };

        var unmerged = await ClipAsync(model, LoraMode.Unmerged, both);

        AssertSame(unmerged, await ClipAsync(model, LoraMode.Merged, both));
        var others = new[]
        {
            Circle,
            Circle with
            {
                HighNoiseLoras = high,
            },
            Circle with
            {
                LowNoiseLoras = low,
            },
            Circle with
            {
                HighNoiseLoras = low,
                LowNoiseLoras = high,
            },
        };
        foreach (var other in others)
        {
            Assert.NotEqual(unmerged.Frames, (await ClipAsync(model, LoraMode.Unmerged, other)).Frames);
        }

        var steps = others.Prepend(both).ToList();
        using var shared = Generator(model, LoraMode.Unmerged, batchSize: steps.Count);
        var together = await Task.WhenAll(steps.Select(request => FramesAsync(shared, request)));
        Assert.InRange(Difference(unmerged.Frames, together[0]), 0, 1); // clips with other LoRAs step with it
    }

    [Fact]
    public void Plan_WithALoraForTheOtherExpert_SaysSo()
    {
        var model = Open(Experts, "official");
        using var generator = Generator(model, LoraMode.Auto);

        var (high, low) = (Uses("my_high_noise_rank4_lightx2v"), Uses("my_LOW_Lightning"));
        Assert.Empty(Notes(Circle with { HighNoiseLoras = high, LowNoiseLoras = low }));
        Assert.Contains(
            "--lora-low gives it to the right one",
            Assert.Single(Notes(Circle with { HighNoiseLoras = low })),
            StringComparison.Ordinal
        );
        Assert.Contains("changes both: --lora-low", Assert.Single(Notes(Circle with { Loras = low })), StringComparison.Ordinal);

        IReadOnlyList<string> Notes(GenerationRequest request) => generator.Plan(request).Loras.Notes;
    }

    [Theory]
    [InlineData("kijai scaled")]
    [InlineData("gguf q8")]
    public async Task Plan_OfMergedWeights_CountsTheCopies(string tool)
    {
        var model = Open(Text, tool);
        var costs = new CostModel(model) { LoraMode = LoraMode.Merged };
        var (plain, merged) = (costs.Sketch(Circle), costs.Sketch(Circle with { Loras = Uses(Style) }));
        var folder = _folder["weights"];
        using var generator = Generator(model, LoraMode.Merged, weights: folder);
        await FramesAsync(generator, Circle with { Loras = Uses(Style) });
        var written = Directory.EnumerateFiles(folder, "*.safetensors", SearchOption.AllDirectories).Sum(file => HeaderFree(file));

        Assert.True(merged.Loras.IsMerged);
        Assert.Equal(0, costs.MergedBytes(plain));
        Assert.Equal(written, costs.MergedBytes(merged));
        Assert.True(Mapped(merged) > Mapped(plain)); // F16 in place of a byte for a weight

        long Mapped(GenerationPlan plan) => costs.Count(plan).Memory.Single(part => part.Name == "transformer, on disk").Bytes;
    }

    [Fact]
    public async Task Generate_AfterAnInterruptedMerge_GoesOnWithWhatIsThere_AndEndsWithTheSameBytes()
    {
        var model = Open(Text, "kijai scaled");
        var request = Circle with { Loras = Uses(Style) };
        var (whole, broken) = (_folder["whole"], _folder["broken"]);
        using (var generator = Generator(model, LoraMode.Merged, weights: whole))
        {
            await FramesAsync(generator, request);
        }

        using (var generator = Generator(model, LoraMode.Merged, weights: broken))
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
            var progress = new Stop(stop, after: 2);
            await using var frames = new FrameList();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
                generator.GenerateAsync(generator.Plan(request), frames, new() { Progress = progress }, stop.Token)
            );
        }

        var kept = Entries(broken);
        Assert.InRange(kept.Count, 2, Entries(whole).Count - 1);
        var before = kept.Keys.ToDictionary(name => name, name => File.GetLastWriteTimeUtc(Path.Combine(broken, name)));
        using (var generator = Generator(model, LoraMode.Merged, weights: broken))
        {
            await FramesAsync(generator, request);
        }

        Assert.Equal(Entries(whole), Entries(broken));
        Assert.All(before, one => Assert.Equal(one.Value, File.GetLastWriteTimeUtc(Path.Combine(broken, one.Key)))); // not made again
    }

    public void Dispose()
    {
        _owned.Reverse();
        _owned.ForEach(one => one.Dispose());
        _folder.Dispose();
    }

    /// <summary>The files of weights by name, with their contents.</summary>
    private static SortedDictionary<string, string> Entries(string folder) =>
        new(
            Directory
                .EnumerateFiles(folder, "*.safetensors", SearchOption.AllDirectories)
                .ToDictionary(file => Path.GetRelativePath(folder, file), file => Convert.ToHexString(File.ReadAllBytes(file))),
            StringComparer.Ordinal
        );

    private static long HeaderFree(string file)
    {
        using var tensors = SafetensorsFile.Open(file);
        return tensors.Tensors.Values.Sum(tensor => tensor.ByteLength);
    }

    private static void AssertSame(Clip expected, Clip actual, int pixels = 1)
    {
        var step = expected.Latents.Keys.Intersect(actual.Latents.Keys).Max();
        var (one, other) = (expected.Latents[step], actual.Latents[step]);
        var worst = one.Zip(other, (e, a) => MathF.Abs(e - a)).Max() / Math.Max(1, one.Max(MathF.Abs));
        Assert.True(worst <= Tolerance, $"The latents are {worst} apart after {step} steps.");
        Assert.InRange(Difference(expected.Frames, actual.Frames), 0, pixels);
    }

    /// <summary>How far apart the latents of two clips are in the end: the mean of their differences.</summary>
    private static double Distance(Clip one, Clip other)
    {
        var step = one.Latents.Keys.Intersect(other.Latents.Keys).Max();
        return one.Latents[step].Zip(other.Latents[step], (a, b) => Math.Abs((double)a - b)).Average();
    }

    private static int Difference(List<byte[]> one, List<byte[]> other) =>
        one.Zip(other, (a, b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max()).Max();

    /// <summary>A model as a tool keeps it, with LoRAs in a folder that it knows.</summary>
    private WanModel Open(string variant, string tool)
    {
        var networks = Own(new TinyNetworks(variant));
        if (tool == "kijai scaled")
        {
            networks.RoundToFloat8(ToolFolders.Scale);
        }

        var loras = new CommunityLoras(networks.Transformer, _folder["loras"]);
        foreach (var file in new[] { Style, "my_high_noise_rank4_lightx2v.safetensors", "my_LOW_Lightning.safetensors" })
        {
            loras.Write(file);
        }

        var path = new ToolFolders(networks, _folder["model"]).Write(tool);
        return Own(WanModel.Open(path, loras: new LoraPlaces([_folder["loras"]], null)));
    }

    private VideoGenerator Generator(
        WanModel model,
        LoraMode mode,
        string? weights = null,
        int? batchSize = null,
        TransformerOptions? options = null
    ) =>
        new(
            model,
            fixture.Runtime,
            new SessionSettings(),
            (options ?? new TransformerOptions()) with
            {
                WeightsFolder = weights,
            },
            new EngineOptions { LoraMode = mode, BatchSize = batchSize }
        );

    /// <summary>A clip's frames, and its latents after the steps that were saved.</summary>
    private async Task<Clip> ClipAsync(WanModel model, LoraMode mode, GenerationRequest request, TransformerOptions? transformer = null)
    {
        using var generator = Generator(model, mode, options: transformer);
        var snapshots = new List<DenoiseSnapshot>();
        await using var frames = new FrameList();
        var options = new GenerationRunOptions
        {
            SaveInterval = TimeSpan.Zero,
            Save = (snapshot, _) =>
            {
                snapshots.Add(snapshot);
                return ValueTask.CompletedTask;
            },
        };
        await generator.GenerateAsync(generator.Plan(request), frames, options, Token);
        return new Clip(frames.Frames, snapshots.ToDictionary(snapshot => snapshot.NextStep, snapshot => snapshot.Latents));
    }

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

    private T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Add(part);
        return part;
    }

    private sealed record Clip(List<byte[]> Frames, Dictionary<int, float[]> Latents);

    /// <summary>Stops a clip when some parts of its weights are merged.</summary>
    private sealed class Stop(CancellationTokenSource source, int after) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value)
        {
            if (value.Stage == GenerationStage.Load && value.Done >= after && value.Total > after)
            {
                source.Cancel();
            }
        }
    }
}
