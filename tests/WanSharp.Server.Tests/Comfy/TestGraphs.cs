namespace WanSharp.Server.Tests.Comfy;

/// <summary>Graphs for the tiny model.</summary>
internal static class TestGraphs
{
    /// <summary>Text to video with ComfyUI's own nodes.</summary>
    public const string TextToVideo = """
        {
          "37": {"class_type": "UNETLoader", "inputs": {"unet_name": "tiny", "weight_dtype": "default"}},
          "38": {"class_type": "CLIPLoader", "inputs": {"clip_name": "umt5_xxl_fp8_e4m3fn_scaled.safetensors", "type": "wan"}},
          "39": {"class_type": "VAELoader", "inputs": {"vae_name": "wan_2.1_vae.safetensors"}},
          "48": {"class_type": "ModelSamplingSD3", "inputs": {"shift": 8, "model": ["37", 0]}},
          "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["38", 0]}, "_meta": {"title": "Positive"}},
          "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["38", 0]}},
          "40": {"class_type": "EmptyHunyuanLatentVideo", "inputs": {"width": 32, "height": 16, "length": 5, "batch_size": 1}},
          "3": {"class_type": "KSampler", "inputs": {"seed": 82, "steps": 2, "cfg": 6, "sampler_name": "uni_pc", "scheduler": "simple",
            "denoise": 1, "model": ["48", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["40", 0]}},
          "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["39", 0]}},
          "28": {"class_type": "SaveAnimatedWEBP", "inputs": {"filename_prefix": "ComfyUI", "fps": 16, "lossless": false, "quality": 90,
            "method": "default", "images": ["8", 0]}}
        }
        """;

    /// <summary>Text to video with the wrapper's nodes.</summary>
    public const string Wrapper = """
        {
          "1": {"class_type": "WanVideoModelLoader", "inputs": {"model": "tiny"}},
          "2": {"class_type": "LoadWanVideoT5TextEncoder", "inputs": {"model_name": "umt5-xxl-enc-bf16.safetensors"}},
          "3": {"class_type": "WanVideoTextEncode", "inputs": {"positive_prompt": "a fox", "negative_prompt": "blurry", "t5": ["2", 0]}},
          "4": {"class_type": "WanVideoEmptyEmbeds", "inputs": {"width": 32, "height": 16, "num_frames": 5}},
          "5": {"class_type": "WanVideoSampler", "inputs": {"steps": 2, "cfg": 6, "shift": 5, "seed": 1, "scheduler": "unipc",
            "model": ["1", 0], "text_embeds": ["3", 0], "image_embeds": ["4", 0]}},
          "6": {"class_type": "WanVideoDecode", "inputs": {"samples": ["5", 0]}},
          "7": {"class_type": "VHS_VideoCombine", "inputs": {"frame_rate": 16, "format": "image/webp", "loop_count": 0, "pingpong": false,
            "save_output": true, "filename_prefix": "wan", "images": ["6", 0]}}
        }
        """;
}
