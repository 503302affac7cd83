using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>Tells the dimensions of a network that makes frames between frames, and with them its version, from its tensors.</summary>
internal static class InterpolatorDetection
{
    private const int Squares = 4; // pixels that a block's last layer makes at each position
    private const int MostBlocks = 16;

    /// <param name="weights">The tensors under their official names.</param>
    /// <exception cref="CheckpointException">The tensors contradict each other, or are of an unknown version.</exception>
    public static InterpolatorConfig Detect(ICheckpoint weights)
    {
        var head = weights switch
        {
            _ when weights.Has("encode.cnn0.weight") => InterpolatorHead.Named,
            _ when weights.Has("encode.6.weight") => InterpolatorHead.Sequence,
            _ when weights.Has("encode.1.weight") => InterpolatorHead.TwoLayers,
            _ => InterpolatorHead.None,
        };
        var last = head switch
        {
            InterpolatorHead.Named => "encode.cnn3.weight",
            InterpolatorHead.Sequence => "encode.6.weight",
            _ => "encode.1.weight",
        };
        var blocks = Enumerable.Range(0, MostBlocks).TakeWhile(block => weights.HasAny($"block{block}."));
        var isHeaded = head != InterpolatorHead.None;
        return Described.Valid(
            weights.Path,
            new InterpolatorConfig
            {
                Widths = [.. blocks.Select(block => weights.LengthOf($"block{block}.conv0.1.0.weight"))],
                Layers = weights.CountLayers("block0.convblock."),
                Head = head,
                HeadWidth = isHeaded ? weights.ShapeOf(last, 4)[0] : 0, // [in, out, 4, 4], turned round
                HeadFeatures = isHeaded ? weights.ShapeOf(last, 4)[1] : 0,
                BlockOutputs = weights.ShapeOf("block0.lastconv.0.weight", 4)[1] / Squares,
            },
            config => config.Validate()
        );
    }
}
