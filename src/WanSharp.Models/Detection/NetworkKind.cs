using System.Text.RegularExpressions;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Models.Names;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>A kind of network: its names, how its dimensions are told, which weights it uses, and which of its tensors may be left unused.</summary>
/// <typeparam name="T">Its dimensions.</typeparam>
/// <param name="Names">Its names.</param>
/// <param name="Detect">Tells its dimensions from its tensors.</param>
/// <param name="Slots">All weights that it uses.</param>
/// <param name="IsUnused">Whether a tensor that it does not use is known, and changes nothing of what it computes for a clip.</param>
internal sealed record NetworkKind<T>(NetworkNames Names, Func<ICheckpoint, T> Detect, Func<T, IEnumerable<WeightSlot>> Slots, Func<T, string, bool> IsUnused)
    where T : class;

/// <summary>The kinds of networks that a model of Wan's is made of.</summary>
internal static partial class NetworkKinds
{
    public static NetworkKind<TransformerConfig> Transformer { get; } = new(TransformerNames.Names, TransformerDetection.Detect, NetworkSlots.Of, (_, _) => false);

    /// <summary>Of a T5 that has one, the half that writes text is not used, nor the factor that a wrapper of ComfyUI's keeps for CLIP.</summary>
    public static NetworkKind<Umt5Config> TextEncoder { get; } =
        new(TextEncoderNames.Names, TextEncoderDetection.Detect, NetworkSlots.Of, (_, name) => TextDecoder().IsMatch(name));

    public static NetworkKind<VaeConfig> Vae { get; } = new(VaeNames.Names, VaeDetection.Detect, NetworkSlots.Of, (_, _) => false);

    /// <summary>Wan takes CLIP's features before its last block; what comes after it, and the half for text, are not used.</summary>
    public static NetworkKind<ClipVisionConfig> ClipVision { get; } = new(
        ClipVisionNames.Names, ClipVisionDetection.Detect, NetworkSlots.Of,
        (config, name) => name.StartsWith($"visual.transformer.{config.LayersUsed}.", StringComparison.Ordinal) || AfterClip().IsMatch(name));

    [GeneratedRegex(@"^(decoder\.|lm_head\.|dec\.|output\.weight$|logit_scale$)")]
    private static partial Regex TextDecoder();

    [GeneratedRegex(@"^(visual\.(post_norm|head|proj)(\.|$)|visual_projection\.|vision_model\.embeddings\.position_ids$|text_model\.|text_projection|textual\.|log(it)?_scale$)")]
    private static partial Regex AfterClip();
}
