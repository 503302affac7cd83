namespace WanSharp.Graphs.Networks;

/// <summary>The dimensions of a umT5 encoder. The defaults are those of umT5-XXL, which Wan uses.</summary>
/// <remarks>Source: Wan-Video/Wan2.1:wan/modules/t5.py, <c>umt5_xxl</c>.</remarks>
public sealed record Umt5Config
{
    /// <summary>Tokens in the vocabulary (<c>vocab_size</c>).</summary>
    public int Vocabulary { get; init; } = 256384;

    /// <summary>Width of a token (<c>dim</c>).</summary>
    public int Dim { get; init; } = 4096;

    /// <summary>Width of all attention heads together (<c>dim_attn</c>).</summary>
    public int AttentionDim { get; init; } = 4096;

    /// <summary>Width inside the feed-forward layer (<c>dim_ffn</c>).</summary>
    public int FfnDim { get; init; } = 10240;

    /// <summary>Attention heads (<c>num_heads</c>).</summary>
    public int Heads { get; init; } = 64;

    /// <summary>Blocks (<c>num_layers</c>).</summary>
    public int Layers { get; init; } = 24;

    /// <summary>Kinds of distance between tokens that a block tells apart (<c>num_buckets</c>).</summary>
    public int Buckets { get; init; } = 32;

    /// <summary>Checks that the dimensions go together.</summary>
    /// <exception cref="GraphException">They do not.</exception>
    public void Validate()
    {
        int[] lengths = [Vocabulary, Dim, AttentionDim, FfnDim, Heads, Layers, Buckets];
        if (lengths.Any(length => length < 1) || AttentionDim % Heads != 0 || Buckets % 4 != 0)
        {
            throw new GraphException(
                $"No text encoder has these dimensions: all must be positive, AttentionDim a multiple of Heads, "
                    + $"and Buckets a multiple of 4. Given: {this}."
            );
        }
    }
}
