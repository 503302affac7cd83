using WanSharp.Tensors;

namespace WanSharp.Models.Codes;

/// <summary>
/// Names the formats of quantized weights that are not supported by the tensors that they put next to a weight, and says of
/// the supported ones which tensors may be left unused.
/// </summary>
/// <remarks>Sources: bitsandbytes-foundation/bitsandbytes:bitsandbytes/functional.py; AutoGPTQ and AutoAWQ; mit-han-lab/nunchaku;
/// Disty0/sdnq;
/// pytorch/ao:torchao/prototype/safetensors; NVIDIA/Model-Optimizer; ml-explore/mlx; NetEase-FuXi/EETQ;
/// huggingface/optimum-quanto; Comfy-Org/ComfyUI:comfy/quant_ops.py; ModelTC/LightX2V:lightx2v/common/ops/mm;
/// vllm-project/compressed-tensors.</remarks>
internal static class ForeignFormats
{
    /// <summary>What can be done about any of them.</summary>
    public const string WayOut = "get the file in bf16, fp16, fp8 or int8, or as GGUF";

    private static readonly (string End, string Format)[] Marks =
    [
        (".quant_state.bitsandbytes__nf4", "bitsandbytes' NF4 (4 bits)"),
        (".quant_state.bitsandbytes__fp4", "bitsandbytes' FP4 (4 bits)"),
        (".absmax", "bitsandbytes' 4 bits (NF4 or FP4)"),
        (".quant_map", "bitsandbytes' 4 bits (NF4 or FP4)"),
        (".nested_absmax", "bitsandbytes' 4 bits (NF4 or FP4)"),
        (".nested_quant_map", "bitsandbytes' 4 bits (NF4 or FP4)"),
        (".SCB", "bitsandbytes' int8"),
        (".weight_format", "bitsandbytes' int8"),
        (".wscales", "Nunchaku's 4 bits (SVDQuant)"),
        (".smooth_factor", "Nunchaku's 4 bits (SVDQuant)"),
        (".proj_down", "Nunchaku's 4 bits (SVDQuant)"),
        (".qzeros", "GPTQ or AWQ (4 bits)"),
        (".g_idx", "GPTQ (4 bits)"),
        (".qweight", "GPTQ, AWQ or Nunchaku (4 bits)"),
        (".W_q", "HQQ"),
        (".weight_packed", "compressed-tensors (4 bits)"),
        (".svd_up", "SDNQ with SVD"),
        (".svd_down", "SDNQ with SVD"),
        (".zero_point", "SDNQ with zero points (unsigned codes)"),
        (".weight._shift", "quanto's 4 or 2 bits"),
        (".weight._data._data", "quanto's 4 or 2 bits"),
        (".weight_scale_2", "nvfp4 (4 bits)"),
        (".weight_global_scale", "LightX2V's nvfp4 (4 bits)"),
        (".input_global_scale", "LightX2V's nvfp4 (4 bits)"),
        (".pre_quant_scale", "ComfyUI's AWQ (4 bits)"),
        (".weight_zero", "ComfyUI's AWQ (4 bits)"),
        (".weight_s_rel", "ComfyUI's w4a8 (4 bits)"),
        (".weight_s_channel", "ComfyUI's w4a8 (4 bits)"),
        (".weight_codebook", "ComfyUI's w4a8 (4 bits)"),
        ("._weight_qdata", "TorchAO's tensors"),
        ("._weight_scale", "TorchAO's tensors"),
        (":_data", "TorchAO's tensors"),
        (":qdata", "TorchAO's tensors"),
        ("_quantizer._amax", "ModelOpt's quantizers"),
        (".biases", "MLX's 4 or 8 bits"),
        (".weight_scales", "EETQ's int8"),
    ];

    // Factors of activations before or after a product of 8 bits by 8 bits: here activations are not quantized by them.
    private static readonly string[] OfActivations = [".input_scale", ".scale_input", ".output_scale"];

    /// <summary>Refuses a network that has a tensor of a format that is not supported.</summary>
    /// <exception cref="CheckpointException">It has.</exception>
    public static void Refuse(ICheckpoint network)
    {
        if (Find(network) is { } problem)
        {
            throw problem;
        }
    }

    /// <summary>The error that names a format that is not supported; null if there is no tensor of one.</summary>
    public static CheckpointException? Find(ICheckpoint network)
    {
        foreach (var (end, format) in Marks)
        {
            if (
                network
                    .Tensors.Keys.Concat(network.Unsupported.Keys)
                    .Where(name => name.EndsWith(end, StringComparison.Ordinal))
                    .Min(StringComparer.Ordinal) is
                { } mark
            )
            {
                return new CheckpointException(network.Path, mark, $"it belongs to weights in {format}, which is not supported: {WayOut}.");
            }
        }

        return null;
    }

    /// <summary>Whether a tensor only says how activations are quantized where a product is of 8 bits by 8 bits.</summary>
    public static bool IsOfActivations(string name, Func<string, bool> isLayer) =>
        OfActivations.Any(end => name.EndsWith(end, StringComparison.Ordinal) && isLayer(name[..^end.Length]));
}
