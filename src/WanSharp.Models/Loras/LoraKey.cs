using WanSharp.Models.Codes;

namespace WanSharp.Models.Loras;

/// <summary>A tensor's name in a LoRA's file, taken apart.</summary>
/// <param name="Name">The whole name.</param>
/// <param name="Module">The layer, as the file calls it.</param>
/// <param name="Role">What the tensor is to the layer.</param>
internal sealed record LoraKey(string Name, string Module, LoraRole Role)
{
    /// <summary>What follows the layer's name, for each role; the longest first where one ends with another.</summary>
    private static readonly (string Suffix, LoraRole Role)[] Suffixes =
    [
        (".lora_linear_layer.down.weight", LoraRole.Down),
        (".lora_linear_layer.up.weight", LoraRole.Up),
        (".lora_magnitude_vector.weight", LoraRole.Magnitude),
        (".lora_magnitude_vector", LoraRole.Magnitude),
        (".dora_scale", LoraRole.Magnitude),
        (".lora_down.weight", LoraRole.Down),
        (".lora_up.weight", LoraRole.Up),
        (".lora.down.weight", LoraRole.Down),
        (".lora.up.weight", LoraRole.Up),
        ("_lora.down.weight", LoraRole.Down),
        ("_lora.up.weight", LoraRole.Up),
        (".lora_A.weight", LoraRole.Down),
        (".lora_B.weight", LoraRole.Up),
        (".lora_B.bias", LoraRole.UpBias),
        (".lora_down", LoraRole.Down),
        (".lora_up", LoraRole.Up),
        (".lora_A", LoraRole.Down),
        (".lora_B", LoraRole.Up),
        (".alpha", LoraRole.Alpha),
        (".hada_w1_a", LoraRole.HadamardUp1),
        (".hada_w1_b", LoraRole.HadamardDown1),
        (".hada_w2_a", LoraRole.HadamardUp2),
        (".hada_w2_b", LoraRole.HadamardDown2),
        (".lokr_w1_a", LoraRole.KroneckerLeft1),
        (".lokr_w1_b", LoraRole.KroneckerRight1),
        (".lokr_w2_a", LoraRole.KroneckerLeft2),
        (".lokr_w2_b", LoraRole.KroneckerRight2),
        (".lokr_w1", LoraRole.Kronecker1),
        (".lokr_w2", LoraRole.Kronecker2),
        (".diff_m", LoraRole.ModulationDifference),
        (".diff_b", LoraRole.BiasDifference),
        (".b_norm", LoraRole.BiasDifference),
        (".diff", LoraRole.Difference),
        (".w_norm", LoraRole.Difference),
    ];

    /// <summary>Takes a name apart; null where it is none of a LoRA's.</summary>
    public static LoraKey? Read(string name)
    {
        var plain = WithoutAdapterName(QuantizedNames.Unwrapped(name));
        foreach (var (suffix, role) in Suffixes)
        {
            if (plain.EndsWith(suffix, StringComparison.Ordinal) && plain.Length > suffix.Length)
            {
                return new LoraKey(name, QuantizedNames.UnwrappedModule(plain[..^suffix.Length]), role);
            }
        }

        return null;
    }

    /// <summary>PEFT writes the adapter's name behind the matrix: <c>lora_A.default.weight</c>.</summary>
    private static string WithoutAdapterName(string name)
    {
        string[] parts = name.Split('.');
        return parts.Length > 3 && parts[^1] is "weight" or "bias" && parts[^3] is "lora_A" or "lora_B" or "lora_magnitude_vector"
            ? string.Join('.', parts[..^2].Append(parts[^1]))
            : name;
    }
}
