using System.Globalization;
using System.Text.Json.Nodes;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests.Layout;

/// <summary>A VAE's tensors do not tell the statistics of its latents; whatever does is heard, however the VAE was found.</summary>
public sealed class VaeStatisticsTests : IDisposable
{
    private static readonly float[] Mean = [.. Enumerable.Range(0, 16).Select(i => i * 0.125f)];
    private static readonly float[] Std = [.. Enumerable.Range(0, 16).Select(i => 1 + (i * 0.25f))];

    private readonly TinyFolder _folder = new("wan2.1-t2v-1.3b");

    public VaeStatisticsTests()
    {
        _folder.Transformer("diffusion_models/wan.safetensors");
        _folder.TextEncoder("text_encoders/umt5_xxl_fp16.safetensors");
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("[", ", ", "]")]
    [InlineData("", " ", "")]
    public void Find_StatisticsInTheHeader_AreTheVaes(string start, string separator, string end)
    {
        var notes = new Dictionary<string, string> { ["latents_mean"] = Text(Mean), ["latents_std"] = Text(Std) };
        _folder.Write("vae/wan_2.1_vae.safetensors", _folder.Networks.Vae, notes);
        AssertOwn(_folder.Find(_folder.Path));

        string Text(float[] numbers) =>
            start + string.Join(separator, numbers.Select(number => number.ToString(CultureInfo.InvariantCulture))) + end;
    }

    [Fact]
    public void Find_StatisticsInDiffusersDescription_AreTheVaes()
    {
        _folder.Vae("vae/diffusion_pytorch_model.safetensors");
        _folder.Text("vae/config.json", Description("latents_mean", "latents_std", """ "_class_name": "AutoencoderKLWan", """));
        AssertOwn(_folder.Find(_folder.Path));
        AssertOwn(_folder.Find(_folder.Path, new NamedParts { Vae = _folder["vae"] }));
    }

    [Fact]
    public void Find_StatisticsInADescriptionOfAModel_AreThoseOfTheFileThatItNames()
    {
        _folder.Vae("vae/mine.safetensors");
        _folder.Text(
            "vae/config.json",
            $$"""{"format": "wansharp.model", "vae": {{Description("mean", "std", """ "file": "mine.safetensors", """)}}}"""
        );
        AssertOwn(_folder.Find(_folder.Path));
        File.Move(_folder["vae/mine.safetensors"], _folder["vae/other.safetensors"]);
        Assert.Equal(VaeConfig.Wan21.Mean, _folder.Find(_folder.Path).Vae.Mean);
    }

    [Theory]
    [InlineData("""{"_class_name": "AutoencoderKLWan", "latents_mean": [1, 2]}""", "without the other")]
    [InlineData("""{"_class_name": "AutoencoderKLWan", "latents_mean": [1], "latents_std": [1]}""", "as many means")]
    [InlineData("""{"_class_name": "AutoencoderKLWan", "latents_mean": "1", "latents_std": [1]}""", "not a list of numbers")]
    public void Find_StatisticsThatAreNotUnderstood_AreRefused(string description, string cause)
    {
        _folder.Vae("vae/diffusion_pytorch_model.safetensors");
        _folder.Text("vae/config.json", description);
        Assert.Contains(cause, _folder.Refusal(_folder.Path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AutoencoderKLQwenImage", false)]
    [InlineData("AutoencoderKLWan", true)]
    [InlineData("WanTransformer3DModel", true)] // the transformer's, in a folder of both
    public void Find_AVaeWhoseDescriptionIsAnotherFamilys_IsTakenOnlyByName(string name, bool isWans)
    {
        var vae = _folder.Vae("vae/diffusion_pytorch_model.safetensors");
        _folder.Text("vae/config.json", $$"""{"_class_name": "{{name}}"}""");
        if (isWans)
        {
            Assert.Equal(vae, _folder.Find(_folder.Path).VaePath);
        }
        else
        {
            Assert.Contains("belongs to another model", _folder.Refusal(_folder.Path), StringComparison.Ordinal);
        }

        Assert.Equal(vae, _folder.Find(_folder.Path, new NamedParts { Vae = vae }).VaePath);
    }

    [Fact]
    public void Find_TheTransformerOfADescribedModel_StandsForTheModel()
    {
        using var folder = new TemporaryFolder();
        TinyModel.Write(folder.Path);
        var (whole, byFile) = (new ModelFinder().FindParts(folder.Path), new ModelFinder().FindParts(folder["transformer.safetensors"]));
        Assert.Equal((whole.Name, whole.Defaults, whole.VaePath), (byFile.Name, byFile.Defaults, byFile.VaePath));
        Assert.Equal(whole.Vae.Mean, byFile.Vae.Mean);
        Assert.Equal(
            whole.Vae.Mean,
            new ModelFinder().FindParts(folder["transformer.safetensors"], new NamedParts { Tokenizer = folder["spiece.model"] }).Vae.Mean
        );

        // Under a name that the description does not know, it is found like any other file.
        File.Copy(folder["transformer.safetensors"], folder["copy.safetensors"]);
        Assert.Throws<CheckpointException>(() => new ModelFinder().FindParts(folder["copy.safetensors"]));
    }

    private static void AssertOwn(ModelParts parts)
    {
        Assert.Equal(Mean, parts.Vae.Mean);
        Assert.Equal(Std, parts.Vae.Std);
    }

    private static string Description(string mean, string std, string more) =>
        $$"""{ {{more}} "{{mean}}": {{Array(Mean)}}, "{{std}}": {{Array(Std)}} }""";

    private static string Array(float[] numbers) => new JsonArray([.. numbers.Select(number => JsonValue.Create(number))]).ToJsonString();
}
