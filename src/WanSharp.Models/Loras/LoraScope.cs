using System.Text.RegularExpressions;

namespace WanSharp.Models.Loras;

/// <summary>Which network a LoRA's layers belong to, by the prefix of their names.</summary>
/// <remarks>Diffusers calls Wan 2.2's high-noise expert <c>transformer</c> and the low-noise one <c>transformer_2</c>.</remarks>
/// <param name="modules">The names of all layers of a file.</param>
internal sealed partial class LoraScope(IEnumerable<string> modules)
{
    /// <summary>Diffusers' name for the low-noise expert.</summary>
    public const string SecondName = "transformer_2";

    private readonly (bool First, bool Second, bool Other) _has = modules.Aggregate(
        (First: false, Second: false, Other: false),
        (has, module) =>
            Second().IsMatch(module) ? has with { Second = true }
            : First().IsMatch(module) ? has with { First = true }
            : IsOfTextEncoder(module) ? has
            : has with { Other = true }
    );

    /// <summary>The only expert that a file is for; null where it is for both, or does not tell them apart.</summary>
    public LoraExpert? OnlyExpert => _has is { First: false, Second: true, Other: false } ? LoraExpert.Low : null;

    /// <summary>Whether there are layers of both experts.</summary>
    public bool HasBoth => _has is { First: true, Second: true };

    /// <summary>Whether a layer is one of an expert; where a file does not tell experts apart, it is for whichever is meant.</summary>
    public bool Has(string module, LoraExpert? expert) =>
        Second().IsMatch(module) ? expert == LoraExpert.Low : !HasBoth || !First().IsMatch(module) || expert == LoraExpert.High;

    /// <summary>Whether a name belongs to a text encoder, which a LoRA of Wan's transformer may change, too.</summary>
    public static bool IsOfTextEncoder(string name) => TextEncoder().IsMatch(name);

    /// <summary>Whether a layer is one of those with which Wan 2.1's i2v looks at images; Wan 2.2's has none.</summary>
    public static bool IsOfImages(string module) => Images().IsMatch(LoraModules.Bare(module));

    [GeneratedRegex("^transformer[._](?!2[._])")]
    private static partial Regex First();

    [GeneratedRegex("^transformer_2[._]")]
    private static partial Regex Second();

    [GeneratedRegex("^(lora_te[0-9]?_|text_encoders?(_[0-9])?[._]|clip_[lg][._]|te[0-9]?_)")]
    private static partial Regex TextEncoder();

    [GeneratedRegex(
        "^(img_emb_|condition_embedder_image_embedder_|blocks_[0-9]+_(cross_attn|attn2)_(norm_)?(k_img|v_img|add(ed)?_[kv](_proj)?))"
    )]
    private static partial Regex Images();
}
