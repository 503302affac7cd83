namespace WanSharp.Graphs.Networks;

/// <summary>
/// The dimensions of CLIP's image encoder. The defaults are those of the ViT-H/14 that Wan 2.1's image-to-video models use.
/// </summary>
/// <remarks>Source: Wan-Video/Wan2.1:wan/modules/clip.py, <c>clip_xlm_roberta_vit_h_14</c>.</remarks>
public sealed record VisionEncoderConfig
{
    /// <summary>Pixels on a side of the square image that goes in (<c>image_size</c>).</summary>
    public int ImageSize { get; init; } = 224;

    /// <summary>Pixels on a side of the patch that makes a token (<c>patch_size</c>).</summary>
    public int PatchSize { get; init; } = 14;

    /// <summary>Width of a token (<c>vision_dim</c>).</summary>
    public int Dim { get; init; } = 1280;

    /// <summary>Width inside the feed-forward layer, in multiples of <see cref="Dim"/> (<c>vision_mlp_ratio</c>).</summary>
    public int MlpRatio { get; init; } = 4;

    /// <summary>Attention heads (<c>vision_heads</c>).</summary>
    public int Heads { get; init; } = 16;

    /// <summary>Blocks that the checkpoint has (<c>vision_layers</c>); Wan takes the features before the last.</summary>
    public int Layers { get; init; } = 32;

    /// <summary>Rows of the features: one for the class, one for each patch.</summary>
    public int Tokens => 1 + (ImageSize / PatchSize * (ImageSize / PatchSize));

    /// <summary>Blocks that run: all but the last.</summary>
    public int LayersUsed => Layers - 1;

    /// <summary>Checks that the dimensions go together.</summary>
    /// <exception cref="GraphException">They do not.</exception>
    public void Validate()
    {
        int[] lengths = [ImageSize, PatchSize, Dim, MlpRatio, Heads, LayersUsed];
        if (lengths.Any(length => length < 1) || ImageSize % PatchSize != 0 || Dim % Heads != 0)
        {
            throw new GraphException(
                $"No image encoder has these dimensions: all must be positive, Layers at least 2, ImageSize a multiple of PatchSize, "
                    + $"and Dim of Heads. Given: {this}."
            );
        }
    }
}
