using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests;

public sealed class ModelLocatorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ModelLocator _locator;

    public ModelLocatorTests()
    {
        Directory.CreateDirectory(_folder["models/wan-1.3b"]);
        File.WriteAllText(_folder["models/wan-1.3b/config.json"], "{}");
        Directory.CreateDirectory(_folder["models/empty"]);
        _locator = new ModelLocator([_folder["nowhere"], _folder["models"]]);
    }

    [Fact]
    public void Find_ByName_LooksIntoTheFolders() => Assert.Equal(_folder["models/wan-1.3b"], _locator.Find("wan-1.3b"));

    [Fact]
    public void Find_ByPath_TakesThatFolder() =>
        Assert.Equal(_folder["models/wan-1.3b"], new ModelLocator([]).Find(_folder["models/wan-1.3b"]));

    [Fact]
    public void Names_AreThoseOfModels() => Assert.Equal(["wan-1.3b"], _locator.Names());

    [Theory]
    [InlineData("wan-1.3", "Did you mean wan-1.3b?")]
    [InlineData("empty", "Models found: wan-1.3b.")]
    [InlineData("https://huggingface.co/Wan-AI/Wan2.1-T2V-1.3B/tree/main", "`wan models pull Wan-AI/Wan2.1-T2V-1.3B` downloads")]
    [InlineData(
        "https://huggingface.co/Kijai/WanVideo_comfy/resolve/main/Wan2_1-T2V.safetensors?download=true",
        "`wan models pull Kijai/WanVideo_comfy --files Wan2_1-T2V.safetensors` downloads that file"
    )]
    [InlineData("https://huggingface.co/datasets/a/b", "download it, and name the file")]
    [InlineData("https://example.com/wan.safetensors", "download it, and name the file")]
    [InlineData("", "Models found: wan-1.3b.")]
    public void Find_OfNoModel_ListsThoseThatThereAre(string name, string expected) =>
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => _locator.Find(name)).Message, StringComparison.Ordinal);

    [Fact]
    public void Find_OfAFolderWithoutADescription_SaysWhatIsMissing() =>
        Assert.Contains(
            "it has no config.json",
            Assert.Throws<CheckpointException>(() => _locator.Find(_folder["models/empty"])).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("models/empty", "wan.safetensors`")]
    [InlineData("models/empty/wan.safetensors", "wan.safetensors.001 is there: it is a piece")]
    [InlineData("models/empty/wan.safetensors.001", ": it is a piece")]
    [InlineData("models/empty/wan.safetensors.001 ", "ends with a space")]
    public void Find_WhereAModelWasCutIntoPieces_SaysHowToJoinThem(string path, string expected)
    {
        File.WriteAllText(_folder["models/empty/wan.safetensors.001"], "");

        var message = Assert.Throws<CheckpointException>(() => _locator.Find(_folder[path])).Message;

        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_CheckpointsOfOtherTools_NeedsNoDescription()
    {
        Directory.CreateDirectory(_folder["models/comfy/diffusion_models/wan"]);
        File.WriteAllText(_folder["models/comfy/diffusion_models/wan/one.gguf"], "");
        Assert.Equal(_folder["models/comfy"], _locator.Find("comfy"));
        Assert.Equal(
            _folder["models/comfy/diffusion_models/wan/one.gguf"],
            _locator.Find(_folder["models/comfy/diffusion_models/wan/one.gguf"])
        );
        Assert.Equal(["comfy", "wan-1.3b"], _locator.Names());
    }

    public void Dispose() => _folder.Dispose();
}
