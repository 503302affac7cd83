using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>Tells a umT5 encoder's dimensions from its tensors.</summary>
internal static class TextEncoderDetection
{
    /// <param name="weights">The tensors under their official names.</param>
    /// <exception cref="CheckpointException">It is another T5, or the tensors contradict each other.</exception>
    public static Umt5Config Detect(ICheckpoint weights)
    {
        var embedding = weights.ShapeOf("token_embedding.weight", 2); // [vocabulary, dim]
        var positions = weights.ShapeOf("blocks.0.pos_embedding.embedding.weight", 2); // [buckets, heads]
        var layers = weights.CountLayers("blocks.");
        var without = Enumerable.Range(0, layers).Where(layer => !weights.Has($"blocks.{layer}.pos_embedding.embedding.weight")).ToList();
        if (without.Count > 0)
        {
            throw new CheckpointException(
                weights.Path,
                without.Count < layers - 1
                    ? $"its block {without[0]} has no relative positions, which every block of umT5 has: the file is damaged."
                    : $"it is a T5 encoder with {embedding[0]} words, as image models use it: only its first block has relative "
                        + "positions, where every block of Wan's umT5 has them."
            );
        }

        return Described.Valid(
            weights.Path,
            new Umt5Config
            {
                Vocabulary = embedding[0],
                Dim = embedding[1],
                AttentionDim = weights.LengthOf("blocks.0.attn.q.weight"),
                FfnDim = weights.LengthOf("blocks.0.ffn.gate.0.weight"),
                Heads = positions[1],
                Layers = layers,
                Buckets = positions[0],
            },
            configuration => configuration.Validate()
        );
    }
}
