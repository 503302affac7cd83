namespace WanSharp.Jobs.Recipes;

/// <summary>
/// The values of nodes in the order in which ComfyUI's editor keeps them, for workflows of versions that do not name them. Sources:
/// ComfyUI's <c>nodes.py</c> and <c>comfy_extras</c>, ComfyUI-WanVideoWrapper, ComfyUI-GGUF, ComfyUI-KJNodes.
/// </summary>
internal static class EditorWidgets
{
    private static readonly Dictionary<string, string> Orders = new(StringComparer.Ordinal)
    {
        ["KSampler"] = "seed steps cfg sampler_name scheduler denoise",
        ["KSamplerAdvanced"] = "add_noise noise_seed steps cfg sampler_name scheduler start_at_step end_at_step return_with_leftover_noise",
        ["RandomNoise"] = "noise_seed",
        ["KSamplerSelect"] = "sampler_name",
        ["BasicScheduler"] = "scheduler steps denoise",
        ["CFGGuider"] = "cfg",
        ["SplitSigmas"] = "step",
        ["CLIPTextEncode"] = "text",
        ["ModelSamplingSD3"] = "shift",
        ["UNETLoader"] = "unet_name weight_dtype",
        ["UnetLoaderGGUF"] = "unet_name",
        ["UnetLoaderGGUFAdvanced"] = "unet_name dequant_dtype patch_dtype patch_on_device",
        ["CheckpointLoaderSimple"] = "ckpt_name",
        ["CLIPLoader"] = "clip_name type device",
        ["CLIPLoaderGGUF"] = "clip_name type",
        ["CLIPVisionLoader"] = "clip_name",
        ["CLIPVisionEncode"] = "crop",
        ["VAELoader"] = "vae_name",
        ["LoraLoader"] = "lora_name strength_model strength_clip",
        ["LoraLoaderModelOnly"] = "lora_name strength_model",
        ["Lora Loader (LoraManager)"] = "text loras",
        ["Lora Stacker (LoraManager)"] = "text loras",
        ["WanVideo Lora Select (LoraManager)"] = "low_mem_load merge_loras text loras",
        ["CR LoRA Stack"] =
            "switch_1 lora_name_1 model_weight_1 clip_weight_1 switch_2 lora_name_2 model_weight_2 clip_weight_2 switch_3 lora_name_3 "
            + "model_weight_3 clip_weight_3",
        ["EmptyHunyuanLatentVideo"] = "width height length batch_size",
        ["Wan22ImageToVideoLatent"] = "width height length batch_size",
        ["WanImageToVideo"] = "width height length batch_size",
        ["WanFirstLastFrameToVideo"] = "width height length batch_size",
        ["WanFunInpaintToVideo"] = "width height length batch_size",
        ["WanFunControlToVideo"] = "width height length batch_size",
        ["WanVaceToVideo"] = "width height length batch_size strength",
        ["LoadImage"] = "image",
        ["ImageScale"] = "upscale_method width height crop",
        ["CreateVideo"] = "fps",
        ["SaveVideo"] = "filename_prefix format codec",
        ["SaveWEBM"] = "filename_prefix codec fps crf",
        ["SaveAnimatedWEBP"] = "filename_prefix fps lossless quality method",
        ["PrimitiveInt"] = "value",
        ["PrimitiveFloat"] = "value",
        ["PrimitiveString"] = "value",
        ["PrimitiveStringMultiline"] = "value",
        ["INTConstant"] = "value",
        ["FloatConstant"] = "value",
        ["StringConstantMultiline"] = "string strip_newlines",
        ["SkipLayerGuidanceWanVideo"] = "blocks start_percent end_percent",
        ["SkipLayerGuidanceDiT"] = "double_layers single_layers scale start_percent end_percent rescaling_scale",
        ["CFGZeroStar"] = "",
        ["WanVideoSampler"] =
            "steps cfg shift seed force_offload scheduler riflex_freq_index denoise_strength batched_cfg rope_function start_step end_step "
            + "add_noise_to_samples",
        ["WanVideoTextEncode"] = "positive_prompt negative_prompt force_offload use_disk_cache device",
        ["WanVideoTextEncodeSingle"] = "prompt force_offload use_disk_cache device",
        ["WanVideoTextEncodeCached"] = "model_name precision positive_prompt negative_prompt quantization use_disk_cache device",
        ["WanVideoEmptyEmbeds"] = "width height num_frames",
        ["WanVideoImageToVideoEncode"] =
            "width height num_frames noise_aug_strength start_latent_strength end_latent_strength force_offload",
        ["WanVideoLoraSelect"] = "lora strength low_mem_load merge_loras",
        ["WanVideoLoraSelectMulti"] =
            "lora_0 strength_0 lora_1 strength_1 lora_2 strength_2 lora_3 strength_3 lora_4 strength_4 low_mem_load merge_loras",
        ["WanVideoModelLoader"] = "model base_precision quantization load_device attention_mode",
        ["WanVideoVAELoader"] = "model_name precision",
        ["LoadWanVideoT5TextEncoder"] = "model_name precision load_device quantization",
        ["WanVideoEnhanceAVideo"] = "weight start_percent end_percent",
        ["WanVideoTeaCache"] = "rel_l1_thresh start_step end_step cache_device use_coefficients",
        ["WanVideoBlockSwap"] = "blocks_to_swap offload_img_emb offload_txt_emb",
        ["WanVideoDecode"] = "enable_vae_tiling tile_x tile_y tile_stride_x tile_stride_y",
    };

    private static readonly Dictionary<string, IReadOnlyList<string>> Split = Orders.ToDictionary(
        order => order.Key,
        order => (IReadOnlyList<string>)order.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        StringComparer.Ordinal
    );

    /// <summary>The names of a class's values; null when they are not known.</summary>
    public static IReadOnlyList<string>? Of(string type) => Split.GetValueOrDefault(type);
}
