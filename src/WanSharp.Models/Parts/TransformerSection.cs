using WanSharp.Graphs.Networks;

namespace WanSharp.Models;

/// <summary>A transformer's dimensions under their official names (<c>config.json</c> of Wan-AI's checkpoints).</summary>
internal sealed record TransformerSection
{
    /// <summary>The <c>model_type</c> of VideoX-Fun's models in descriptions of ours; their own say what their blocks are.</summary>
    internal const string Fun = "fun";

    /// <summary>The file next to the description; a fixture says it elsewhere.</summary>
    public string? File { get; init; }

    public required string ModelType { get; init; }

    public required int[] PatchSize { get; init; }

    public required int TextLen { get; init; }

    public required int InDim { get; init; }

    public required int Dim { get; init; }

    public required int FfnDim { get; init; }

    public required int FreqDim { get; init; }

    public required int TextDim { get; init; }

    public required int OutDim { get; init; }

    public required int NumHeads { get; init; }

    public required int NumLayers { get; init; }

    public bool? QkNorm { get; init; }

    public bool? CrossAttnNorm { get; init; }

    public float? Eps { get; init; }

    /// <summary>Of a VACE model: the channels of its control.</summary>
    public int? VaceInDim { get; init; }

    /// <summary>Of a VACE model: the blocks that have one for the control next to them.</summary>
    public int[]? VaceLayers { get; init; }

    /// <summary>Of VideoX-Fun's: whether a reference picture stands in front of the clip.</summary>
    public bool? AddRefConv { get; init; }

    /// <summary>Of VideoX-Fun's: pixels to a side of a latent position, where it follows a camera.</summary>
    public int? DownscaleFactorControlAdapter { get; init; }

    /// <param name="source">The file, for errors.</param>
    /// <param name="visionDim">Width of CLIP features, which the official description leaves to the weights.</param>
    public TransformerConfig ToConfiguration(string source, int? visionDim = null)
    {
        if (PatchSize.Length != 3 || QkNorm == false || CrossAttnNorm == false)
        {
            throw new Tensors.CheckpointException(
                source,
                "the transformer needs a patch_size of three numbers, qk_norm and cross_attn_norm; no published Wan model is otherwise."
            );
        }

        return Described.Valid(
            source,
            new TransformerConfig
            {
                ModelType = ModelType switch
                {
                    "t2v" or "vace" => Graphs.Networks.ModelType.TextToVideo,
                    "ti2v" => Graphs.Networks.ModelType.TextImageToVideo,
                    "i2v" => Graphs.Networks.ModelType.ImageToVideo,
                    "flf2v" => Graphs.Networks.ModelType.FirstLastFrameToVideo,
                    Fun => Graphs.Networks.ModelType.Fun,
                    _ => throw new Tensors.CheckpointException(
                        source,
                        $"model_type \"{ModelType}\" is none of t2v, ti2v, i2v, flf2v, vace, {Fun}."
                    ),
                },
                PatchSize = new PatchSize(PatchSize[0], PatchSize[1], PatchSize[2]),
                TextLength = TextLen,
                InChannels = InDim,
                OutChannels = OutDim,
                Dim = Dim,
                FfnDim = FfnDim,
                FreqDim = FreqDim,
                TextDim = TextDim,
                Heads = NumHeads,
                Layers = NumLayers,
                Eps = Eps ?? 1e-6f,
                VisionDim = visionDim,
                ControlChannels = VaceInDim,
                ControlBlocks = ControlBlocks(source),
                TakesReference = AddRefConv == true,
                CameraStride = DownscaleFactorControlAdapter,
            },
            configuration => configuration.Validate()
        );
    }

    private int ControlBlocks(string source)
    {
        var layers = VaceLayers ?? [];
        return layers.Length > 0 && layers.Where((layer, i) => layer != i * (NumLayers / layers.Length)).Any()
            ? throw new Tensors.CheckpointException(
                source,
                $"vace_layers [{string.Join(',', layers)}] are not at even distances among {NumLayers} layers, which is not supported."
            )
            : layers.Length;
    }
}
