using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests;

/// <summary>A LoRA is known by all files that decide what it does, not by its weights alone.</summary>
[Collection("alone")]
public sealed class LoraIdentityTests(TinyEngine engine) : IDisposable
{
    private const string Weights = "adapter_model.safetensors";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Plan_WithAnotherPeftConfiguration_HasAnotherKey()
    {
        var lora = Write("a");
        using var generator = Generator();

        var without = generator.Plan(With(lora)).LatentIdentity;
        WriteScale("a", 32);
        var added = generator.Plan(With(lora)).LatentIdentity;
        WriteScale("a", 4);
        var edited = generator.Plan(With(lora)).LatentIdentity;
        File.Delete(Path.Combine(_folder["a"], "adapter_config.json"));

        Assert.Equal(3, new[] { without, added, edited }.Distinct().Count());
        Assert.Equal(without, generator.Plan(With(lora)).LatentIdentity);
    }

    [Theory]
    [InlineData(LoraMode.Unmerged)]
    [InlineData(LoraMode.Merged)]
    public async Task Generate_WithEqualWeightsOfAnotherScale_ShowsWhatEachAloneShows(LoraMode mode)
    {
        var (weak, strong) = (Write("a"), Write("b"));
        WriteScale("a", 4);
        WriteScale("b", 32);
        using var generator = Generator(mode);

        var first = await FramesAsync(generator, weak);
        var second = await FramesAsync(generator, strong);
        WriteScale("a", 32);
        var edited = await FramesAsync(generator, weak);

        Assert.NotEqual(first, second);
        Assert.Equal(second, edited);
    }

    [Fact]
    public void Plan_OfTwoLinksToOneFile_ReadsTheConfigurationNextToEach()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        var blob = Write("blobs");
        string[] links = [Link("a", blob), Link("b", blob)];
        WriteScale("a", 4);
        WriteScale("b", 32);
        using var generator = Generator();

        Assert.NotEqual(generator.Plan(With(links[0])).LatentIdentity, generator.Plan(With(links[1])).LatentIdentity);
    }

    [Fact]
    public async Task Generate_AfterTheConfigurationChanged_IsRefused()
    {
        var lora = Write("a");
        WriteScale("a", 4);
        using var generator = Generator();
        var plan = generator.Plan(With(lora));
        WriteScale("a", 32);

        await using var frames = new FrameList();
        var wrong = await Assert.ThrowsAsync<InvalidRequestException>(() => generator.GenerateAsync(plan, frames, null, Token));

        Assert.Contains("is not what it was", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_OfALoraInShards_CoversEachOfThem()
    {
        var lora = Write("a", "style-00001-of-00002.safetensors", "blocks.0");
        Write("a", "style-00002-of-00002.safetensors", "blocks.1");
        using var generator = Generator();

        var before = generator.Plan(With(lora)).LatentIdentity;
        Write("a", "style-00002-of-00002.safetensors", "blocks.1", 0.4f);

        Assert.NotEqual(before, generator.Plan(With(lora)).LatentIdentity);
    }

    /// <summary>A renamed file keeps the configuration next to it; without one a note says that its scale is not known.</summary>
    [Fact]
    public void Plan_OfARenamedPeftFile_ReadsItsConfiguration_OrNotesThatThereIsNone()
    {
        var lora = Write("a", "style.safetensors");
        using var generator = Generator();

        var without = generator.Plan(With(lora));
        WriteScale("a", 32);
        var with = generator.Plan(With(lora));

        Assert.Single(without.Loras.Notes, note => note.StartsWith("style.safetensors was saved by PEFT", StringComparison.Ordinal));
        Assert.DoesNotContain(with.Loras.Notes, note => note.Contains("PEFT", StringComparison.Ordinal));
        Assert.NotEqual(without.LatentIdentity, with.LatentIdentity);
    }

    public void Dispose() => _folder.Dispose();

    private static GenerationRequest With(string lora) =>
        new()
        {
            Prompt = "a red circle",
            Seed = 7,
            Loras = new LoraUses([new LoraUse(lora, LoraStrength.Full)]),
        };

    private VideoGenerator Generator(LoraMode mode = LoraMode.Auto) =>
        new(
            engine.Model,
            engine.Runtime,
            new SessionSettings(),
            new TransformerOptions { WeightsFolder = _folder["weights"] },
            new EngineOptions { LoraMode = mode }
        );

    private static async Task<List<byte[]>> FramesAsync(VideoGenerator generator, string lora)
    {
        await using var frames = new FrameList();
        await generator.GenerateAsync(generator.Plan(With(lora)), frames, null, Token);
        return frames.Frames;
    }

    private void WriteScale(string folder, int alpha) =>
        File.WriteAllText(Path.Combine(_folder[folder], "adapter_config.json"), $$"""{"r": 4, "lora_alpha": {{alpha}}}""");

    private string Link(string folder, string target)
    {
        Directory.CreateDirectory(_folder[folder]);
        var link = Path.Combine(_folder[folder], Weights);
        File.CreateSymbolicLink(link, target);
        return link;
    }

    private string Write(string folder, string file = Weights, string block = "blocks.0", float value = 0.1f)
    {
        Directory.CreateDirectory(_folder[folder]);
        var path = Path.Combine(_folder[folder], file);
        using var down = Filled([4, 24], value);
        using var up = Filled([24, 4], value);
        SafetensorsWriter.Write(
            path,
            new Dictionary<string, Tensor>
            {
                [$"base_model.model.{block}.self_attn.v.lora_A.weight"] = down,
                [$"base_model.model.{block}.self_attn.v.lora_B.weight"] = up,
            }
        );
        return path;
    }

    private static Tensor Filled(Shape shape, float value)
    {
        var tensor = Tensor.Zeros(DType.F32, shape);
        tensor.Write<float>().Fill(value);
        return tensor;
    }
}
