using WanSharp.Models.Codes;
using WanSharp.Models.Names;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>
/// Says what a network is that has tensors which nothing here uses: leaving them out would give another clip without a word.
/// </summary>
/// <remarks>Sources of what tells: Comfy-Org/ComfyUI:comfy/model_detection.py; kijai/ComfyUI-WanVideoWrapper:nodes_model_loading.py;
/// thu-ml/TurboDiffusion:turbodiffusion/SLA; hao-ai-lab/FastVideo (VSA).</remarks>
internal static class LeftOver
{
    // Parts of tensors' names, those that tell more first.
    private static readonly (string Part, string Family)[] Families =
    [
        ("casual_audio_encoder.", "S2V (speech to video)"),
        ("audio_injector.", "S2V (speech to video)"),
        ("trainable_cond_mask.", "S2V (speech to video)"),
        ("face_adapter.", "Animate"),
        ("pose_patch_embedding.", "Animate"),
        ("motion_encoder.", "Animate"),
        ("patch_embedding_pose.", "SCAIL"),
        ("audio_cross_attn.", "MultiTalk or InfiniteTalk"),
        ("audio_proj.", "HuMo or MultiTalk"),
        ("dwpose_embedding.", "UniAnimate"),
        ("randomref_embedding_pose.", "UniAnimate"),
        ("cam_encoder.", "ReCamMaster"),
        ("fps_embedding.", "SkyReels V2 (diffusion forcing)"),
        ("fps_projection.", "SkyReels V2 (diffusion forcing)"),
        ("condition_embedding_align.", "SteadyDancer"),
        ("patch_embedding_fuse.", "SteadyDancer"),
        ("patch_embedding_ref_c.", "SteadyDancer"),
        ("controlnet_patch_embedding.", "Uni3C"),
        ("proj_l.", "TurboDiffusion (sparse-linear attention, SLA)"),
        ("to_gate_compress.", "FastWan (video sparse attention, VSA)"),
        ("LQ_proj_in.", "FlashVSR"),
        ("audio_model.", "Ovi"),
        ("to_qkv.", "fused (Diffusers' fuse_qkv_projections)"),
        ("to_kv.", "fused (Diffusers' fuse_qkv_projections)"),
        ("ip_adapter.", "Lynx, or another with an adapter"),
        ("processor.", "FantasyTalking, or another with an adapter"),
        ("lora_A.", "LoRA (one that was not merged, in the model's own file)"),
        ("lora_B.", "LoRA (one that was not merged, in the model's own file)"),
        ("lora_up.", "LoRA (one that was not merged, in the model's own file)"),
        ("lora_down.", "LoRA (one that was not merged, in the model's own file)"),
    ];

    /// <summary>The family that a tensor's name tells, or null.</summary>
    public static string? FamilyOf(IEnumerable<string> names)
    {
        List<string> all = [.. names];
        return Families.FirstOrDefault(family => all.Exists(name => Has(name, family.Part))).Family;
    }

    /// <summary>Why a network with tensors that are left over is refused.</summary>
    /// <param name="network">The network.</param>
    /// <param name="names">Its kind.</param>
    /// <param name="left">The stored names of the tensors.</param>
    public static CheckpointException Refuse(RenamedCheckpoint network, NetworkNames names, IReadOnlyList<string> left)
    {
        var more = left.Count > 1 ? $" and {left.Count - 1} more" : "";
        var it = left.Count > 1 ? $"it and {left.Count - 1} more belong" : "it belongs";
        if (names == TransformerNames.Names && FamilyOf(left) is { } family)
        {
            return new(
                network.Path,
                $"it is a Wan {family} model ({CheckpointException.Quote(left[0])}{more}, which a plain "
                    + "one does not have), which is not supported; "
                    + "text-to-video, image-to-video, first-last-frame and ti2v models are."
            );
        }

        if (names == TransformerNames.Names && left.FirstOrDefault(SavedPositions.AreOnes) is { } positions)
        {
            return new(
                network.Path,
                positions,
                "it says by how much positions are turned (rope), and Wan's are turned otherwise, or it is of a type that cannot "
                    + "be compared: without it the file's clips would be different."
            );
        }

        var isQuantized = network.Tensors.Values.Any(tensor => ElementTypes.IsQuantized(tensor.DType));
        return new(
            network.Path,
            left[0],
            isQuantized
                ? $"{it} to nothing that is understood here, and may say what the quantized weights mean: {ForeignFormats.WayOut}."
                : $"{it} to nothing that a plain {names.What} computes: the file is another family's, or another program extended "
                    + $"it; without {(left.Count > 1 ? "them" : "it")} its clips would be different."
        );
    }

    /// <summary>Whether a part stands at the beginning of a name, or after a dot.</summary>
    private static bool Has(string name, string part) =>
        name.StartsWith(part, StringComparison.Ordinal) || name.Contains($".{part}", StringComparison.Ordinal);
}
