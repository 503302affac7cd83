using System.Text.RegularExpressions;
using WanSharp.Graphs.Networks;
using WanSharp.Models.Names;

namespace WanSharp.Models.Detection;

/// <summary>The kinds of networks that clips are made with.</summary>
internal static partial class NetworkKinds
{
    /// <summary>Of a transformer, tables of positions are not used that are those that it computes.</summary>
    public static NetworkKind<TransformerConfig> Transformer { get; } =
        new(TransformerNames.Names, TransformerDetection.Detect, NetworkSlots.Of, SavedPositions.AreOurs);

    /// <summary>
    /// Of a T5 that has one, the half that writes text is not used, nor the factor that a wrapper of ComfyUI's keeps for CLIP.
    /// </summary>
    public static NetworkKind<Umt5Config> TextEncoder { get; } =
        new(TextEncoderNames.Names, TextEncoderDetection.Detect, NetworkSlots.Of, (_, _, name) => TextDecoder().IsMatch(name));

    public static NetworkKind<VaeConfig> Vae { get; } = new(VaeNames.Names, VaeDetection.Detect, NetworkSlots.Of, (_, _, _) => false);

    /// <summary>A tiny autoencoder, which may come without its encoder.</summary>
    public static NetworkKind<TinyVaeShape> TinyVae { get; } =
        new(TinyVaeNames.Names, TinyVaeDetection.Detect, shape => NetworkSlots.Of(shape.Network), (_, _, _) => false);

    /// <summary>ESRGAN's network.</summary>
    public static NetworkKind<RrdbShape> Rrdb { get; } =
        new(RrdbNames.Names, UpscalerDetection.Rrdb, shape => NetworkSlots.Of(shape.Network), (_, _, _) => false);

    /// <summary>Real-ESRGAN's small network.</summary>
    public static NetworkKind<CompactShape> Compact { get; } =
        new(CompactNames.Names, UpscalerDetection.Compact, shape => NetworkSlots.Of(shape.Network), (_, _, _) => false);

    /// <summary>SPAN; what it was trained as becomes one convolution for each layer (<see cref="Enhancers.SpanWeights"/>).</summary>
    public static NetworkKind<SpanShape> Span { get; } =
        new(SpanNames.Names, UpscalerDetection.Span, shape => NetworkSlots.Of(shape.Network), (_, _, name) => SpanNames.IsOfTraining(name));

    /// <summary>RIFE; what its training keeps is not used.</summary>
    public static NetworkKind<InterpolatorConfig> Rife { get; } =
        new(RifeNames.Names, InterpolatorDetection.Detect, NetworkSlots.Of, (_, _, name) => RifeNames.IsOfTraining(name));

    /// <summary>Wan takes CLIP's features before its last block; what comes after it, and the half for text, are not used.</summary>
    public static NetworkKind<VisionEncoderConfig> VisionEncoder { get; } =
        new(
            VisionEncoderNames.Names,
            VisionEncoderDetection.Detect,
            NetworkSlots.Of,
            (config, _, name) =>
                name.StartsWith(VisionEncoderGraphs.BlockPrefix(config.LayersUsed), StringComparison.Ordinal) || AfterClip().IsMatch(name)
        );

    [GeneratedRegex(@"^(decoder\.|lm_head\.|dec\.|output\.weight$|logit_scale$)")]
    private static partial Regex TextDecoder();

    [GeneratedRegex(
        @"^(visual\.(post_norm|head|proj)(\.|$)|visual_projection\.|vision_model\.embeddings\."
            + @"position_ids$|text_model\.|text_projection|textual\.|log(it)?_scale$)"
    )]
    private static partial Regex AfterClip();
}
