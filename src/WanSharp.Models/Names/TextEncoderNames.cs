namespace WanSharp.Models.Names;

/// <summary>The umT5 encoder's names: official; transformers', which ComfyUI and Diffusers share; and llama.cpp's in GGUF.</summary>
/// <remarks>Sources: Comfy-Org/ComfyUI:comfy/text_encoders/t5.py; city96/ComfyUI-GGUF:loader.py, T5_SD_MAP.</remarks>
internal static class TextEncoderNames
{
    private static readonly NameTable Transformers = new(
        ("shared", "token_embedding"),
        ("encoder.embed_tokens", "token_embedding"),
        ("encoder.final_layer_norm", "norm"),
        ("encoder.block.*.layer.0.layer_norm", "blocks.*.norm1"),
        ("encoder.block.*.layer.0.SelfAttention.relative_attention_bias", "blocks.*.pos_embedding.embedding"),
        ("encoder.block.*.layer.0.SelfAttention", "blocks.*.attn"),
        ("encoder.block.*.layer.1.layer_norm", "blocks.*.norm2"),
        ("encoder.block.*.layer.1.DenseReluDense.wi_0", "blocks.*.ffn.gate.0"),
        ("encoder.block.*.layer.1.DenseReluDense.wi_1", "blocks.*.ffn.fc1"),
        ("encoder.block.*.layer.1.DenseReluDense.wo", "blocks.*.ffn.fc2")
    );

    private static readonly NameTable LlamaCpp = new(
        ("token_embd", "token_embedding"),
        ("enc.output_norm", "norm"),
        ("enc.blk.*.attn_norm", "blocks.*.norm1"),
        ("enc.blk.*.attn_rel_b", "blocks.*.pos_embedding.embedding"),
        ("enc.blk.*.attn_q", "blocks.*.attn.q"),
        ("enc.blk.*.attn_k", "blocks.*.attn.k"),
        ("enc.blk.*.attn_v", "blocks.*.attn.v"),
        ("enc.blk.*.attn_o", "blocks.*.attn.o"),
        ("enc.blk.*.ffn_norm", "blocks.*.norm2"),
        ("enc.blk.*.ffn_gate", "blocks.*.ffn.gate.0"),
        ("enc.blk.*.ffn_up", "blocks.*.ffn.fc1"),
        ("enc.blk.*.ffn_down", "blocks.*.ffn.fc2")
    );

    public static NetworkNames Names { get; } =
        new(
            "umT5 text encoder",
            [
                "token_embedding.weight",
                "norm.weight",
                "blocks.0.attn.q.weight",
                "blocks.0.ffn.gate.0.weight",
                "blocks.0.pos_embedding.embedding.weight",
            ],
            ["token_embedding.weight", "shared.weight", "encoder.embed_tokens.weight", "token_embd.weight"],
            [NetworkNames.Official, _ => Transformers, _ => LlamaCpp]
        )
        {
            Tied = ["token_embedding.weight"],
        };
}
