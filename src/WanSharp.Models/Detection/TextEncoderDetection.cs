using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>Tells a umT5 encoder's dimensions from its tensors.</summary>
internal static class TextEncoderDetection
{
    /// <param name="weights">The tensors under their official names.</param>
    /// <exception cref="CheckpointException">The tensors contradict each other.</exception>
    public static Umt5Config Detect(ICheckpoint weights)
    {
        var embedding = weights.ShapeOf("token_embedding.weight", 2); // [vocabulary, dim]
        var positions = weights.ShapeOf("blocks.0.pos_embedding.embedding.weight", 2); // [buckets, heads]
        return Described.Valid(weights.Path, new Umt5Config
        {
            Vocabulary = embedding[0],
            Dim = embedding[1],
            AttentionDim = weights.LengthOf("blocks.0.attn.q.weight"),
            FfnDim = weights.LengthOf("blocks.0.ffn.gate.0.weight"),
            Heads = positions[1],
            Layers = weights.CountLayers("blocks."),
            Buckets = positions[0],
        }, configuration => configuration.Validate());
    }
}
