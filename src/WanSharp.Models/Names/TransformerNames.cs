namespace WanSharp.Models.Names;

/// <summary>The transformer's names: official, which ComfyUI, kijai, LightX2V and GGUF share except for prefixes; and Diffusers'.</summary>
/// <remarks>Sources: huggingface/diffusers:scripts/convert_wan_to_diffusers.py.</remarks>
internal static class TransformerNames
{
    private const string Blocks = "blocks.*";

    private static readonly (string Theirs, string Official)[] Diffusers =
    [
        ("condition_embedder.time_embedder.linear_1", "time_embedding.0"),
        ("condition_embedder.time_embedder.linear_2", "time_embedding.2"),
        ("condition_embedder.time_proj", "time_projection.1"),
        ("condition_embedder.text_embedder.linear_1", "text_embedding.0"),
        ("condition_embedder.text_embedder.linear_2", "text_embedding.2"),
        ("condition_embedder.image_embedder.pos_embed", "img_emb.emb_pos"),
        ("condition_embedder.image_embedder.norm1", "img_emb.proj.0"),
        ("condition_embedder.image_embedder.ff.net.0.proj", "img_emb.proj.1"),
        ("condition_embedder.image_embedder.ff.net.2", "img_emb.proj.3"),
        ("condition_embedder.image_embedder.norm2", "img_emb.proj.4"),
        ("blocks.*.attn1.to_q", "blocks.*.self_attn.q"),
        ("blocks.*.attn1.to_k", "blocks.*.self_attn.k"),
        ("blocks.*.attn1.to_v", "blocks.*.self_attn.v"),
        ("blocks.*.attn1.to_out.0", "blocks.*.self_attn.o"),
        ("blocks.*.attn1", "blocks.*.self_attn"),
        ("blocks.*.attn2.to_q", "blocks.*.cross_attn.q"),
        ("blocks.*.attn2.to_k", "blocks.*.cross_attn.k"),
        ("blocks.*.attn2.to_v", "blocks.*.cross_attn.v"),
        ("blocks.*.attn2.to_out.0", "blocks.*.cross_attn.o"),
        ("blocks.*.attn2.add_k_proj", "blocks.*.cross_attn.k_img"),
        ("blocks.*.attn2.add_v_proj", "blocks.*.cross_attn.v_img"),
        ("blocks.*.attn2.norm_added_k", "blocks.*.cross_attn.norm_k_img"),
        ("blocks.*.attn2", "blocks.*.cross_attn"),
        ("blocks.*.ffn.net.0.proj", "blocks.*.ffn.0"),
        ("blocks.*.ffn.net.2", "blocks.*.ffn.2"),
        ("blocks.*.norm2", "blocks.*.norm3"), // the norm before cross-attention: the official code counts by place in its file
        ("blocks.*.scale_shift_table", "blocks.*.modulation"),
        ("scale_shift_table", "head.modulation"),
        ("proj_out", "head.head"),
    ];

    public static NetworkNames Names { get; } =
        new(
            "Wan transformer",
            [
                "patch_embedding.weight",
                "text_embedding.0.weight",
                "time_embedding.0.weight",
                "head.head.weight",
                "head.modulation",
                "blocks.0.ffn.0.weight",
            ],
            ["patch_embedding.weight"],
            [
                names => new NameTable([.. ControlNames.Rules(names, [])]),
                names => new NameTable([.. ControlNames.Rules(names, BlockRules), .. Diffusers]),
            ]
        )
        {
            Shaped = PatchEmbedding.Shaped,
        };

    /// <summary>What Diffusers calls the parts of a block.</summary>
    private static (string Theirs, string Official)[] BlockRules =>
        [
            .. Diffusers
                .Where(rule => rule.Theirs.StartsWith(Blocks, StringComparison.Ordinal))
                .Select(rule => (rule.Theirs[Blocks.Length..], rule.Official[Blocks.Length..])),
            (".proj_in", ".before_proj"),
            (".proj_out", ".after_proj"),
        ];
}
