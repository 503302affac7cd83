using WanSharp.Models.Codes;
using WanSharp.Models.Loras;
using WanSharp.Models.Names;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>Names what a checkpoint is that holds no network of Wan's.</summary>
/// <remarks>Source of what tells: Comfy-Org/ComfyUI:comfy/model_detection.py.</remarks>
internal static class OtherModels
{
    private const string Module = "to be added to a model";

    // Parts of tensors' names, those that tell more first.
    private static readonly (string Part, string Family)[] Families =
    [
        ("vace_patch_embedding.", $"the VACE module alone, {Module}"),
        ("vace_blocks.", $"the VACE module alone, {Module}"),
        ("controlnet_patch_embedding.", $"the Uni3C module, {Module}"),
        ("audio_proj.", $"a module for speech (MultiTalk, InfiniteTalk), {Module}"),
        ("audio_cross_attn.", $"a module for speech (MultiTalk, InfiniteTalk), {Module}"),
        ("face_adapter.", $"a module for faces (Animate), {Module}"),
        ("dwpose_embedding.", $"the UniAnimate module, {Module}"),
        ("cam_encoder.", $"the ReCamMaster module, {Module}"),
        ("LQ_proj_in.", $"a module of FlashVSR, {Module}"),
        ("controlnet_blocks.", $"a ControlNet, {Module}"),
        ("video_model.", "an Ovi model (video with sound)"),
        ("processor.", $"a module for attention (FantasyTalking and others), {Module}"),
        ("ip_adapter.", $"an adapter for images, {Module}"),
        ("image_proj.", $"an adapter for images, {Module}"),
        ("resampler.", $"an adapter for images, {Module}"),
        ("control_adapter.", $"an adapter for control, {Module}"),
        ("wav2vec2.", "a wav2vec2 audio encoder"),
        ("feature_extractor.conv_layers.", "a wav2vec2 audio encoder"),
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
        ("blocks.block0.", "a Cosmos model"),
        ("adaln_modulation_self_attn.", "a Cosmos model"),
        ("cap_embedder.", "a Lumina or Z-Image model"),
        ("sam_mask_decoder.", "a SAM 2 model, which finds shapes in pictures"),
        ("vision_model.head.", "a SigLIP image encoder (of Flux Redux and others), not CLIP's"),
        ("text_model.", "a CLIP text encoder"),
        ("decoder.mid.block_1.", "a VAE of Stable Diffusion or Flux"),
        ("quant_conv.", "a VAE of Stable Diffusion or Flux"),
        ("emb_params", "a textual inversion (an embedding)"),
        ("string_to_param", "a textual inversion (an embedding)"),
        ("model.1.sub.", "an upscaler (ESRGAN) that does not enlarge by 4"),
        ("conv_first.", "an upscaler of another kind than RRDBNet, SRVGGNetCompact and SPAN (SwinIR, DAT, HAT or one of their kin)"),
        ("block0.conv0.", "a network that makes frames between frames (RIFE) of a version before 4.5, or of another that is not known"),
        ("model.decoder.layers.", "a network for speech or text (Whisper, BART)"),
        ("exp_avg", "a training's optimizer alone"),
        ("model.layers.", "a language model"),
    ];

    // The variant of the tiny autoencoder with other blocks and no shortcuts of its own (madebyollin/taehv:taehv.py, "super").
    private static readonly string[] SuperTaehv = ["decoder.0.weight", "decoder.1.conv.0.weight", "decoder.1.conv.3.weight"];

    /// <summary>Why a checkpoint without a network of Wan's cannot be used, if it is known what it is.</summary>
    public static string? Refuse(ICheckpoint checkpoint)
    {
        List<string> names = [.. checkpoint.Tensors.Keys, .. checkpoint.Unsupported.Keys];
        if (LoraKinds.Of(names) is var (lora, isSupported))
        {
            return $"{checkpoint.Path}: it is {lora}, by the names of its tensors"
                + (
                    isSupported
                        ? ": give it with --lora, and the model that it changes with --model."
                        : ", which is not supported: merge it into a checkpoint with the tool that made it."
                );
        }

        if (checkpoint.Tensors.Any(IsOfVideoVae))
        {
            return $"{checkpoint.Path}: it is a VAE for video of another family (HunyuanVideo or one of its kin), by the names of its "
                + "tensors; Wan's are supported.";
        }

        if (Families.FirstOrDefault(known => names.Exists(name => Has(name, known.Part))).Family is { } family)
        {
            return $"{checkpoint.Path}: it is {family}, by the names of its tensors; Wan's transformers, VAEs, tiny autoencoders, "
                + "text and image encoders, upscalers and RIFE are supported.";
        }

        if (Array.TrueForAll(SuperTaehv, names.Contains))
        {
            return $"{checkpoint.Path}: it is a tiny autoencoder of the variant \"super\", by the names of its tensors; those of the "
                + "plain kind are supported (taew2_1, taew2_2, lighttaew2_1, lighttaew2_2).";
        }

        return ForeignFormats.Find(checkpoint)?.Message
            ?? Lacking(checkpoint, NetworkKinds.Transformer.Names)
            ?? Lacking(checkpoint, NetworkKinds.TextEncoder.Names)
            ?? Lacking(checkpoint, NetworkKinds.Vae.Names)
            ?? Lacking(checkpoint, NetworkKinds.VisionEncoder.Names)
            ?? Lacking(checkpoint, NetworkKinds.TinyVae.Names);
    }

    private static bool IsOfVideoVae(KeyValuePair<string, Tensor> tensor) =>
        tensor is { Key: "quant_conv.weight" or "encoder.conv_in.conv.weight", Value.Shape.Rank: 5 };

    /// <summary>What of a network a file lacks that has most of it.</summary>
    private static string? Lacking(ICheckpoint checkpoint, NetworkNames names)
    {
        if (names.FindMissing(checkpoint) is not { Count: > 0 } missing)
        {
            return null;
        }

        var toDo =
            missing is ["patch_embedding.weight"] && checkpoint.Metadata.ContainsKey("general.architecture")
                ? "the conversion to GGUF left it out, as tensors of five dimensions were: get a file "
                    + "that has it (fix_5d_tensors.py adds it)"
                : "it is a part of a checkpoint, or damaged: get the whole file";
        return $"{checkpoint.Path}: it is a {names.What} without {string.Join(", ", missing.Take(3).Select(CheckpointException.Quote))}: "
            + $"{toDo}.";
    }

    /// <summary>Whether a part stands at the beginning of a name or after a dot, and, unless it ends in one, as a whole.</summary>
    private static bool Has(string name, string part)
    {
        for (var at = name.IndexOf(part, StringComparison.Ordinal); at >= 0; at = name.IndexOf(part, at + 1, StringComparison.Ordinal))
        {
            var end = at + part.Length;
            if ((at == 0 || name[at - 1] == '.') && (part[^1] == '.' || end == name.Length || name[end] == '.'))
            {
                return true;
            }
        }

        return false;
    }
}
