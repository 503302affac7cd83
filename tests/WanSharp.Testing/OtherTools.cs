using System.Text.RegularExpressions;
using WanSharp.Models.Names;
using WanSharp.Tensors;

namespace WanSharp.Testing;

/// <summary>How other tools name the official tensors, written as their converters do it: the other way round than our tables.</summary>
public static partial class OtherTools
{
    // The names of huggingface/diffusers:scripts/convert_wan_to_diffusers.py; longer ones come before those they contain.
    private static readonly (string Official, string Diffusers)[] TransformerReplacements =
    [
        ("time_embedding.0", "condition_embedder.time_embedder.linear_1"),
        ("time_embedding.2", "condition_embedder.time_embedder.linear_2"),
        ("text_embedding.0", "condition_embedder.text_embedder.linear_1"),
        ("text_embedding.2", "condition_embedder.text_embedder.linear_2"),
        ("time_projection.1", "condition_embedder.time_proj"),
        ("head.modulation", "scale_shift_table"),
        ("head.head", "proj_out"),
        ("before_proj", "proj_in"),
        ("after_proj", "proj_out"),
        ("modulation", "scale_shift_table"),
        ("ffn.0", "ffn.net.0.proj"),
        ("ffn.2", "ffn.net.2"),
        ("img_emb.proj.0", "condition_embedder.image_embedder.norm1"),
        ("img_emb.proj.1", "condition_embedder.image_embedder.ff.net.0.proj"),
        ("img_emb.proj.3", "condition_embedder.image_embedder.ff.net.2"),
        ("img_emb.proj.4", "condition_embedder.image_embedder.norm2"),
        ("img_emb.emb_pos", "condition_embedder.image_embedder.pos_embed"),
        ("cross_attn.k_img", "attn2.add_k_proj"),
        ("cross_attn.v_img", "attn2.add_v_proj"),
        ("cross_attn.norm_k_img", "attn2.norm_added_k"),
        ("self_attn.q", "attn1.to_q"),
        ("self_attn.k", "attn1.to_k"),
        ("self_attn.v", "attn1.to_v"),
        ("self_attn.o", "attn1.to_out.0"),
        ("self_attn.", "attn1."),
        ("cross_attn.q", "attn2.to_q"),
        ("cross_attn.k", "attn2.to_k"),
        ("cross_attn.v", "attn2.to_v"),
        ("cross_attn.o", "attn2.to_out.0"),
        ("cross_attn.", "attn2."),
    ];

    private static readonly string[] ResidualParts = ["norm1", "", "conv1", "norm2", "", "", "conv2"];

    public static string DiffusersTransformer(string name)
    {
        // Diffusers counts a block's norms in the order of their use, so that the second and the third change places.
        var ordered = BlockNorm().Replace(name, norm => norm.Value == "norm2" ? "norm3" : "norm2");
        return TransformerReplacements.Aggregate(
            ordered,
            (text, pair) => text.Replace(pair.Official, pair.Diffusers, StringComparison.Ordinal)
        );
    }

    public static string TransformersText(string name) =>
        Block()
            .Replace(name, "encoder.block.$1.layer.")
            .Replace("layer.norm1", "layer.0.layer_norm", StringComparison.Ordinal)
            .Replace("layer.norm2", "layer.1.layer_norm", StringComparison.Ordinal)
            .Replace("layer.attn", "layer.0.SelfAttention", StringComparison.Ordinal)
            .Replace("layer.pos_embedding.embedding", "layer.0.SelfAttention.relative_attention_bias", StringComparison.Ordinal)
            .Replace("layer.ffn.gate.0", "layer.1.DenseReluDense.wi_0", StringComparison.Ordinal)
            .Replace("layer.ffn.fc1", "layer.1.DenseReluDense.wi_1", StringComparison.Ordinal)
            .Replace("layer.ffn.fc2", "layer.1.DenseReluDense.wo", StringComparison.Ordinal)
            .Replace("token_embedding", "shared", StringComparison.Ordinal)
            is var renamed
        && renamed.StartsWith("norm.", StringComparison.Ordinal)
            ? "encoder.final_layer_" + renamed
            : renamed;

    public static string LlamaText(string name) =>
        Block()
            .Replace(name, "enc.blk.$1.")
            .Replace(".norm1", ".attn_norm", StringComparison.Ordinal)
            .Replace(".norm2", ".ffn_norm", StringComparison.Ordinal)
            .Replace(".attn.", ".attn_", StringComparison.Ordinal)
            .Replace(".pos_embedding.embedding", ".attn_rel_b", StringComparison.Ordinal)
            .Replace(".ffn.gate.0", ".ffn_gate", StringComparison.Ordinal)
            .Replace(".ffn.fc1", ".ffn_up", StringComparison.Ordinal)
            .Replace(".ffn.fc2", ".ffn_down", StringComparison.Ordinal)
            .Replace("token_embedding", "token_embd", StringComparison.Ordinal)
            is var renamed
        && renamed.StartsWith("norm.", StringComparison.Ordinal)
            ? "enc.output_" + renamed
            : renamed;

    public static string DiffusersVae21(string name, int blocks = TinyNetworks.VaeBlocks)
    {
        name = Top(name).Replace("encoder.downsamples", "encoder.down_blocks", StringComparison.Ordinal);
        return Upsample()
            .Replace(
                name,
                match =>
                {
                    var index = int.Parse(match.Groups[1].Value);
                    var (level, layer) = int.DivRem(index, blocks + 2);
                    return layer > blocks ? $"decoder.up_blocks.{level}.upsamplers.0." : $"decoder.up_blocks.{level}.resnets.{layer}.";
                }
            );
    }

    public static string DiffusersVae22(string name, int blocks = TinyNetworks.VaeBlocks) =>
        NestedLayer()
            .Replace(
                Top(name),
                match =>
                {
                    var isEncoder = match.Groups[1].Value == "encoder";
                    var (levels, samplers, residuals) = isEncoder
                        ? ("down_blocks", "downsampler", blocks)
                        : ("up_blocks", "upsampler", blocks + 1);
                    var index = int.Parse(match.Groups[3].Value);
                    return $"{match.Groups[1].Value}.{levels}.{match.Groups[2].Value}"
                        + $".{(index == residuals ? samplers : $"resnets.{index}")}.";
                }
            );

    /// <summary>CLIP keeps q, k and v apart elsewhere: the parts by their names.</summary>
    public static IEnumerable<(string Name, Tensor Tensor)> TransformersClip(string name, Tensor tensor)
    {
        var renamed = name switch
        {
            "visual.cls_embedding" => "vision_model.embeddings.class_embedding",
            "visual.pos_embedding" => "vision_model.embeddings.position_embedding.weight",
            "visual.head" => "visual_projection.weight",
            _ => name.Replace("visual.patch_embedding", "vision_model.embeddings.patch_embedding", StringComparison.Ordinal)
                .Replace("visual.pre_norm", "vision_model.pre_layrnorm", StringComparison.Ordinal)
                .Replace("visual.post_norm", "vision_model.post_layernorm", StringComparison.Ordinal)
                .Replace("visual.transformer", "vision_model.encoder.layers", StringComparison.Ordinal)
                .Replace(".norm", ".layer_norm", StringComparison.Ordinal)
                .Replace(".attn.proj", ".self_attn.out_proj", StringComparison.Ordinal)
                .Replace(".mlp.0", ".mlp.fc1", StringComparison.Ordinal)
                .Replace(".mlp.2", ".mlp.fc2", StringComparison.Ordinal),
        };
        if (!renamed.Contains(".attn.to_qkv", StringComparison.Ordinal))
        {
            return
            [
                (
                    renamed,
                    name is "visual.cls_embedding" or "visual.pos_embedding"
                        ? tensor.Reshape(Shape.Create([.. tensor.Shape.Dims.ToArray().SkipWhile(dim => dim == 1)]))
                        : tensor
                ),
            ];
        }

        var rows = tensor.Shape[0] / 3;
        return "qkv".Select(
            (part, i) =>
                (renamed.Replace(".attn.to_qkv", $".self_attn.{part}_proj", StringComparison.Ordinal), tensor.Slice(i * rows, rows))
        );
    }

    /// <summary>A checkpoint under other names, without a copy.</summary>
    public static ICheckpoint Rename(ICheckpoint official, Func<string, string> rename) =>
        new RenamedCheckpoint(official, official.Tensors.Keys.ToDictionary(rename, name => name));

    private static string Top(string name)
    {
        name = name switch
        {
            "conv1.weight" or "conv1.bias" => "quant_" + name.Replace("conv1", "conv", StringComparison.Ordinal),
            "conv2.weight" or "conv2.bias" => "post_quant_" + name.Replace("conv2", "conv", StringComparison.Ordinal),
            _ => name,
        };
        name = name.Replace("coder.conv1", "coder.conv_in", StringComparison.Ordinal)
            .Replace("coder.head.0", "coder.norm_out", StringComparison.Ordinal)
            .Replace("coder.head.2", "coder.conv_out", StringComparison.Ordinal)
            .Replace("middle.0", "mid_block.resnets.0", StringComparison.Ordinal)
            .Replace("middle.1", "mid_block.attentions.0", StringComparison.Ordinal)
            .Replace("middle.2", "mid_block.resnets.1", StringComparison.Ordinal)
            .Replace(".shortcut.", ".conv_shortcut.", StringComparison.Ordinal);
        return Residual().Replace(name, match => "." + ResidualParts[int.Parse(match.Groups[1].Value)]);
    }

    [GeneratedRegex(@"norm[23]\b")]
    private static partial Regex BlockNorm();

    [GeneratedRegex(@"^blocks\.(\d+)\.")]
    private static partial Regex Block();

    [GeneratedRegex(@"^decoder\.upsamples\.(\d+)\.")]
    private static partial Regex Upsample();

    [GeneratedRegex(@"\.residual\.(\d)")]
    private static partial Regex Residual();

    [GeneratedRegex(@"^(encoder|decoder)\.(?:downsamples|upsamples)\.(\d+)\.(?:downsamples|upsamples)\.(\d+)\.")]
    private static partial Regex NestedLayer();
}
