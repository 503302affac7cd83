using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>Names what a checkpoint is that holds nothing of Wan's.</summary>
/// <remarks>Source of what tells: Comfy-Org/ComfyUI:comfy/model_detection.py.</remarks>
internal static class OtherModels
{
    // Parts of tensors' names, those that tell more first.
    private static readonly (string Part, string Family)[] Families =
    [
        ("lora_A.", "a LoRA, to be added to a model"),
        ("lora_down.", "a LoRA, to be added to a model"),
        ("txt_in.individual_token_refiner.", "a HunyuanVideo model"),
        ("context_embedder.token_refiner.", "a HunyuanVideo model"),
        ("txt_norm.", "a Qwen-Image model"),
        ("double_blocks.", "a Flux model, or one of its kin"),
        ("single_transformer_blocks.", "a Flux model, or one of its kin"),
        ("joint_blocks.", "a Stable Diffusion 3 model"),
        ("input_blocks.", "a Stable Diffusion model"),
        ("down_blocks.", "a Stable Diffusion model, or its VAE"),
        ("t5_yproj.", "a Mochi model"),
        ("patch_embed.text_proj.", "a CogVideoX model"),
        ("adaln_single.", "an LTX-Video or PixArt model"),
        ("net.blocks.", "a Cosmos model"),
        ("text_model.", "a CLIP text encoder"),
        ("model.layers.", "a language model"),
    ];

    /// <summary>Why a checkpoint without a network of Wan's cannot be used, if it is known what it is.</summary>
    public static string? Refuse(ICheckpoint checkpoint)
    {
        var family = Families.FirstOrDefault(known => checkpoint.Tensors.Keys.Concat(checkpoint.Unsupported.Keys).Any(name => Has(name, known.Part))).Family;
        return family is null ? null : $"{checkpoint.Path}: it is {family}, by the names of its tensors; Wan's transformers, VAEs and text and image encoders are supported.";
    }

    /// <summary>Whether a part stands at the beginning of a name, or after a dot.</summary>
    private static bool Has(string name, string part) =>
        name.StartsWith(part, StringComparison.Ordinal) || name.Contains($".{part}", StringComparison.Ordinal);
}
