using WanSharp.Tensors;

namespace WanSharp.Models.Names;

/// <summary>The VAEs' names: official, which ComfyUI and kijai share, and Diffusers', which groups the layers into levels.</summary>
/// <remarks>Sources: huggingface/diffusers:scripts/convert_wan_to_diffusers.py and
/// src/diffusers/models/autoencoders/autoencoder_kl_wan.py.</remarks>
internal static class VaeNames
{
    private const int MostLevels = 8;
    private const int MostResidualBlocks = 17;

    public static NetworkNames Names { get; } =
        new(
            "Wan VAE",
            [
                "encoder.conv1.weight",
                "decoder.conv1.weight",
                "decoder.head.2.weight",
                "conv1.weight",
                "conv2.weight",
                "decoder.middle.0.residual.2.weight",
            ],
            ["encoder.conv1.weight", "encoder.conv_in.weight"],
            [NetworkNames.Official, Diffusers]
        )
        {
            Shaped = Shaped,
        };

    /// <summary>
    /// A convolution under its five dimensions. GGUF has four at most: stable-diffusion.cpp joins the first two, and the bias tells them.
    /// </summary>
    private static Tensor Shaped(IReadOnlyDictionary<string, Tensor> tensors, string name)
    {
        const string Weight = ".weight";
        var tensor = tensors[name];
        return
            tensor.Shape.Rank == 4
            && name.EndsWith(Weight, StringComparison.Ordinal)
            && tensors.TryGetValue($"{name[..^Weight.Length]}.bias", out var bias)
            && bias.Shape.ElementCount is > 0 and var outputs
            && tensor.Shape[0] > outputs
            && tensor.Shape[0] % outputs == 0
            ? tensor.Reshape([outputs, tensor.Shape[0] / outputs, tensor.Shape[1], tensor.Shape[2], tensor.Shape[3]])
            : tensor;
    }

    private static NameTable Diffusers(IReadOnlyCollection<string> names)
    {
        List<(string Theirs, string Official)> rules = [("quant_conv", "conv1"), ("post_quant_conv", "conv2")];
        foreach (var coder in new[] { "encoder", "decoder" })
        {
            rules.Add(($"{coder}.conv_in", $"{coder}.conv1"));
            rules.Add(($"{coder}.norm_out", $"{coder}.head.0"));
            rules.Add(($"{coder}.conv_out", $"{coder}.head.2"));
            rules.Add(($"{coder}.mid_block.attentions.0", $"{coder}.middle.1"));
            AddResidualBlock(rules, $"{coder}.mid_block.resnets.0", $"{coder}.middle.0");
            AddResidualBlock(rules, $"{coder}.mid_block.resnets.1", $"{coder}.middle.2");
        }

        if (names.Any(name => name.StartsWith("encoder.down_blocks.0.resnets.", StringComparison.Ordinal)))
        {
            AddNestedLevels(rules, "encoder.down_blocks", "resnets", "downsampler", "encoder.downsamples", "downsamples", names);
            AddNestedLevels(rules, "decoder.up_blocks", "resnets", "upsampler", "decoder.upsamples", "upsamples", names);
        }
        else
        {
            AddResidualBlock(rules, "encoder.down_blocks.*", "encoder.downsamples.*");
            rules.Add(("encoder.down_blocks", "encoder.downsamples"));
            AddFlatLevels(rules, names);
        }

        return new NameTable(rules);
    }

    private static void AddResidualBlock(List<(string Theirs, string Official)> rules, string theirs, string official)
    {
        rules.Add(($"{theirs}.norm1", $"{official}.residual.0"));
        rules.Add(($"{theirs}.conv1", $"{official}.residual.2"));
        rules.Add(($"{theirs}.norm2", $"{official}.residual.3"));
        rules.Add(($"{theirs}.conv2", $"{official}.residual.6"));
        rules.Add(($"{theirs}.conv_shortcut", $"{official}.shortcut"));
    }

    // Wan 2.1's decoder: officially one sequence, in each level but the last its residual blocks and then what enlarges.
    private static void AddFlatLevels(List<(string Theirs, string Official)> rules, IReadOnlyCollection<string> names)
    {
        var blocks = ResidualBlocks("decoder.up_blocks.0.resnets", names);
        for (var level = 0; level < MostLevels; level++)
        {
            var first = level * (blocks + 1);
            for (var block = 0; block < blocks; block++)
            {
                AddResidualBlock(rules, $"decoder.up_blocks.{level}.resnets.{block}", $"decoder.upsamples.{first + block}");
            }

            rules.Add(($"decoder.up_blocks.{level}.upsamplers.0", $"decoder.upsamples.{first + blocks}"));
        }
    }

    // Wan 2.2's: levels in both layouts; officially what changes the size is the last layer of a level.
    private static void AddNestedLevels(
        List<(string Theirs, string Official)> rules,
        string levels,
        string blocks,
        string sampler,
        string official,
        string inner,
        IReadOnlyCollection<string> names
    )
    {
        AddResidualBlock(rules, $"{levels}.*.{blocks}.*", $"{official}.*.{inner}.*");
        rules.Add(($"{levels}.*.{sampler}", $"{official}.*.{inner}.{ResidualBlocks($"{levels}.0.{blocks}", names)}"));
    }

    private static int ResidualBlocks(string list, IReadOnlyCollection<string> names)
    {
        var count = 0;
        while (count < MostResidualBlocks && names.Any(name => name.StartsWith($"{list}.{count}.", StringComparison.Ordinal)))
        {
            count++;
        }

        return count;
    }
}
