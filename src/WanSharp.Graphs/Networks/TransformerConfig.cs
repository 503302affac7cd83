namespace WanSharp.Graphs.Networks;

/// <summary>
/// The dimensions of a Wan transformer, as in an official <c>config.json</c>. The defaults are those of Wan 2.1 T2V 1.3B.
/// </summary>
/// <remarks>Source: Wan-Video/Wan2.1:wan/modules/model.py and wan/configs.</remarks>
public sealed record TransformerConfig
{
    /// <summary>Numbers that tell a camera: focal lengths, centre, rotation, place.</summary>
    public const int CameraNumbers = 4 + 9 + 3;

    /// <summary>Frames of video to a latent frame, each of which has a camera of its own.</summary>
    public const int CameraFrames = 4;

    private const int MaskChannels = 4; // a frame of video each

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
    /// Whether there is a reference picture in front of the clip, a latent frame with an embedding of its own (VideoX-Fun's
    /// <c>add_ref_conv</c>).
    /// </summary>
    public bool TakesReference { get; init; }

    /// <summary>
    /// Pixels to a side of a latent position, for a network that follows a camera (VideoX-Fun's
    /// <c>downscale_factor_control_adapter</c>); null for one that does not.
    /// </summary>
    public int? CameraStride { get; init; }

    /// <summary>
    /// Whether given frames enter each step clean, at timestep 0: those of ti2v, and the first of VideoX-Fun's models with its latents.
    /// </summary>
    public bool TakesCleanFrames =>
        ModelType == ModelType.TextImageToVideo || (ModelType == ModelType.Fun && OutChannels == VaeConfig.Wan22.LatentChannels);

    /// <summary>Whether latents of a control video are joined to the noise (VideoX-Fun's Control).</summary>
    public bool JoinsControl => ModelType == ModelType.Fun && InChannels >= 3 * OutChannels;

    /// <summary>Whether a mask says which frames are given, so that the last one may be (all of VideoX-Fun's but 2.1's Control).</summary>
    public bool JoinsMask => ModelType == ModelType.Fun && InChannels % OutChannels == MaskChannels;

    /// <summary>
    /// Channels of what the network is given: latents; where it follows a control also that, and one channel that says how strongly; where
    /// it follows a camera, what tells it.
    /// </summary>
    public int GivenChannels => InChannels + (ControlChannels + 1 ?? 0) + (CameraStride is null ? 0 : CameraFrames * CameraNumbers);

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

        ValidateFun();
    }

    private void ValidateFun()
    {
        if (ModelType != ModelType.Fun)
        {
            if (TakesReference || CameraStride is not null)
            {
                throw new GraphException(
                    $"Only VideoX-Fun's transformers take a reference frame or a camera, and {ModelType} is another kind."
                );
            }

            return;
        }

        var joined = InChannels - OutChannels;
        int[] known = [OutChannels, OutChannels + MaskChannels, 2 * OutChannels, (2 * OutChannels) + MaskChannels];
        if (
            OutChannels <= MaskChannels
            || !known.Contains(joined)
            || PatchSize.Frames != 1
            || CameraStride < 1
            || (TakesReference && (CameraStride is not null || !JoinsControl))
        )
        {
            throw new GraphException(
                $"No transformer of VideoX-Fun joins {joined} channels to {OutChannels}: an image, with a mask of {MaskChannels} or "
                    + "without, and before them latents of a control; a reference frame goes with a control, a camera with none of both."
            );
        }
    }
}
