using System.Globalization;
using System.Text.RegularExpressions;
using WanSharp.Tensors;

namespace WanSharp.Models.Loras;

/// <summary>
/// The layers of a transformer by whatever a LoRA's file may call them: with the dots of official and Diffusers' names, or with
/// underscores in place of them.
/// </summary>
/// <remarks>
/// Sources: kohya-ss/musubi-tuner (<c>lora_unet_</c>), aigc-apps/VideoX-Fun (<c>lora_unet__</c>), KohakuBlueleaf/LyCORIS
/// (<c>lycoris_</c>), huggingface/diffusers:loaders/lora_conversion_utils.py, modelscope/DiffSynth-Studio (<c>pipe.dit.</c>),
/// huggingface/peft (<c>base_model.model.</c>). <c>attn1</c> is self-attention, as in Diffusers.
/// </remarks>
internal sealed partial class LoraModules
{
    // What tools put before a layer's name, one behind the other; with underscores.
    private static readonly string[] Prefixes =
    [
        "lora_unet_",
        "lora_transformer_",
        "lycoris_",
        "base_model_model_",
        "diffusion_model_",
        "transformer_2_",
        "transformer_",
        "pipe_dit_",
        "dit_",
        "unet_",
        "model_",
        "module_",
        "_",
    ];

    private static readonly (string Official, string[] Theirs)[] Parts =
    [
        ("_self_attn_", ["_attn1_"]),
        ("_cross_attn_", ["_attn2_"]),
        ("_attn_q", ["_attn_to_q"]),
        ("_attn_k", ["_attn_to_k"]),
        ("_attn_v", ["_attn_to_v"]),
        ("_attn_o", ["_attn_to_out_0", "_attn_to_out"]),
        ("_attn_k_img", ["_attn_add_k_proj"]),
        ("_attn_v_img", ["_attn_add_v_proj"]),
        ("_attn_norm_k_img", ["_attn_norm_added_k"]),
        ("_ffn_0", ["_ffn_net_0_proj"]),
        ("_ffn_2", ["_ffn_net_2"]),
        ("_norm3", ["_norm2"]), // the official code has no weights in its own norm2
        ("_before_proj", ["_proj_in"]),
        ("_after_proj", ["_proj_out"]),
    ];

    private static readonly (string Official, string Theirs)[] Outside =
    [
        ("time_embedding_0", "condition_embedder_time_embedder_linear_1"),
        ("time_embedding_2", "condition_embedder_time_embedder_linear_2"),
        ("time_projection_1", "condition_embedder_time_proj"),
        ("text_embedding_0", "condition_embedder_text_embedder_linear_1"),
        ("text_embedding_2", "condition_embedder_text_embedder_linear_2"),
        ("img_emb_proj_0", "condition_embedder_image_embedder_norm1"),
        ("img_emb_proj_1", "condition_embedder_image_embedder_ff_net_0_proj"),
        ("img_emb_proj_3", "condition_embedder_image_embedder_ff_net_2"),
        ("img_emb_proj_4", "condition_embedder_image_embedder_norm2"),
        ("head_head", "proj_out"),
    ];

    private readonly Dictionary<string, string> _layers = new(StringComparer.Ordinal);

    /// <param name="weights">The transformer's weights by official name.</param>
    public LoraModules(IReadOnlyDictionary<string, Shape> weights)
    {
        List<int> controlled =
        [
            .. weights.Keys.Select(name => ControlBlock().Match(name)).Where(match => match.Success).Select(BlockOf).Distinct().Order(),
        ];
        foreach (var name in weights.Keys)
        {
            var end = name.LastIndexOf('.');
            var layer = name[(end + 1)..] is "weight" or "bias" ? name[..end] : name;
            var theirs = ControlBlock()
                .Replace(layer, match => string.Create(CultureInfo.InvariantCulture, $"vace_blocks.{controlled.IndexOf(BlockOf(match))}."));
            foreach (var alias in Aliases(theirs.Replace('.', '_')))
            {
                _layers.TryAdd(alias, layer);
            }
        }
    }

    /// <summary>The official name of a layer; null where the transformer has none of this name.</summary>
    public string? Find(string module)
    {
        var name = module.Replace('.', '_');
        while (true)
        {
            if (_layers.TryGetValue(name, out var layer))
            {
                return layer;
            }

            if (Array.Find(Prefixes, prefix => name.StartsWith(prefix, StringComparison.Ordinal)) is not { } prefix)
            {
                return null;
            }

            name = name[prefix.Length..];
        }
    }

    /// <summary>A layer's name without what tools put before it, with underscores.</summary>
    public static string Bare(string module)
    {
        var name = module.Replace('.', '_');
        while (Array.Find(Prefixes, prefix => name.StartsWith(prefix, StringComparison.Ordinal)) is { } prefix)
        {
            name = name[prefix.Length..];
        }

        return name;
    }

    private static int BlockOf(Match match) => int.Parse(match.Groups["block"].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^blocks\.(?<block>[0-9]+)\.vace\.")]
    private static partial Regex ControlBlock();

    private static IEnumerable<string> Aliases(string layer)
    {
        List<string> names = [layer];
        foreach (var (official, theirs) in Outside.Where(one => one.Official == layer))
        {
            names.Add(theirs);
        }

        // What is inside an attention first: its name is a part of what is replaced.
        foreach (var (official, theirs) in Parts.Skip(2).Where(part => layer.EndsWith(part.Official, StringComparison.Ordinal)))
        {
            names.AddRange(theirs.Select(other => layer[..^official.Length] + other));
        }

        return
        [
            .. names,
            .. from name in names
            from part in Parts.Take(2)
            where name.Contains(part.Official, StringComparison.Ordinal)
            select name.Replace(part.Official, part.Theirs[0], StringComparison.Ordinal),
        ];
    }
}
