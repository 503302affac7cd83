using WanSharp.Models.Loras;
using WanSharp.Models.Tests.Layout;
using WanSharp.Tensors;

namespace WanSharp.Models.Tests.Loras;

/// <summary>LoRAs are found where tools keep them, whatever the case of the folder and however deep the model is.</summary>
public sealed class LoraFolderTests : IDisposable
{
    private readonly TinyFolder _folder = new("wan2.1-t2v-1.3b");
    private readonly string _model;

    public LoraFolderTests() => _model = _folder.Comfy("models").Transformer("models/diffusion_models/Wan/2.1/T2V/wan.safetensors");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("models/loras")]
    [InlineData("models/Lora")]
    [InlineData("models/LORA")]
    [InlineData("models/LyCORIS/wan")]
    [InlineData("models/diffusion_models/Wan/loras")]
    [InlineData("Models/Lora")]
    [InlineData("loras")]
    public void Find_ALoraInAToolsFolder_FindsIt(string folder)
    {
        var lora = _folder.Text($"{folder}/Style.safetensors", "");
        using var model = WanModel.Open(_model);

        Assert.Equal(lora, model.Loras.Find("style"));
        Assert.Equal(lora, model.Loras.FindFile("style.safetensors", null));
    }

    /// <summary>PEFT and Diffusers save a LoRA as a folder.</summary>
    [Theory]
    [InlineData("adapter_model.safetensors", "adapter_model.safetensors")]
    [InlineData("pytorch_lora_weights.safetensors", "pytorch_lora_weights.safetensors", "other.safetensors")]
    [InlineData("style.safetensors", "style.safetensors")]
    [InlineData(null, "one.safetensors", "two.safetensors")]
    public void Find_AFolder_FindsTheLoraThatItIsSavedFor(string? expected, params string[] files)
    {
        Array.ForEach(files, file => _folder.Text($"saved/{file}", ""));
        _folder.Text("saved/adapter_config.json", "{}");
        using var model = WanModel.Open(_model);

        Assert.Equal(
            expected is null ? null : _folder[$"saved/{expected}"],
            Record.Exception(() => model.Loras.Find(_folder["saved"])) is null ? model.Loras.Find(_folder["saved"]) : null
        );
    }

    [Fact]
    public void Find_ALoraElsewhere_SaysWhereItBelongs()
    {
        _folder.Text("other/style.safetensors", "");
        using var model = WanModel.Open(_model);

        var wrong = Assert.Throws<InvalidRequestException>(() => model.Loras.Find("style"));

        Assert.Contains($"put it into {model.Loras.Home}", wrong.Message, StringComparison.Ordinal);
        Assert.Empty(model.Loras.Folders);
    }

    [Fact]
    public void In_AFolderOfModels_ListsThoseThatAreThereAndTheUsualName()
    {
        _folder.Text("models/Lora/style.safetensors", "");

        Assert.Equal([_folder["models/Lora"], _folder["models/loras"]], LoraPlaces.In(_folder["models"]));
    }
}
