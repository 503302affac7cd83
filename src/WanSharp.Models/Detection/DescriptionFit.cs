using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>Refuses a transformer whose description says what its tensors do not show, and what is computed otherwise here.</summary>
/// <remarks>
/// Sources: Wan-Video/Wan2.1:wan/modules/model.py, Wan-Video/Wan2.2:wan/modules/s2v and animate;
/// huggingface/diffusers:src/diffusers/models/transformers/transformer_wan.py.
/// </remarks>
internal static class DescriptionFit
{
    // Of models that make clips in chunks: that they do not see all frames is said of them anyway.
    private static readonly string[] OfChunks = ["local_attn_size", "sink_size"];

    private static readonly string[] OtherTypes = ["s2v", "animate"];
    private static readonly string[] ImageTypes = ["i2v", "flf2v"];

    // What is computed here, as JSON is written without spaces.
    private static readonly (string Key, string[] Known)[] Computed =
    [
        ("window_size", ["[-1,-1]", "-1"]),
        ("local_attn_size", ["-1"]),
        ("sink_size", ["0"]),
        ("qk_norm", ["true", "rms_norm_across_heads"]),
        ("cross_attn_norm", ["true"]),
        ("rope_theta", ["10000", "10000.0"]),
        ("rope_scaling", []),
    ];

    /// <exception cref="CheckpointException">The description says something else.</exception>
    public static void Require(string path, ModelHints hints, TransformerConfig config)
    {
        var isCausal = ModelHints.IsCausal(hints.Described("_class_name"));
        foreach (var (key, known) in Computed)
        {
            var said = hints.Described(key)?.Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant();
            if (said is { Length: > 0 } && !known.Contains(said) && !(isCausal && OfChunks.Contains(key)))
            {
                throw Refused(key, hints.Described(key)!, "which is computed otherwise here and would make another clip");
            }
        }

        if (hints.Described("model_type") is { } type)
        {
            if (OtherTypes.Contains(type))
            {
                throw Refused("model_type", type, "which is not supported");
            }

            if (ImageTypes.Contains(type) && config.InChannels == config.OutChannels && config.ControlChannels is null)
            {
                throw Refused("model_type", type, "but its tensors take no image");
            }
        }

        CheckpointException Refused(string key, string said, string why) =>
            new(path, $"{hints.Source} says that its {key} is {said}, {why}: get the description that belongs to it, or remove this one.");
    }
}
