using WanSharp.Graphs;

namespace WanSharp.Engine.Denoising;

/// <summary>Other layers in 8-bit integers than those that the transformer was compiled with, for one clip.</summary>
/// <param name="Layers">The layers.</param>
/// <param name="HighNoise">Those of the high-noise expert, of a model that has two.</param>
internal sealed record LayerTrial(LayerFormats Layers, LayerFormats? HighNoise)
{
    /// <summary>Sees each pass of the clip when it is over, and may repeat it with other layers. Default: null.</summary>
    public Action<TrialPass, CancellationToken>? Observe { get; init; }

    /// <summary>The layers of an expert.</summary>
    public LayerFormats Of(bool isHighNoise) => isHighNoise ? HighNoise ?? Layers : Layers;
}
