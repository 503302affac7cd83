namespace WanSharp.Graphs.Networks;

/// <summary>
/// The dimensions of a Wan transformer, as in an official <c>config.json</c>. The defaults are those of Wan 2.1 T2V 1.3B.
/// </summary>
/// <remarks>Source: Wan-Video/Wan2.1:wan/modules/model.py and wan/configs.</remarks>
public sealed record TransformerConfig
{
    /// <summary>Rows of CLIP features for two images: one for the class, 16 × 16 for patches, twice.</summary>
    public const int TwoImagesTokens = 2 * 257;

    /// <summary>What the model does (<c>model_type</c>).</summary>
    public ModelType ModelType { get; init; } = ModelType.TextToVideo;

    /// <summary>Latent entries in a token (<c>patch_size</c>).</summary>
    public PatchSize PatchSize { get; init; } = new(1, 2, 2);

    /// <summary>Rows of text that are attended to, zeros included (<c>text_len</c>).</summary>
    public int TextLength { get; init; } = 512;

    /// <summary>Channels of the latents that go in, a joined image's included (<c>in_dim</c>).</summary>
    public int InChannels { get; init; } = 16;

    /// <summary>Channels of the velocity that comes out (<c>out_dim</c>).</summary>
    public int OutChannels { get; init; } = 16;

    /// <summary>Width of a token (<c>dim</c>).</summary>
    public int Dim { get; init; } = 1536;

    /// <summary>Width inside the feed-forward layer (<c>ffn_dim</c>).</summary>
    public int FfnDim { get; init; } = 8960;

    /// <summary>Width of a timestep's sinusoid (<c>freq_dim</c>).</summary>
    public int FreqDim { get; init; } = 256;

    /// <summary>Width of the text encoder's output (<c>text_dim</c>).</summary>
    public int TextDim { get; init; } = 4096;

    /// <summary>Attention heads (<c>num_heads</c>).</summary>
    public int Heads { get; init; } = 12;

    /// <summary>Blocks (<c>num_layers</c>).</summary>
    public int Layers { get; init; } = 30;

    /// <summary>What keeps norms from dividing by zero (<c>eps</c>).</summary>
    public float Eps { get; init; } = 1e-6f;

    /// <summary>Width of the CLIP features that cross-attention sees (Wan 2.1 image to video: 1280); null when there are none.</summary>
    public int? VisionDim { get; init; }

    /// <summary>
    /// Channels of the control that the network follows (VACE's <c>vace_in_dim</c>: 96, which are latents of what is kept, latents of what
    /// is made anew, and a mask); null when it takes none.
    /// </summary>
    public int? ControlChannels { get; init; }

    /// <summary>
    /// Blocks that read the control, each next to a block of the network, at even distances (VACE's <c>vace_layers</c>); 0 for none.
    /// </summary>
    public int ControlBlocks { get; init; }

    /// <summary>
    /// Channels of what the network is given: latents, and where it follows a control also that, and one channel that says how strongly.
    /// </summary>
    public int GivenChannels => InChannels + (ControlChannels + 1 ?? 0);

    /// <summary>Whether a block adds what a block of the control next to it says.</summary>
    /// <param name="block">The block, from 0.</param>
    public bool IsControlled(int block) => ControlBlocks > 0 && block % (Layers / ControlBlocks) == 0;

    /// <summary>Width of one attention head.</summary>
    public int HeadDim => Dim / Heads;

    /// <summary>
    /// Rows of CLIP features: as many as the image encoder gives, except with two images, those that positions were learned for.
    /// </summary>
    internal Dim VisionTokens => ModelType == ModelType.FirstLastFrameToVideo ? TwoImagesTokens : "clip_tokens";

    /// <summary>Rows of CLIP features that a clip's cross-attention sees: those of one image, or of the first and the last.</summary>
    /// <param name="rowsOfAnImage">Rows that the image encoder gives for an image.</param>
    public int VisionRowsFor(int rowsOfAnImage) => ModelType == ModelType.FirstLastFrameToVideo ? 2 * rowsOfAnImage : rowsOfAnImage;

    /// <summary>Checks that the dimensions go together.</summary>
    /// <exception cref="GraphException">They do not.</exception>
    public void Validate()
    {
        int[] lengths =
        [
            PatchSize.Frames,
            PatchSize.Height,
            PatchSize.Width,
            TextLength,
            InChannels,
            OutChannels,
            Dim,
            FfnDim,
            FreqDim,
            TextDim,
            Heads,
            Layers,
            VisionDim ?? 1,
        ];
        if (lengths.Any(length => length < 1) || Dim % Heads != 0 || HeadDim % 2 != 0 || FreqDim % 2 != 0 || !(Eps > 0))
        {
            throw new GraphException(
                $"No transformer has these dimensions: all must be positive, Dim a multiple of Heads, and the "
                    + $"width of a head and FreqDim even. Given: {this}."
            );
        }

        if (ControlBlocks < 0 || (ControlBlocks > 0) != (ControlChannels > 0) || (ControlBlocks > 0 && Layers % ControlBlocks != 0))
        {
            throw new GraphException(
                $"No transformer follows a control of {ControlChannels ?? 0} channels with {ControlBlocks} blocks next to its {Layers}: "
                    + "they are at even distances."
            );
        }
    }
}
