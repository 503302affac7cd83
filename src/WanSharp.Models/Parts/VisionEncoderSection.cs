using WanSharp.Graphs.Networks;

namespace WanSharp.Models;

/// <summary>The dimensions of CLIP's image encoder under their official names (wan/modules/clip.py).</summary>
internal sealed record VisionEncoderSection
{
    public required int ImageSize { get; init; }

    public required int PatchSize { get; init; }

    public required int VisionDim { get; init; }

    public required int VisionMlpRatio { get; init; }

    public required int VisionHeads { get; init; }

    public required int VisionLayers { get; init; }

    /// <param name="source">The file, for errors.</param>
    public VisionEncoderConfig ToConfiguration(string source) =>
        Described.Valid(
            source,
            new VisionEncoderConfig
            {
                ImageSize = ImageSize,
                PatchSize = PatchSize,
                Dim = VisionDim,
                MlpRatio = VisionMlpRatio,
                Heads = VisionHeads,
                Layers = VisionLayers,
            },
            configuration => configuration.Validate()
        );
}
