using WanSharp.Graphs.Networks;
using WanSharp.Models.Detection;
using WanSharp.Models.Loras;
using WanSharp.Models.Names;
using WanSharp.Testing;

namespace WanSharp.Models.Tests;

/// <summary>VACE's checkpoints as each tool writes them.</summary>
public class ControlNamesTests
{
    private static readonly TransformerConfig Config = new()
    {
        TextLength = 512,
        InChannels = 4,
        OutChannels = 4,
        Dim = 128,
        FfnDim = 8,
        FreqDim = 8,
        TextDim = 8,
        Heads = 1,
        Layers = 6,
        ControlChannels = 10,
        ControlBlocks = 3,
    };

    public static TheoryData<string> Layouts => ["official", "diffusers", "comfyui"];

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Detect_OfEachLayout_TellsTheControl(string layout)
    {
        using var ours = Weights();
        var file = OtherTools.Rename(ours, name => In(layout, name));

        var found = NetworkKinds.Transformer.Names.Find(file);

        Assert.NotNull(found);
        Assert.Equal(Config, TransformerDetection.Detect(found));
        NetworkCheck.Require(found, NetworkSlots.Of(Config));
        var reader = new NetworkReader(file);
        reader.ReadAll();
        Assert.Empty(reader.Problems);
        Assert.Equal(Config, reader.ConfigOf<TransformerConfig>());
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Read_WithoutOneBlockOfTheControl_SaysSo(string layout)
    {
        using var ours = Weights();
        var kept = ours.Tensors.Keys.Where(name => !name.StartsWith("blocks.4.vace.", StringComparison.Ordinal));
        var file = new RenamedCheckpoint(ours, kept.ToDictionary(name => In(layout, name), name => name));
        var reader = new NetworkReader(file);

        reader.ReadAll();

        Assert.Contains("2 blocks for the control next to 6", Assert.Single(reader.Problems).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vace_blocks.2.self_attn.q", "blocks.4.vace.self_attn.q")]
    [InlineData("diffusion_model.vace_blocks.1.ffn.0", "blocks.2.vace.ffn.0")]
    [InlineData("lora_unet_vace_blocks_2_cross_attn_k", "blocks.4.vace.cross_attn.k")]
    [InlineData("transformer.vace_blocks.1.attn2.to_out.0", "blocks.2.vace.cross_attn.o")]
    [InlineData("transformer.vace_blocks.0.proj_in", "blocks.0.vace.before_proj")]
    [InlineData("vace_blocks.1.after_proj", "blocks.2.vace.after_proj")]
    [InlineData("blocks.4.self_attn.q", "blocks.4.self_attn.q")]
    [InlineData("vace_blocks.3.self_attn.q", null)]
    public void Find_OfALorasModule_KnowsTheControlsLayers(string theirs, string? ours)
    {
        var shapes = NetworkSlots.Of(Config).ToDictionary(slot => slot.Name, slot => slot.Shape);

        Assert.Equal(ours, new LoraModules(shapes).Find(theirs));
    }

    private static RandomWeights Weights() => new(3, NetworkSlots.Of(Config));

    private static string In(string layout, string name)
    {
        var parts = name.Split('.');
        if (parts is ["blocks", var number, "vace", ..])
        {
            name = $"vace_blocks.{int.Parse(number) / 2}.{string.Join('.', parts[3..])}";
        }

        return layout switch
        {
            "diffusers" => OtherTools.DiffusersTransformer(name),
            "comfyui" => $"model.diffusion_model.{name}",
            _ => name,
        };
    }
}
