using System.Text.Json.Nodes;
using WanSharp.Jobs.Comfy;

namespace WanSharp.Testing.Comfy;

/// <summary>Workflows as ComfyUI exports them for Wan, small.</summary>
public static class Workflows
{
    /// <summary>Text to video with one transformer.</summary>
    public const string TextToVideo = """
        {
          "37": {"class_type": "UNETLoader", "inputs": {"unet_name": "wan2.1_t2v_1.3B_fp16.safetensors", "weight_dtype": "default"},
            "_meta": {"title": "Load Diffusion Model"}},
          "38": {"class_type": "CLIPLoader", "inputs": {"clip_name": "umt5_xxl_fp8_e4m3fn_scaled.safetensors", "type": "wan"}},
          "39": {"class_type": "VAELoader", "inputs": {"vae_name": "wan_2.1_vae.safetensors"}},
          "48": {"class_type": "ModelSamplingSD3", "inputs": {"shift": 8, "model": ["37", 0]}},
          "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["38", 0]}},
          "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["38", 0]}},
          "40": {"class_type": "EmptyHunyuanLatentVideo", "inputs": {"width": 832, "height": 480, "length": 33, "batch_size": 1}},
          "3": {"class_type": "KSampler", "inputs": {"seed": 82, "steps": 4, "cfg": 6, "sampler_name": "uni_pc", "scheduler": "simple",
            "denoise": 1, "model": ["48", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["40", 0]}},
          "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["39", 0]}},
          "49": {"class_type": "CreateVideo", "inputs": {"fps": 16, "images": ["8", 0]}},
          "50": {"class_type": "SaveVideo", "inputs": {"filename_prefix": "video/ComfyUI", "format": "auto", "codec": "auto",
            "video": ["49", 0]}}
        }
        """;

    /// <summary>Image to video of Wan 2.2: two experts take turns, the first and last frame are given.</summary>
    public const string TwoExperts = """
        {
          "1": {"class_type": "UNETLoader", "inputs": {"unet_name": "high.safetensors", "weight_dtype": "default"}},
          "2": {"class_type": "UNETLoader", "inputs": {"unet_name": "low.safetensors", "weight_dtype": "default"}},
          "3": {"class_type": "CLIPLoader", "inputs": {"clip_name": "umt5.safetensors", "type": "wan"}},
          "4": {"class_type": "VAELoader", "inputs": {"vae_name": "wan_2.1_vae.safetensors"}},
          "5": {"class_type": "ModelSamplingSD3", "inputs": {"shift": 8, "model": ["1", 0]}},
          "6": {"class_type": "ModelSamplingSD3", "inputs": {"shift": 8, "model": ["2", 0]}},
          "10": {"class_type": "CLIPTextEncode", "inputs": {"text": "good", "clip": ["3", 0]}},
          "11": {"class_type": "CLIPTextEncode", "inputs": {"text": "bad", "clip": ["3", 0]}},
          "12": {"class_type": "LoadImage", "inputs": {"image": "start.png"}},
          "13": {"class_type": "LoadImage", "inputs": {"image": "end.png"}},
          "14": {"class_type": "ImageScale", "inputs": {"image": ["13", 0], "width": 640, "height": 640, "upscale_method": "lanczos",
            "crop": "center"}},
          "20": {"class_type": "WanFirstLastFrameToVideo", "inputs": {"width": 640, "height": 640, "length": 81, "batch_size": 1,
            "positive": ["10", 0], "negative": ["11", 0], "vae": ["4", 0], "start_image": ["12", 0], "end_image": ["14", 0]}},
          "30": {"class_type": "KSamplerAdvanced", "inputs": {"add_noise": "enable", "noise_seed": 5, "steps": 20, "cfg": 3.5,
            "sampler_name": "euler", "scheduler": "simple", "start_at_step": 0, "end_at_step": 10, "return_with_leftover_noise": "enable",
              "model": ["5", 0], "positive": ["20", 0], "negative": ["20", 1], "latent_image": ["20", 2]}},
          "31": {"class_type": "KSamplerAdvanced", "inputs": {"add_noise": "disable", "noise_seed": 0, "steps": 20, "cfg": 3.5,
            "sampler_name": "euler", "scheduler": "simple", "start_at_step": 10, "end_at_step": 10000,
              "return_with_leftover_noise": "disable", "model": ["6", 0], "positive": ["20", 0], "negative": ["20", 1],
                "latent_image": ["30", 0]}},
          "40": {"class_type": "VAEDecode", "inputs": {"samples": ["31", 0], "vae": ["4", 0]}},
          "41": {"class_type": "VHS_VideoCombine", "inputs": {"frame_rate": 16, "loop_count": 0, "filename_prefix": "wan",
            "format": "video/h264-mp4", "pingpong": false, "save_output": true, "images": ["40", 0]}}
        }
        """;

    /// <summary>TI2V-5B with the custom sampler, its text and seed in nodes of their own.</summary>
    public const string CustomSampling = """
        {
          "1": {"class_type": "UNETLoader", "inputs": {"unet_name": "wan2.2_ti2v_5B_fp16.safetensors", "weight_dtype": "default"}},
          "2": {"class_type": "CLIPLoader", "inputs": {"clip_name": "umt5.safetensors", "type": "wan"}},
          "3": {"class_type": "VAELoader", "inputs": {"vae_name": "wan2.2_vae.safetensors"}},
          "4": {"class_type": "PrimitiveStringMultiline", "inputs": {"value": "a fox"}},
          "5": {"class_type": "CLIPTextEncode", "inputs": {"text": ["4", 0], "clip": ["2", 0]}},
          "6": {"class_type": "ConditioningZeroOut", "inputs": {"conditioning": ["5", 0]}},
          "7": {"class_type": "Wan22ImageToVideoLatent", "inputs": {"width": 1280, "height": 704, "length": 121, "batch_size": 1,
            "vae": ["3", 0]}},
          "8": {"class_type": "RandomNoise", "inputs": {"noise_seed": 9}},
          "9": {"class_type": "CFGGuider", "inputs": {"cfg": 5, "model": ["1", 0], "positive": ["5", 0], "negative": ["6", 0]}},
          "10": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "euler"}},
          "11": {"class_type": "BasicScheduler", "inputs": {"scheduler": "simple", "steps": 30, "denoise": 1, "model": ["1", 0]}},
          "12": {"class_type": "SamplerCustomAdvanced", "inputs": {"noise": ["8", 0], "guider": ["9", 0], "sampler": ["10", 0],
            "sigmas": ["11", 0], "latent_image": ["7", 0]}},
          "13": {"class_type": "VAEDecode", "inputs": {"samples": ["12", 0], "vae": ["3", 0]}},
          "14": {"class_type": "SaveWEBM", "inputs": {"filename_prefix": "wan", "codec": "vp9", "fps": 24, "crf": 32, "images": ["13", 0]}}
        }
        """;

    /// <summary>The nodes of the wrapper for Wan.</summary>
    public const string Wrapper = """
        {
          "1": {"class_type": "WanVideoModelLoader", "inputs": {"model": "wan.safetensors"}},
          "2": {"class_type": "LoadWanVideoT5TextEncoder", "inputs": {"model_name": "umt5.safetensors"}},
          "3": {"class_type": "WanVideoTextEncode", "inputs": {"positive_prompt": "a fox", "negative_prompt": "blurry", "t5": ["2", 0]}},
          "4": {"class_type": "WanVideoEmptyEmbeds", "inputs": {"width": 832, "height": 480, "num_frames": 81}},
          "5": {"class_type": "WanVideoSampler", "inputs": {"steps": 30, "cfg": 6, "shift": 5, "seed": 1, "scheduler": "unipc",
            "model": ["1", 0], "text_embeds": ["3", 0], "image_embeds": ["4", 0]}},
          "6": {"class_type": "WanVideoDecode", "inputs": {"samples": ["5", 0]}},
          "7": {"class_type": "VHS_VideoCombine", "inputs": {"frame_rate": 16, "format": "video/h264-mp4", "save_output": true,
            "images": ["6", 0]}}
        }
        """;

    /// <summary>The wrapper's nodes for the two experts of Wan 2.2.</summary>
    public const string WrapperExperts = """
        {
          "1": {"class_type": "WanVideoModelLoader", "inputs": {"model": "high.safetensors"}},
          "2": {"class_type": "WanVideoModelLoader", "inputs": {"model": "low.safetensors"}},
          "3": {"class_type": "WanVideoTextEncode", "inputs": {"positive_prompt": "a fox", "negative_prompt": "blurry", "t5": ["9", 0]}},
          "4": {"class_type": "WanVideoEmptyEmbeds", "inputs": {"width": 832, "height": 480, "num_frames": 81}},
          "5": {"class_type": "WanVideoSampler", "inputs": {"steps": 6, "cfg": 3.5, "shift": 8, "seed": 1, "scheduler": "unipc",
            "start_step": 0, "end_step": 3, "model": ["1", 0], "text_embeds": ["3", 0], "image_embeds": ["4", 0]}},
          "6": {"class_type": "WanVideoSampler", "inputs": {"steps": 6, "cfg": 1, "shift": 8, "seed": 1, "scheduler": "unipc",
            "start_step": 3, "end_step": -1, "samples": ["5", 0], "model": ["2", 0], "text_embeds": ["3", 0], "image_embeds": ["4", 0]}},
          "7": {"class_type": "WanVideoDecode", "inputs": {"samples": ["6", 0]}},
          "8": {"class_type": "VHS_VideoCombine", "inputs": {"frame_rate": 16, "format": "video/h264-mp4", "save_output": true,
            "images": ["7", 0]}},
          "9": {"class_type": "LoadWanVideoT5TextEncoder", "inputs": {"model_name": "umt5.safetensors"}}
        }
        """;

    /// <summary>Two experts with the custom sampler, whose steps are split.</summary>
    public const string SplitExperts = """
        {
          "1": {"class_type": "UNETLoader", "inputs": {"unet_name": "high.safetensors"}},
          "2": {"class_type": "UNETLoader", "inputs": {"unet_name": "low.safetensors"}},
          "3": {"class_type": "ModelSamplingSD3", "inputs": {"shift": 8, "model": ["1", 0]}},
          "4": {"class_type": "ModelSamplingSD3", "inputs": {"shift": 8, "model": ["2", 0]}},
          "5": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["18", 0]}},
          "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["18", 0]}},
          "7": {"class_type": "EmptyHunyuanLatentVideo", "inputs": {"width": 832, "height": 480, "length": 81, "batch_size": 1}},
          "8": {"class_type": "RandomNoise", "inputs": {"noise_seed": 9}},
          "9": {"class_type": "DisableNoise", "inputs": {}},
          "10": {"class_type": "CFGGuider", "inputs": {"cfg": 4, "model": ["3", 0], "positive": ["5", 0], "negative": ["6", 0]}},
          "11": {"class_type": "CFGGuider", "inputs": {"cfg": 3, "model": ["4", 0], "positive": ["5", 0], "negative": ["6", 0]}},
          "12": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "euler"}},
          "13": {"class_type": "BasicScheduler", "inputs": {"scheduler": "simple", "steps": 20, "denoise": 1, "model": ["3", 0]}},
          "14": {"class_type": "SplitSigmas", "inputs": {"step": 8, "sigmas": ["13", 0]}},
          "15": {"class_type": "SamplerCustomAdvanced", "inputs": {"noise": ["8", 0], "guider": ["10", 0], "sampler": ["12", 0],
            "sigmas": ["14", 0], "latent_image": ["7", 0]}},
          "16": {"class_type": "SamplerCustomAdvanced", "inputs": {"noise": ["9", 0], "guider": ["11", 0], "sampler": ["12", 0],
            "sigmas": ["14", 1], "latent_image": ["15", 0]}},
          "17": {"class_type": "VAEDecode", "inputs": {"samples": ["16", 0], "vae": ["19", 0]}},
          "18": {"class_type": "CLIPLoader", "inputs": {"clip_name": "umt5.safetensors", "type": "wan"}},
          "19": {"class_type": "VAELoader", "inputs": {"vae_name": "wan_2.1_vae.safetensors"}},
          "20": {"class_type": "SaveWEBM", "inputs": {"filename_prefix": "wan", "codec": "vp9", "fps": 16, "crf": 32, "images": ["17", 0]}}
        }
        """;

    /// <summary>A workflow with some inputs changed (null takes one away) and nodes added.</summary>
    /// <param name="json">The workflow.</param>
    /// <param name="changes">By node: its inputs, or for a new one the whole node.</param>
    public static string Edit(string json, string changes)
    {
        var nodes = JsonNode.Parse(json)!.AsObject();
        foreach (var (id, change) in JsonNode.Parse(changes)!.AsObject())
        {
            if (nodes[id]?["inputs"] is not JsonObject inputs)
            {
                nodes[id] = change?.DeepClone();
                continue;
            }

            foreach (var (name, value) in change!.AsObject())
            {
                inputs.Remove(name);
                if (value is not null)
                {
                    inputs[name] = value.DeepClone();
                }
            }
        }

        return nodes.ToJsonString();
    }

    public static ComfyWorkflow Parse(string json) => ComfyWorkflow.Parse(json, "workflow.json");
}
