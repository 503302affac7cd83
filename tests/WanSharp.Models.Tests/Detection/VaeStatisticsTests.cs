using System.Globalization;
using WanSharp.Graphs.Networks;
using WanSharp.Models.Layout;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests.Detection;

/// <summary>What a VAE's latents are is said next to its tensors, and decides a clip's colours.</summary>
public sealed class VaeStatisticsTests : IDisposable
{
    private static readonly float[] Mean = [.. Enumerable.Range(0, 16).Select(i => i / 8f)];
    private static readonly float[] Std = [.. Enumerable.Range(1, 16).Select(i => i / 4f)];

    private readonly TemporaryFolder _folder = new();
    private readonly TinyNetworks _networks = new("wan2.1-t2v-1.3b");

    private string File => _folder["vae/diffusion_pytorch_model.safetensors"];

    public void Dispose()
    {
        _networks.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Read_WithoutAWord_TakesWansOwn() => AssertOwn(Read(null));

    [Theory]
    [InlineData("""{"_class_name": "AutoencoderKLWan", "latents_mean": MEAN, "latents_std": STD}""")]
    [InlineData("""{"format": "wansharp.model", "vae": {"file": "diffusion_pytorch_model.safetensors", "mean": MEAN, "std": STD}}""")]
    public void Read_WithADescriptionThatIsOfIt_TakesWhatItSays(string config)
    {
        var vae = Read(config).Vae!;

        Assert.Equal(Mean, vae.Mean);
        Assert.Equal(Std, vae.Std);
    }

    [Theory]
    [InlineData("""{"format": "wansharp.model", "vae": {"file": "other.safetensors", "mean": MEAN, "std": STD}}""")]
    [InlineData("""{"_class_name": "WanTransformer3DModel", "num_layers": 2}""")]
    [InlineData("""{"_class_name": "AutoencoderKLWan"}""")]
    public void Read_WithADescriptionOfSomethingElse_TakesWansOwn(string config) => AssertOwn(Read(config));

    [Theory]
    [InlineData("""{"_class_name": "AutoencoderKLQwenImage"}""", "AutoencoderKLQwenImage")]
    [InlineData("""{"_class_name": "AutoencoderKLWan", "latents_mean": [1, 2]}""", "16 numbers")]
    [InlineData("""{"_class_name": "AutoencoderKLWan", "latents_std": ZEROS}""", "above 0")]
    [InlineData("""{"_class_name": "AutoencoderKLWan", "latents_mean": ["a"]}""", "16 numbers")]
    public void Read_WithADescriptionThatCannotBeMeant_IsRefused(string config, string cause) =>
        Assert.Contains(cause, Read(config).Problem, StringComparison.Ordinal);

    [Fact]
    public void Read_WithStatisticsInItsHeader_TakesThose()
    {
        var config = """{"_class_name": "AutoencoderKLWan", "latents_mean": ZEROS}""";
        var vae = Read(config, new() { ["latents_mean"] = Text(Mean), ["latents_std"] = Text(Std) }).Vae!;

        Assert.Equal(Mean, vae.Mean);
        Assert.Equal(Std, vae.Std);
    }

    /// <summary>The file of the transformer stands for the model that the description makes of it.</summary>
    [Fact]
    public void Open_TheTransformersFileOfADescribedModel_IsThatModel()
    {
        TinyModel.Write(_folder["tiny"]);
        using var whole = WanModel.Open(_folder["tiny"]);
        using var file = WanModel.Open(_folder["tiny/transformer.safetensors"]);

        Assert.Equal((whole.Name, whole.Defaults, whole.Digest), (file.Name, file.Defaults, file.Digest));
        Assert.Equal(whole.Vae.Mean, file.Vae.Mean);
    }

    private static void AssertOwn(NetworkFile file)
    {
        Assert.Null(file.Problem);
        Assert.Equal(VaeConfig.Wan21.Mean, file.Vae!.Mean);
        Assert.Equal(VaeConfig.Wan21.Std, file.Vae.Std);
    }

    private static string Text(float[] numbers) =>
        $"[{string.Join(", ", numbers.Select(one => one.ToString(CultureInfo.InvariantCulture)))}]";

    private NetworkFile Read(string? config, Dictionary<string, string>? header = null)
    {
        Directory.CreateDirectory(_folder["vae"]);
        SafetensorsWriter.Write(File, _networks.Vae, header);
        if (config is not null)
        {
            _folder.Write(
                "vae/config.json",
                config
                    .Replace("MEAN", Text(Mean), StringComparison.Ordinal)
                    .Replace("STD", Text(Std), StringComparison.Ordinal)
                    .Replace("ZEROS", Text(new float[16]), StringComparison.Ordinal)
            );
        }

        return NetworkFile.Read(File);
    }
}
