using WanSharp.Engine.Costs;
using WanSharp.Engine.Guidance;
using WanSharp.Engine.Noise;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Graphs;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests;

/// <summary>Clips with LoRAs: found, told apart by every key, and the same whether they are merged or not.</summary>
[Collection("alone")]
public sealed class LoraClipTests : IDisposable
{
    private const int LargestPixelDifference = 1;

    private static readonly GenerationRequest Circle = new() { Prompt = "a red circle", Seed = 7 };

    private readonly TinyEngine _engine;
    private readonly TemporaryFolder _folder = new();

    public LoraClipTests(TinyEngine engine)
    {
        _engine = engine;
        Write("style", seed: 1, ["self_attn.q", "self_attn.v", "cross_attn.k", "ffn.0", "ffn.2"], rank: 4);
        Write("other", seed: 2, ["self_attn.k", "self_attn.o", "cross_attn.q", "ffn.2"], rank: 9, biases: true);
        WriteFull("full");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Generate_WithLoras_ChangesTheClip_ByTheirStrength()
    {
        using var generator = Generator();

        var plain = await FramesAsync(generator, Circle);
        var full = await FramesAsync(generator, With("style"));
        var half = await FramesAsync(generator, With("style:0.5"));
        var none = await FramesAsync(generator, With("style:0"));

        Assert.NotEqual(plain, full);
        Assert.NotEqual(full, half);
        Assert.Equal(plain, none);
        Assert.Equal(plain, await FramesAsync(generator, Circle)); // nothing is left behind
        Assert.Equal(full, await FramesAsync(generator, With("style")));
    }

    [Theory]
    [InlineData("style:0.8", "other:-0.6")]
    [InlineData("other")]
    public async Task Generate_Merged_ShowsWhatFactorsShow(params string[] loras)
    {
        using var unmerged = Generator(LoraMode.Unmerged);
        using var merged = Generator(LoraMode.Merged);
        using var kept = Generator(LoraMode.Merged, _folder["weights"]);

        var expected = await FramesAsync(unmerged, With(loras));

        Assert.InRange(Difference(expected, await FramesAsync(merged, With(loras))), 0, LargestPixelDifference);
        Assert.InRange(Difference(expected, await FramesAsync(kept, With(loras))), 0, LargestPixelDifference);
        using var again = Generator(LoraMode.Merged, _folder["weights"]);
        Assert.Equal(await FramesAsync(kept, With(loras)), await FramesAsync(again, With(loras)));
        Assert.NotEqual(expected, await FramesAsync(merged, Circle));
    }

    [Fact]
    public async Task Generate_WithDifferentLorasAtATime_SharesSteps_AndShowsWhatEachAloneShows()
    {
        GenerationRequest[] requests = [Circle, With("style"), With("other:0.5"), With("style:0.5", "other"), With("style:1@0-1")];
        using var alone = Generator(batchSize: 1);
        var expected = new List<List<byte[]>>();
        foreach (var request in requests)
        {
            expected.Add(await FramesAsync(alone, request));
        }

        using var shared = Generator(batchSize: requests.Length);
        var clips = await Task.WhenAll(requests.Select(request => FramesAsync(shared, request)));

        for (var i = 0; i < requests.Length; i++)
        {
            Assert.InRange(Difference(expected[i], clips[i]), 0, LargestPixelDifference);
        }
    }

    [Fact]
    public async Task Generate_WithANegativePromptInTheBlocks_TakesLorasToo()
    {
        var negative = Circle with { NegativePrompt = "blurry", GuidanceScale = 1, Nag = new AttentionGuidance(5) };
        var (one, two) = (Uses("style"), Uses("other", "style:0.5"));
        GenerationRequest[] requests = [negative, negative with { Loras = one }, negative with { Loras = two }];
        using var unmerged = Generator(LoraMode.Unmerged, batchSize: 1);
        var alone = new List<List<byte[]>>();
        foreach (var request in requests)
        {
            alone.Add(await FramesAsync(unmerged, request));
            Assert.NotEqual(alone[^1], await FramesAsync(unmerged, request with { Nag = null, NegativePrompt = null }));
        }

        Assert.NotEqual(alone[0], alone[1]);
        using var merged = Generator(LoraMode.Merged);
        using var shared = Generator(LoraMode.Unmerged, batchSize: requests.Length);
        var together = await Task.WhenAll(requests.Select(request => FramesAsync(shared, request)));
        foreach (var (i, request) in requests.Index())
        {
            Assert.InRange(Difference(alone[i], await FramesAsync(merged, request)), 0, LargestPixelDifference);
            Assert.InRange(Difference(alone[i], together[i]), 0, LargestPixelDifference);
        }
    }

    [Fact]
    public async Task Generate_WithAStrengthThatEnds_GoesOnAsWithoutIt()
    {
        using var generator = Generator();

        var first = await FramesAsync(generator, With("style:1@0"));

        Assert.NotEqual(await FramesAsync(generator, Circle), first);
        Assert.NotEqual(await FramesAsync(generator, With("style")), first);
        Assert.Equal(first, await FramesAsync(generator, With("style:1,0")));
    }

    [Fact]
    public void Plan_EmbedsFileDigestAndStrength_AndEveryKeyDiffers()
    {
        using var generator = Generator();

        var (plain, plan) = (generator.Plan(Circle), generator.Plan(With("style:0.5@0-1")));

        var lora = Assert.Single(plan.Settings.Loras!);
        Assert.Equal(("style.safetensors", "0.5@0-1"), (lora.File, lora.Strength));
        Assert.Equal(64, lora.Sha256.Length);
        Assert.NotEqual(plain.LatentIdentity, plan.LatentIdentity);
        Assert.NotEqual(generator.Plan(With("style:0.5")).LatentIdentity, plan.LatentIdentity);
        var read = GenerationSettings.FromJson(plan.Settings.ToJson())!;
        Assert.Equal("style.safetensors:0.5@0-1", read.ToRequested().Loras!.ToString());
    }

    [Fact]
    public void Plan_OfTheSameLoraUnderAnotherName_HasTheSameKey()
    {
        File.Copy(_folder["style.safetensors"], _folder["renamed.safetensors"]);
        using var generator = Generator();

        Assert.Equal(generator.Plan(With("style")).LatentIdentity, generator.Plan(With("renamed")).LatentIdentity);
    }

    [Fact]
    public void Plan_TakesLorasOutOfThePrompt()
    {
        using var generator = Generator();

        var plan = generator.Plan(Circle with { Prompt = $"a red circle <lora:{_folder["style.safetensors"]}:0.5>  on black" });

        Assert.Equal("a red circle on black", plan.Settings.Prompt);
        Assert.Equal("style.safetensors:0.5", plan.Settings.ToRequested().Loras!.ToString());
    }

    [Theory]
    [InlineData("a <lora:nowhere:0.5> b", "", "There is no LoRA 'nowhere'")]
    [InlineData("a <lora:style:strong> b", "", "is not understood")]
    [InlineData("a <lora:style b", "", "is not understood")]
    [InlineData("a", "<lora:style:1>", "negative prompt")]
    public void Plan_OfAMarkThatMeansNothing_IsRefused(string prompt, string negative, string expected)
    {
        using var generator = Generator();

        var wrong = Assert.Throws<InvalidRequestException>(() => generator.Plan(new() { Prompt = prompt, NegativePrompt = negative }));

        Assert.Contains(expected, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_OfWhatCannotBe_SaysWhy()
    {
        using var generator = Generator();
        using var unmerged = Generator(LoraMode.Unmerged);
        using var merged = Generator(LoraMode.Merged);
        File.WriteAllText(_folder["text.safetensors"], "not a LoRA");

        Assert.Contains(
            "lora-high is for one of two",
            Refusal(generator, Circle with { HighNoiseLoras = Uses("style") }),
            StringComparison.Ordinal
        );
        Assert.Contains("is not active in any", Refusal(generator, With("style:1@9-")), StringComparison.Ordinal);
        Assert.Contains("cannot stay unmerged", Refusal(unmerged, With("full")), StringComparison.Ordinal);
        Assert.Contains("changes over the steps", Refusal(merged, With("style:1@0-1")), StringComparison.Ordinal);
        Assert.Contains("text.safetensors", Refusal(generator, With("text")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_WithAFullDifference_IsMergedByItself()
    {
        using var generator = Generator();

        Assert.True(generator.Plan(With("full")).Loras.IsMerged);
        Assert.NotEqual(await FramesAsync(generator, Circle), await FramesAsync(generator, With("full")));
    }

    [Theory]
    [InlineData("", "full")]
    [InlineData("full", "")]
    public async Task Generate_MergedInMemory_IsNotTakenForTheModelWhereNetworksAreKept(params string[] loras)
    {
        var options = new TransformerOptions { Mode = CompileMode.Whole, CacheFolder = _folder["graphs"] };
        foreach (var lora in loras)
        {
            Assert.Equal(await WholeAsync(options with { CacheFolder = null }, lora), await WholeAsync(options, lora));
        }
    }

    [Fact]
    public async Task Plan_Merged_CountsOnNoPackedNetworkOfTheModel()
    {
        var options = new TransformerOptions { CacheFolder = _folder["graphs"] };
        await WholeAsync(options with { Mode = CompileMode.Whole }, "");
        using var generator = new VideoGenerator(
            _engine.Model,
            _engine.Runtime,
            new SessionSettings(),
            options,
            new EngineOptions { Memory = 1L << 40 }
        );

        Assert.Equal(CompileMode.Whole, generator.Plan(Circle).Strategy!.Compile);
        Assert.Equal(CompileMode.Blocks, generator.Plan(With("full")).Strategy!.Compile);
    }

    [Fact]
    public async Task Generate_MergedWhereNothingCanBeKept_IsNotTakenForTheModelInEightBits()
    {
        var folder = _folder["weights"];
        var options = new TransformerOptions { Quantization = Quantization.EightBit };
        using var plain = Generator(options with { WeightsFolder = folder });
        var without = await FramesAsync(plain, Circle);
        Directory.Delete(Path.Combine(folder, "partial"), recursive: true);
        File.WriteAllText(Path.Combine(folder, "partial"), "no folder");
        using var inMemory = Generator(options);
        using var full = Generator(options with { WeightsFolder = folder });

        var frames = await FramesAsync(full, With("full"));

        Assert.NotEqual(without, frames);
        Assert.Equal(await FramesAsync(inMemory, With("full")), frames);
    }

    [Theory]
    [InlineData("full", "merged weights that no clip uses")]
    [InlineData("style", "factors of LoRAs that no clip uses")]
    public async Task Generate_WhereMemoryIsShort_LetsGoWhatLorasLeft(string lora, string name)
    {
        using var generator = Generator(new TransformerOptions());
        await FramesAsync(generator, With(lora));
        Assert.NotEqual(0, Left());
        var asked = 0;
        _engine.Runtime.Memory.Refuses = _ => Interlocked.Increment(ref asked) == 1;
        try
        {
            await FramesAsync(generator, Circle);
        }
        finally
        {
            _engine.Runtime.Memory.Refuses = null;
        }

        Assert.Equal(0, Left());

        long Left() => generator.Statistics.Memory.Held.Single(part => part.Name == name).Bytes;
    }

    [Fact]
    public async Task Generate_AfterTheFileChanged_IsRefused()
    {
        using var generator = Generator();
        var plan = generator.Plan(With("style"));
        Write("style", seed: 3, ["ffn.0"], rank: 2);

        await using var frames = new FrameList();
        var wrong = await Assert.ThrowsAsync<InvalidRequestException>(() => generator.GenerateAsync(plan, frames, null, Token));

        Assert.Contains("is not what it was", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_CountsTheMemoryOfFactors()
    {
        var costs = new CostModel(_engine.Model);

        Assert.True(costs.Facts(costs.Sketch(With("style")), isOnHost: true).Clip > costs.Facts(costs.Sketch(Circle), isOnHost: true).Clip);
    }

    public void Dispose() => _folder.Dispose();

    private VideoGenerator Generator(LoraMode mode = LoraMode.Auto, string? weights = null, int? batchSize = null) =>
        new(
            _engine.Model,
            _engine.Runtime,
            new SessionSettings(),
            new TransformerOptions { WeightsFolder = weights },
            new EngineOptions { LoraMode = mode, BatchSize = batchSize }
        );

    private VideoGenerator Generator(TransformerOptions options) => new(_engine.Model, _engine.Runtime, new SessionSettings(), options);

    /// <summary>The frames of a clip of the whole network, once that is there.</summary>
    private async Task<List<byte[]>> WholeAsync(TransformerOptions options, string lora)
    {
        using var generator = Generator(options);
        var request = lora.Length == 0 ? Circle : With(lora);
        await FramesAsync(generator, request);
        Assert.Null(await generator.FinishCompilingAsync(Token));
        return await FramesAsync(generator, request);
    }

    private static string Refusal(VideoGenerator generator, GenerationRequest request) =>
        Assert.Throws<InvalidRequestException>(() => generator.Plan(request)).Message;

    private GenerationRequest With(params string[] loras) => Circle with { Loras = Uses(loras) };

    private LoraUses Uses(params string[] loras)
    {
        Assert.True(LoraUses.TryParse(string.Join(';', loras.Select(Placed)), out var uses));
        return uses;

        string Placed(string lora) =>
            lora.IndexOf(':', StringComparison.Ordinal) is >= 0 and var mark
                ? $"{_folder[lora[..mark]]}.safetensors{lora[mark..]}"
                : $"{_folder[lora]}.safetensors";
    }

    private static async Task<List<byte[]>> FramesAsync(VideoGenerator generator, GenerationRequest request)
    {
        await using var frames = new FrameList();
        await generator.GenerateAsync(generator.Plan(request), frames, null, Token);
        return frames.Frames;
    }

    private static int Difference(List<byte[]> one, List<byte[]> other) =>
        one.Zip(other, (a, b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max()).Max();

    private void Write(string name, ulong seed, string[] layers, int rank, bool biases = false)
    {
        var tensors = new Dictionary<string, Tensor>();
        foreach (var layer in layers.SelectMany(layer => new[] { $"blocks.0.{layer}", $"blocks.1.{layer}" }))
        {
            var (outs, ins) =
                layer.EndsWith("ffn.0", StringComparison.Ordinal) ? (32, 24)
                : layer.EndsWith("ffn.2", StringComparison.Ordinal) ? (24, 32)
                : (24, 24);
            tensors[$"diffusion_model.{layer}.lora_down.weight"] = Noise(seed, tensors.Count, [rank, ins]);
            tensors[$"diffusion_model.{layer}.lora_up.weight"] = Noise(seed, tensors.Count, [outs, rank]);
            if (biases)
            {
                tensors[$"diffusion_model.{layer}.diff_b"] = Noise(seed, tensors.Count, [outs]);
            }
        }

        Save(name, tensors);
    }

    private void WriteFull(string name) =>
        Save(name, new Dictionary<string, Tensor> { ["diffusion_model.blocks.0.ffn.0.diff"] = Noise(4, 0, [32, 24]) });

    private void Save(string name, Dictionary<string, Tensor> tensors)
    {
        SafetensorsWriter.Write(_folder[$"{name}.safetensors"], tensors);
        foreach (var tensor in tensors.Values)
        {
            tensor.Dispose();
        }
    }

    private static Tensor Noise(ulong seed, int stream, Shape shape)
    {
        var noise = Tensor.Zeros(DType.F32, shape);
        var values = noise.Write<float>();
        new NoiseGenerator(seed, (uint)stream).Fill(values);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] *= 0.4f;
        }

        return noise;
    }
}
