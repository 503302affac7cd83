using WanSharp.Models.Codes;
using WanSharp.Tensors;

namespace WanSharp.Models.Loras;

/// <summary>
/// What kind of LoRA a file is, by its tensors' names: one table for those who read LoRAs and for those who are given one as a model.
/// </summary>
/// <remarks>
/// Sources: KohakuBlueleaf/LyCORIS:lycoris/modules; huggingface/peft:src/peft/tuners; Comfy-Org/ComfyUI:comfy/weight_adapter.
/// </remarks>
internal static class LoraKinds
{
    private const string Quantized = "a LoRA that is quantized (codes with scales)";
    private const string Weights = "a set of weights (a LoRA of full weights)";

    /// <summary>Parts of names that belong to a method that is known, and not supported.</summary>
    private static readonly (string Part, string Method)[] Unsupported =
    [
        ("lora_mid", "a LoRA of convolutions (CP decomposition)"),
        ("hada_t1", "a LoHa of convolutions"),
        ("hada_t2", "a LoHa of convolutions"),
        ("lokr_t1", "a LoKr of convolutions"),
        ("lokr_t2", "a LoKr of convolutions"),
        ("oft_blocks", "a LoRA of the kind OFT"),
        ("oft_diag", "a LoRA of the kind OFT"),
        ("oft_r", "a LoRA of the kind OFT"),
        ("oft_R", "a LoRA of the kind OFT"),
        ("boft_R", "a LoRA of the kind BOFT"),
        ("a1.weight", "a LoRA of the kind GLoRA"),
        ("on_input", "a LoRA of the kind IA3"),
        ("ia3_l", "a LoRA of the kind IA3"),
        ("vera_lambda_b", "a LoRA of the kind VeRA"),
        ("vera_lambda_d", "a LoRA of the kind VeRA"),
        ("lora_embedding_A", "a LoRA of embeddings"),
        ("lora_embedding_B", "a LoRA of embeddings"),
        ("set_weight", Weights),
        ("set_bias", Weights),
        ("lora_a", "a LoRA in llama.cpp's form (GGUF)"),
        ("lora_b", "a LoRA in llama.cpp's form (GGUF)"),
    ];

    /// <summary>Those that other networks have, too: they say something only among a LoRA's.</summary>
    private static readonly (string Part, string Method)[] UnsupportedAmongOthers =
    [
        ("scalar", "a LoRA with trained factors (LyCORIS' scalar)"),
        ("reshape_weight", "a LoRA that changes shapes"),
        ("a2.weight", "a LoRA of the kind GLoRA"),
        ("b1.weight", "a LoRA of the kind GLoRA"),
        ("b2.weight", "a LoRA of the kind GLoRA"),
        ("scale_weight", Quantized),
        ("weight_scale", Quantized),
        ("scaled_fp8", Quantized),
        ("comfy_quant", Quantized),
    ];

    // The factors whose rows are the rank.
    private static readonly LoraRole[] Thin =
    [
        LoraRole.Down,
        LoraRole.HadamardDown1,
        LoraRole.HadamardDown2,
        LoraRole.KroneckerRight1,
        LoraRole.KroneckerRight2,
    ];

    // Whose names a layer has, by what stands before them.
    private static readonly (string Prefix, string Family)[] Families =
    [
        ("lora_unet_", "kohya's and musubi-tuner's"),
        ("lycoris_", "LyCORIS'"),
        ("diffusion_model.", "ComfyUI's"),
        ("base_model.model.", "PEFT's"),
        ("pipe.dit.", "DiffSynth's"),
        ("transformer", "Diffusers'"),
    ];

    /// <summary>The method that a name in a LoRA's file is of, if it is a known one that is not supported.</summary>
    public static string? UnsupportedMethod(string name) => MethodOf(name, [.. Unsupported, .. UnsupportedAmongOthers]);

    /// <summary>
    /// What a file is whose tensors have these names, and whether it can be given with <c>--lora</c>; null if it is no LoRA.
    /// </summary>
    public static (string What, bool IsSupported)? Of(IReadOnlyCollection<string> names)
    {
        var roles = names.Select(LoraKey.Read).OfType<LoraKey>().Select(key => key.Role).Where(role => role != LoraRole.Alpha).ToHashSet();
        if (
            names
                .Select(name => roles.Count > 0 ? UnsupportedMethod(name) : MethodOf(name, Unsupported))
                .FirstOrDefault(found => found is not null) is
            { } method
        )
        {
            return (method, false);
        }

        return roles.Count == 0 ? null : (Supported(roles), true);
    }

    /// <summary>
    /// What a file is that can be given with <c>--lora</c>: its kind, layers, ranks, and whose names it has; null for others.
    /// </summary>
    public static string? Describe(ICheckpoint file)
    {
        List<string> names = [.. file.Tensors.Keys, .. file.Unsupported.Keys];
        if (Of(names) is not (var what, true))
        {
            return null;
        }

        List<LoraKey> keys = [.. names.Select(LoraKey.Read).OfType<LoraKey>()];
        var ranks = keys.Where(key => Thin.Contains(key.Role))
            .Select(key => file.Tensors.GetValueOrDefault(key.Name))
            .Where(tensor => tensor is { Shape.Rank: >= 2 })
            .Select(tensor => tensor!.Shape[0])
            .Order()
            .ToList();
        var layers = keys.Select(key => key.Module).Distinct(StringComparer.Ordinal).Count();
        var rank =
            ranks.Count == 0 ? ""
            : ranks[0] == ranks[^1] ? $" of rank {ranks[0]}"
            : $" of ranks {ranks[0]} to {ranks[^1]}";
        return $"{what}, {layers} {(layers == 1 ? "layer" : "layers")}{rank}, {FamilyOf(keys)} names; for --lora";
    }

    private static string FamilyOf(List<LoraKey> keys) =>
        Families.FirstOrDefault(family => keys[0].Module.StartsWith(family.Prefix, StringComparison.Ordinal)).Family ?? "Wan's own";

    /// <summary>What a LoRA is that is read.</summary>
    private static string Supported(HashSet<LoraRole> roles) =>
        roles.Any(role => role is >= LoraRole.HadamardUp1 and <= LoraRole.HadamardDown2) ? "a LoRA of the kind LoHa"
        : roles.Any(role => role is >= LoraRole.Kronecker1 and <= LoraRole.KroneckerRight2) ? "a LoRA of the kind LoKr"
        : roles.Contains(LoraRole.Magnitude) ? "a LoRA of the kind DoRA"
        : roles.Contains(LoraRole.Down) || roles.Contains(LoraRole.Up) ? "a LoRA"
        : "a set of differences (a LoRA of full weights)";

    private static string? MethodOf(string name, (string Part, string Method)[] table)
    {
        var plain = QuantizedNames.Unwrapped(name);
        return table.FirstOrDefault(other => Has(plain, other.Part)).Method;
    }

    /// <summary>Whether a part stands at the beginning of a name or after a dot, as a whole.</summary>
    private static bool Has(string name, string part)
    {
        for (var at = name.IndexOf(part, StringComparison.Ordinal); at >= 0; at = name.IndexOf(part, at + 1, StringComparison.Ordinal))
        {
            var end = at + part.Length;
            if ((at == 0 || name[at - 1] == '.') && (end == name.Length || name[end] == '.'))
            {
                return true;
            }
        }

        return false;
    }
}
