namespace WanSharp.Models.Names;

/// <summary>
/// CLIP's image encoder's names: official, and transformers', which ComfyUI and Diffusers share. Those keep q, k and v apart.
/// </summary>
/// <remarks>Sources: Comfy-Org/ComfyUI:comfy/clip_vision.py; huggingface/transformers:src/transformers/models/clip/modeling_clip.py
/// (the missing letter is theirs).</remarks>
internal static class VisionEncoderNames
{
    private static readonly NameTable Transformers = new(
        ("vision_model.embeddings.class_embedding", "visual.cls_embedding"),
        ("vision_model.embeddings.position_embedding.weight", "visual.pos_embedding"),
        ("vision_model.embeddings.patch_embedding", "visual.patch_embedding"),
        ("vision_model.pre_layrnorm", "visual.pre_norm"),
        ("vision_model.post_layernorm", "visual.post_norm"),
        ("vision_model.encoder.layers.*.layer_norm1", "visual.transformer.*.norm1"),
        ("vision_model.encoder.layers.*.layer_norm2", "visual.transformer.*.norm2"),
        ("vision_model.encoder.layers.*.self_attn.q_proj", "visual.transformer.*.attn.to_q"),
        ("vision_model.encoder.layers.*.self_attn.k_proj", "visual.transformer.*.attn.to_k"),
        ("vision_model.encoder.layers.*.self_attn.v_proj", "visual.transformer.*.attn.to_v"),
        ("vision_model.encoder.layers.*.self_attn.out_proj", "visual.transformer.*.attn.proj"),
        ("vision_model.encoder.layers.*.mlp.fc1", "visual.transformer.*.mlp.0"),
        ("vision_model.encoder.layers.*.mlp.fc2", "visual.transformer.*.mlp.2")
    );

    public static NetworkNames Names { get; } =
        new(
            "CLIP image encoder",
            [
                "visual.cls_embedding",
                "visual.pos_embedding",
                "visual.patch_embedding.weight",
                "visual.pre_norm.weight",
                "visual.transformer.0.mlp.0.weight",
            ],
            ["visual.cls_embedding", "vision_model.embeddings.class_embedding"],
            [NetworkNames.Official, _ => Transformers]
        );
}
