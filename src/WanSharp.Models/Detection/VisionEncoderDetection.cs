using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>Tells the dimensions of CLIP's image encoder from its tensors.</summary>
internal static class VisionEncoderDetection
{
    private const int UsualHeadDim = 64;

    /// <param name="weights">The tensors under their official names.</param>
    /// <exception cref="CheckpointException">The tensors contradict each other.</exception>
    public static VisionEncoderConfig Detect(ICheckpoint weights)
    {
        var published = new VisionEncoderConfig();
        var patch = weights.ShapeOf("visual.patch_embedding.weight", 4); // [dim, colors, height, width]
        var dim = patch[0];
        var tokens = weights.Get("visual.pos_embedding").Shape.ElementCount / dim;
        var side = (int)Math.Sqrt(tokens - 1);
        return Described.Valid(
            weights.Path,
            published with
            {
                ImageSize = side * patch[2],
                PatchSize = patch[2],
                Dim = dim,
                MlpRatio = weights.LengthOf("visual.transformer.0.mlp.0.weight") / dim,
                Heads = dim == published.Dim ? published.Heads : Math.Max(1, dim / UsualHeadDim),
                Layers = weights.CountLayers("visual.transformer."),
            },
            configuration => configuration.Validate()
        );
    }
}
