using System.Text.Json;
using WanSharp.Tensors;

namespace WanSharp.Models.Tests.Codes;

/// <summary>The formats in which tools keep a quantized transformer: which tensors, under which names, next to which notes.</summary>
internal static class QuantizedFormats
{
    private const int Rotation = 16; // a power of 4 that divides the rows of the tiny networks
    private const int Block = 16;

    /// <summary>Those that are read, by name.</summary>
    public static IReadOnlyDictionary<string, Action<Quantizer, string, Tensor>> Read { get; } =
        new Dictionary<string, Action<Quantizer, string, Tensor>>
        {
            ["comfy int8 by row"] = (q, layer, matrix) =>
                ByRow(q, layer, matrix, DType.I8, """{"format": "int8_tensorwise", "per_row": true}"""),
            ["comfy int8 by tensor"] = (q, layer, matrix) =>
                Add(
                    q,
                    layer,
                    q.Quantize(layer, matrix, DType.I8, matrix.Shape[0], matrix.Shape[1]),
                    "weight_scale",
                    """{"format": "int8_tensorwise"}"""
                ),
            ["comfy int8 convrot"] = (q, layer, matrix) =>
                Add(
                    q,
                    layer,
                    q.Quantize(layer, matrix, DType.I8, 1, matrix.Shape[1], Rotation),
                    "weight_scale",
                    $$"""{"format": "int8_tensorwise", "convrot": true, "convrot_groupsize": {{Rotation}}}"""
                ),
            ["comfy fp8"] = (q, layer, matrix) =>
            {
                Add(
                    q,
                    layer,
                    q.Quantize(layer, matrix, DType.F8E4M3, matrix.Shape[0], matrix.Shape[1]),
                    "weight_scale",
                    """{"format": "float8_e4m3fn", "full_precision_matrix_mult": true}"""
                );
                q.Stored[layer + ".input_scale"] = q.Number(0.5f);
            },
            ["comfy scaled fp8"] = (q, layer, matrix) =>
            {
                Add(q, layer, q.Quantize(layer, matrix, DType.F8E4M3, matrix.Shape[0], matrix.Shape[1]), "scale_weight");
                q.Stored["scaled_fp8"] = q.Zeros(DType.F8E4M3, [2]);
                q.Stored[layer + ".scale_input"] = q.Number(0.5f);
            },
            ["lightx2v fp8"] = (q, layer, matrix) => ByRow(q, layer, matrix, DType.F8E4M3),
            ["lightx2v int8"] = (q, layer, matrix) => ByRow(q, layer, matrix, DType.I8),
            ["musubi fp8"] = (q, layer, matrix) =>
            {
                var (codes, scales) = q.Quantize(layer, matrix, DType.F8E4M3, 1, Block);
                Add(q, layer, (codes, scales.Reshape([scales.Shape[0], scales.Shape[1], 1])), "scale_weight");
            },
            ["fp8 by block"] = (q, layer, matrix) =>
                Add(q, layer, q.Quantize(layer, matrix, DType.F8E4M3, Block, Block), "weight_scale_inv"),
            ["convert_to_quant fp8 by block"] = (q, layer, matrix) =>
                Add(
                    q,
                    layer,
                    q.Quantize(layer, matrix, DType.F8E4M3, Block, Block),
                    "weight_scale",
                    """{"format": "float8_e4m3fn_blockwise", "group_size": 16}"""
                ),
            ["quanto int8"] = (q, layer, matrix) => Quanto(q, layer, matrix, DType.I8),
            ["quanto fp8"] = (q, layer, matrix) => Quanto(q, layer, matrix, DType.F8E4M3),
            ["turbodiffusion int8"] = (q, layer, matrix) =>
            {
                // Blocks of 128, which are larger than the matrices in one direction.
                var (codes, scales) = q.Quantize(layer, matrix, DType.I8, 128, 128);
                (q.Stored[layer + ".int8_weight"], q.Stored[layer + ".scale"]) = (codes, scales);
            },
            ["sdnq int8"] = (q, layer, matrix) => Sdnq(q, layer, q.Quantize(layer, matrix, DType.I8, 1, matrix.Shape[1])),
            ["sdnq int8 in groups"] = (q, layer, matrix) =>
            {
                var (codes, scales) = q.Quantize(layer, matrix, DType.I8, 1, Block);
                Sdnq(
                    q,
                    layer,
                    (codes.Reshape([codes.Shape[0], scales.Shape[1], Block]), scales.Reshape([scales.Shape[0], scales.Shape[1], 1]))
                );
            },
            ["sdnq fp8"] = (q, layer, matrix) => Sdnq(q, layer, q.Quantize(layer, matrix, DType.F8E4M3, 1, matrix.Shape[1])),
        };

    /// <summary>Those that are refused, by name, and how the refusal calls them.</summary>
    public static IReadOnlyDictionary<string, (Action<Quantizer, string, Tensor> Write, string Called)> Refused { get; } =
        new Dictionary<string, (Action<Quantizer, string, Tensor>, string)>
        {
            ["nvfp4"] = (
                (q, layer, matrix) => Packed(q, layer, matrix, ("weight_scale", DType.F8E4M3, 16), ("weight_scale_2", DType.F32, 0)),
                "nvfp4"
            ),
            ["nvfp4 with notes"] = (
                (q, layer, matrix) =>
                {
                    Packed(q, layer, matrix, ("weight_scale", DType.F8E4M3, 16));
                    q.Stored[layer + ".comfy_quant"] = q.Text("""{"format": "nvfp4", "group_size": 16}""");
                },
                "'nvfp4' is not supported"
            ),
            ["mxfp8"] = (
                (q, layer, matrix) =>
                {
                    Add(
                        q,
                        layer,
                        (q.Zeros(DType.F8E4M3, matrix.Shape), q.Zeros(DType.U8, [matrix.Shape[0], matrix.Shape[1] / 32])),
                        "weight_scale",
                        """{"format": "mxfp8", "group_size": 32}"""
                    );
                },
                "'mxfp8' is not supported"
            ),
            ["mxfp8 without notes"] = (
                (q, layer, matrix) =>
                    Add(
                        q,
                        layer,
                        (q.Zeros(DType.F8E4M3, matrix.Shape), q.Zeros(DType.U8, [matrix.Shape[0], matrix.Shape[1] / 32])),
                        "weight_scale"
                    ),
                "mxfp8"
            ),
            ["bitsandbytes NF4"] = (
                (q, layer, matrix) =>
                {
                    q.Stored[layer + ".weight"] = q.Zeros(DType.U8, [matrix.Shape.ElementCount / 2, 1]);
                    q.Stored[layer + ".weight.absmax"] = q.Zeros(DType.F32, [matrix.Shape.ElementCount / 64]);
                    q.Stored[layer + ".weight.quant_map"] = q.Zeros(DType.F32, [16]);
                    q.Stored[layer + ".weight.quant_state.bitsandbytes__nf4"] = q.Text("{}");
                },
                "bitsandbytes' NF4"
            ),
            ["bitsandbytes int8"] = (
                (q, layer, matrix) =>
                {
                    q.Stored[layer + ".weight"] = q.Zeros(DType.I8, matrix.Shape);
                    q.Stored[layer + ".SCB"] = q.Zeros(DType.F32, [matrix.Shape[0]]);
                },
                "bitsandbytes' int8"
            ),
            ["gptq"] = (
                (q, layer, matrix) =>
                {
                    q.Stored[layer + ".qweight"] = q.Zeros(DType.I32, [matrix.Shape[1] / 8, matrix.Shape[0]]);
                    q.Stored[layer + ".qzeros"] = q.Zeros(DType.I32, [1, matrix.Shape[0] / 8]);
                    q.Stored[layer + ".scales"] = q.Zeros(DType.F16, [1, matrix.Shape[0]]);
                },
                "GPTQ"
            ),
            ["nunchaku"] = (
                (q, layer, matrix) =>
                {
                    q.Stored[layer + ".qweight"] = q.Zeros(DType.I8, [matrix.Shape[0], matrix.Shape[1] / 2]);
                    q.Stored[layer + ".wscales"] = q.Zeros(DType.BF16, [matrix.Shape[1] / 16, matrix.Shape[0]]);
                },
                "Nunchaku"
            ),
            ["lightx2v nvfp4"] = (
                (q, layer, matrix) => Packed(q, layer, matrix, ("weight_scale", DType.F8E4M3, 16), ("weight_global_scale", DType.F32, 0)),
                "LightX2V's nvfp4"
            ),
            ["quanto int4"] = (
                (q, layer, matrix) =>
                {
                    q.Stored[layer + ".weight._data"] = q.Zeros(DType.U8, [matrix.Shape[0], matrix.Shape[1] / 2]);
                    q.Stored[layer + ".weight._scale"] = q.Zeros(DType.BF16, [matrix.Shape[0], 1]);
                    q.Stored[layer + ".weight._shift"] = q.Zeros(DType.BF16, [matrix.Shape[0], 1]);
                },
                "quanto's 4 or 2 bits"
            ),
            ["sdnq with svd"] = (
                (q, layer, matrix) =>
                {
                    Sdnq(q, layer, q.Quantize(layer, matrix, DType.I8, 1, matrix.Shape[1]));
                    q.Stored[layer + ".svd_up"] = q.Zeros(DType.BF16, [matrix.Shape[0], 4]);
                },
                "SDNQ with SVD"
            ),
            ["w4a8"] = (
                (q, layer, matrix) =>
                {
                    q.Stored[layer + ".weight"] = q.Zeros(DType.I8, [matrix.Shape[0], matrix.Shape[1] / 2]);
                    q.Stored[layer + ".weight_s_rel"] = q.Zeros(DType.F8E4M3, [matrix.Shape[0], matrix.Shape[1] / 16]);
                },
                "w4a8"
            ),
            ["torchao"] = (
                (q, layer, matrix) =>
                {
                    q.Stored[layer + "._weight_qdata"] = q.Zeros(DType.F8E4M3, matrix.Shape);
                    q.Stored[layer + "._weight_scale"] = q.Zeros(DType.F32, [matrix.Shape[0], 1]);
                },
                "TorchAO"
            ),
            ["torchao of before"] = (
                (q, layer, matrix) =>
                {
                    q.Stored[layer + ".weight:_data"] = q.Zeros(DType.I8, matrix.Shape);
                    q.Stored[layer + ".weight:scale"] = q.Zeros(DType.F32, [matrix.Shape[0], 1]);
                },
                "TorchAO"
            ),
            ["mlx"] = (
                (q, layer, matrix) =>
                {
                    q.Stored[layer + ".weight"] = q.Zeros(DType.I32, [matrix.Shape[0], matrix.Shape[1] / 8]);
                    q.Stored[layer + ".scales"] = q.Zeros(DType.F16, [matrix.Shape[0], matrix.Shape[1] / 32]);
                    q.Stored[layer + ".biases"] = q.Zeros(DType.F16, [matrix.Shape[0], matrix.Shape[1] / 32]);
                },
                "MLX"
            ),
            ["integers alone"] = ((q, layer, matrix) => q.Stored[layer + ".weight"] = q.Zeros(DType.I8, matrix.Shape), "without a scale"),
            ["a scale of unknown name"] = (
                (q, layer, matrix) =>
                {
                    q.Stored[layer + ".weight"] = q.Zeros(DType.I8, matrix.Shape);
                    q.Stored[layer + ".scale"] = q.Zeros(DType.F32, [matrix.Shape[0], 1]);
                },
                "without a scale"
            ),
            ["a note of unknown name"] = (
                (q, layer, matrix) =>
                {
                    ByRow(q, layer, matrix, DType.F8E4M3);
                    q.Stored[layer + ".weight_twist"] = q.Number(2);
                },
                "may say what the quantized weights mean"
            ),
        };

    /// <summary>What <c>config.json</c> says of them.</summary>
    public static string? Config(string format) =>
        !format.StartsWith("sdnq", StringComparison.Ordinal)
            ? null
            : JsonSerializer.Serialize(
                new
                {
                    _class_name = "WanTransformer3DModel",
                    num_attention_heads = 1,
                    quantization_config = new
                    {
                        quant_method = "sdnq",
                        weights_dtype = format.Contains("fp8", StringComparison.Ordinal) ? "float8_e4m3fn" : "int8",
                        group_size = 0,
                        use_svd = false,
                        use_static_quantization = true,
                    },
                }
            );

    private static void ByRow(Quantizer q, string layer, Tensor matrix, DType dtype, string? note = null) =>
        Add(q, layer, q.Quantize(layer, matrix, dtype, 1, matrix.Shape[1]), "weight_scale", note);

    private static void Add(Quantizer q, string layer, (Tensor Codes, Tensor Scales) weight, string scale, string? note = null)
    {
        q.Stored[layer + ".weight"] = weight.Codes;
        q.Stored[$"{layer}.{scale}"] = weight.Scales.Shape.ElementCount == 1 ? weight.Scales.Reshape(Shape.Scalar) : weight.Scales;
        if (note is not null)
        {
            q.Stored[layer + ".comfy_quant"] = q.Text(note);
        }
    }

    private static void Sdnq(Quantizer q, string layer, (Tensor Codes, Tensor Scales) weight) =>
        (q.Stored[layer + ".weight"], q.Stored[layer + ".scale"]) = weight;

    private static void Quanto(Quantizer q, string layer, Tensor matrix, DType dtype)
    {
        var (codes, scales) = q.Quantize(layer, matrix, dtype, 1, matrix.Shape[1]);
        q.Stored[layer + ".weight._data"] = codes;
        q.Stored[layer + ".weight._scale"] = q.InBFloat16(layer, codes, scales);
        q.Stored[layer + ".input_scale"] = q.Number(1, DType.BF16);
        q.Stored[layer + ".output_scale"] = q.Number(1, DType.BF16);
    }

    /// <summary>Two codes in a byte, and scales for groups of columns, or one.</summary>
    private static void Packed(Quantizer q, string layer, Tensor matrix, params (string Name, DType DType, int Group)[] scales)
    {
        q.Stored[layer + ".weight"] = q.Zeros(DType.U8, [matrix.Shape[0], matrix.Shape[1] / 2]);
        foreach (var (name, dtype, group) in scales)
        {
            q.Stored[$"{layer}.{name}"] = q.Zeros(dtype, group == 0 ? Shape.Scalar : [matrix.Shape[0], matrix.Shape[1] / group]);
        }
    }
}
