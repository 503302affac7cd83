using WanSharp.Graphs.Networks;
using WanSharp.Models.Decoders;
using WanSharp.Models.Layout;
using WanSharp.Models.Tests.Detection;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests.Decoders;

public sealed class DecoderFileTests(TinyEngine engine) : IDisposable
{
    /// <summary>Changed files; WAN_MUTATIONS asks for more.</summary>
    private static readonly int Mutations = Repetitions.Of("WAN_MUTATIONS", 60);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_ATinyAutoencoder_IsKnownByItsTensorsAndNoModelsVae()
    {
        var file = NetworkFile.Read(DecoderFiles.Write(_folder["anything.safetensors"], TinyVaes.Wan22));

        Assert.Null(file.Problem);
        Assert.Null(file.Vae);
        Assert.Equal((48, 16, 16, 4, true), Facts(file.TinyVae!));
    }

    [Fact]
    public void Read_ADecoderAlone_HasNoEncoder() =>
        Assert.False(
            NetworkFile.Read(DecoderFiles.Write(_folder["a.safetensors"], TinyVaes.Of(16, hasEncoder: false))).TinyVae!.HasEncoder
        );

    [Fact]
    public void Read_AVaeForTwiceTheSize_IsOneAndSaysSo()
    {
        var config = new VaeConfig
        {
            Dim = 4,
            ResidualBlocks = 1,
            FrameScale = 2,
        };

        var file = NetworkFile.Read(DecoderFiles.Write(_folder["vae.safetensors"], config));

        Assert.Equal((2, 8, 16), (file.Vae!.FrameScale, file.Vae.SpatialStride, file.Vae.FrameStride));
    }

    [Fact]
    public void Read_ALayerThatIsStoredForMoreFrames_KeepsItsLastRows()
    {
        using var weights = DecoderFiles.Weights(TinyVaes.Wan21);
        using var twice = Tensor.Zeros(DType.F32, [24, 12, 1, 1]);
        var own = weights.Tensors["decoder.7.conv.weight"];
        own.Read<float>().CopyTo(twice.Write<float>()[(int)own.Shape.ElementCount..]);
        var tensors = new Dictionary<string, Tensor>(weights.Tensors) { ["decoder.7.conv.weight"] = twice };
        SafetensorsWriter.Write(_folder["taew2_1.safetensors"], tensors);

        using var checkpoint = Checkpoint.Open(_folder["taew2_1.safetensors"]);
        var network = Models.Names.TinyVaeNames.Names.Find(checkpoint)!;

        Assert.Null(NetworkFile.Read(_folder["taew2_1.safetensors"]).Problem);
        Assert.Equal(own.Read<float>().ToArray(), network.Tensors["decoder.7.conv.weight"].Read<float>().ToArray());
    }

    [Theory]
    [InlineData("standardized", true)]
    [InlineData("raw", false)]
    public void Open_AFileThatSaysItsScale_TakesIt(string scale, bool isStandardized)
    {
        var metadata = new Dictionary<string, string>(DecoderFiles.OfTheTinyModel) { ["latents"] = scale };

        using var file = DecoderFile.Open(DecoderFiles.Write(_folder["a.safetensors"], TinyVaes.Of(4), metadata), engine.Model);

        Assert.Equal(isStandardized, file.Config.TakesStandardized);
        Assert.Equal(isStandardized ? new float[4] : [0.1f, -0.2f, 0.3f, 0], file.Config.Mean);
    }

    [Fact]
    public void Open_OneNameForTwoScales_HasTwoIdentities()
    {
        Assert.NotEqual(IdentityOf("standardized"), IdentityOf("raw"));

        string IdentityOf(string scale)
        {
            var metadata = new Dictionary<string, string>(DecoderFiles.OfTheTinyModel) { ["latents"] = scale };
            using var file = DecoderFile.Open(DecoderFiles.Write(_folder["a.safetensors"], TinyVaes.Of(4), metadata), engine.Model);
            return file.Identity;
        }
    }

    [Fact]
    public void Open_AFileForOtherLatents_NamesBothShapes()
    {
        var path = DecoderFiles.Write(_folder["taew2_2.safetensors"], TinyVaes.Wan22);

        var error = Assert.Throws<CheckpointException>(() => DecoderFile.Open(path, engine.Model));

        Assert.Contains("48 channels at 1/16", error.Message, StringComparison.Ordinal);
        Assert.Contains("4 channels at 1/8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_AFileForAnotherModelOfTheSameShape_IsRefused()
    {
        AssertRefused("(their means differ)", new() { ["latents"] = "raw", ["latents_mean"] = "1 2 3 4" });
        AssertRefused("(their means differ)", new() { ["latents"] = "raw", ["latents_mean"] = "1 2" });
        AssertRefused("is not 4 numbers", new() { ["latents"] = "raw", ["latents_mean"] = "mean" });
        AssertRefused("not standardized or raw", new(DecoderFiles.OfTheTinyModel) { ["latents"] = "scaled" });
    }

    [Fact]
    public void Open_AFileWhoseNameTellsNoScale_IsRefused()
    {
        var metadata = new Dictionary<string, string> { ["latents_mean"] = "0.1 -0.2 0.3 0" };

        AssertRefused("give it its name back", metadata, "taehv.safetensors");
        using var standardized = DecoderFile.Open(
            DecoderFiles.Write(_folder["taew2_1.safetensors"], TinyVaes.Of(4), metadata),
            engine.Model
        );
        using var raw = DecoderFile.Open(DecoderFiles.Write(_folder["lighttaew2_1.safetensors"], TinyVaes.Of(4), metadata), engine.Model);

        Assert.True(standardized.Config.TakesStandardized);
        Assert.False(raw.Config.TakesStandardized);
    }

    [Fact]
    public void Open_SomethingElse_SaysWhatItIs()
    {
        using var any = Tensor.Zeros(DType.F32, [2, 2]);
        SafetensorsWriter.Write(
            _folder["lora.safetensors"],
            new Dictionary<string, Tensor> { ["blocks.0.self_attn.q.lora_A.weight"] = any }
        );
        SafetensorsWriter.Write(
            _folder["super.safetensors"],
            new Dictionary<string, Tensor>
            {
                ["decoder.0.weight"] = any,
                ["decoder.1.conv.0.weight"] = any,
                ["decoder.1.conv.3.weight"] = any,
            }
        );
        File.WriteAllText(_folder["text.safetensors"], "not a checkpoint");

        Assert.Contains("LoRA", Refusal(_folder["lora.safetensors"]), StringComparison.Ordinal);
        Assert.Contains("\"super\"", Refusal(_folder["super.safetensors"]), StringComparison.Ordinal);
        Assert.Contains("text.safetensors", Refusal(_folder["text.safetensors"]), StringComparison.Ordinal);
        Assert.Contains("neither a tiny autoencoder", Refusal(engine.Model.TransformerWeights.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_AChangedFile_GivesItsWeightsOrIsRefused()
    {
        using var weights = DecoderFiles.Weights(TinyVaes.Of(4));
        using var mutator = new CheckpointMutator(weights.Tensors, seed: 7);
        var path = _folder["taew2_1.safetensors"];
        List<string> wrong = [];
        for (var i = 0; i < Mutations; i++)
        {
            SafetensorsWriter.Write(path, mutator.Next(), DecoderFiles.OfTheTinyModel);
            if (i % 2 == 1)
            {
                Damage(path, i);
            }

            try
            {
                using var file = DecoderFile.Open(path, engine.Model);
                if (file.Config.LatentChannels != 4 || (i % 2 == 0 && Difference(file, weights) is { } name))
                {
                    wrong.Add(mutator.Change);
                }
            }
            catch (CheckpointException e)
            {
                Assert.StartsWith(path, e.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', e.Message);
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Find_ByNameOrPath_FindsTheFile()
    {
        Directory.CreateDirectory(_folder["vae_approx"]);
        var path = DecoderFiles.Write(Path.Combine(_folder["vae_approx"], "taew2_1.safetensors"), TinyVaes.Wan21);
        var locator = new NetworkLocator("a decoder", ["", "vae_approx"], [_folder["."]]);

        Assert.Equal(path, locator.Find(path));
        Assert.Equal(Path.GetFullPath(path), locator.Find("taew2_1"));
        Assert.Equal(Path.GetFullPath(path), locator.Find("taew2_1.safetensors"));
        var error = Assert.Throws<CheckpointException>(() => locator.Find("taew2_l"));
        Assert.Contains("Did you mean taew2_1?", error.Message, StringComparison.Ordinal);
        Assert.Throws<CheckpointException>(() => locator.Find(""));
        Assert.Throws<CheckpointException>(() => locator.Find("../vae_approx/taew2_1"));
    }

    private static (int Channels, int Stride, int Frame, int Time, bool Encodes) Facts(VaeConfig config) =>
        (config.LatentChannels, config.SpatialStride, config.FrameStride, config.TemporalStride, config.HasEncoder);

    /// <summary>The first weight that is not the whole file's, in what rounding to F16 leaves of it.</summary>
    private static string? Difference(DecoderFile file, RandomWeights whole)
    {
        const float Rounding = 0.06f; // fp8 of values around 0.1 to 0.4
        foreach (var slot in Models.Names.NetworkSlots.Of(file.Config))
        {
            var (read, own) = (file.Weights.Get(slot).Read<float>().ToArray(), whole.Tensors[slot.Name].Read<float>().ToArray());
            if (read.Length != own.Length || read.Zip(own).Any(pair => !(Math.Abs(pair.First - pair.Second) < Rounding)))
            {
                return slot.Name;
            }
        }

        return null;
    }

    /// <summary>Overwrites some bytes of a file, of its header more often than of its weights, or cuts it off.</summary>
    private static void Damage(string path, int seed)
    {
        var (random, bytes) = (new Random(seed), File.ReadAllBytes(path));
        if (random.Next(4) == 0)
        {
            File.WriteAllBytes(path, bytes[..random.Next(bytes.Length)]);
            return;
        }

        for (var i = 0; i < 1 + random.Next(8); i++)
        {
            bytes[random.Next(random.Next(2) == 0 ? Math.Min(bytes.Length, 6000) : bytes.Length)] = (byte)random.Next(256);
        }

        File.WriteAllBytes(path, bytes);
    }

    private string Refusal(string path) => Assert.Throws<CheckpointException>(() => DecoderFile.Open(path, engine.Model)).Message;

    private void AssertRefused(string says, Dictionary<string, string> metadata, string name = "taew2_1.safetensors") =>
        Assert.Contains(says, Refusal(DecoderFiles.Write(_folder[name], TinyVaes.Of(4), metadata)), StringComparison.Ordinal);
}
