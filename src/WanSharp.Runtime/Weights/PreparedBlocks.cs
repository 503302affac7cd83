using WanSharp.Graphs;
using WanSharp.Graphs.Networks;

namespace WanSharp.Runtime.Weights;

/// <summary>How much of a transformer's weights is on disk in a prepared form.</summary>
/// <param name="Ready">The number of blocks that are prepared.</param>
/// <param name="All">The number of blocks of the transformer.</param>
/// <param name="Bytes">Bytes on disk.</param>
public sealed record PreparedBlocks(int Ready, int All, long Bytes)
{
    /// <summary>Reads how much of a transformer's weights is prepared for a quantization. Reads headers, not weights.</summary>
    /// <param name="weights">The weights, under their official names.</param>
    /// <param name="configuration">The network's dimensions.</param>
    /// <param name="quantization">The form; not <see cref="Quantization.None"/>, which needs none.</param>
    /// <param name="folder">Where it is kept: <see cref="Networks.TransformerOptions.WeightsFolder"/>.</param>
    public static PreparedBlocks Find(WeightStore weights, TransformerConfig configuration, Quantization quantization, string folder) =>
        QuantizedWeights.IsAny(weights, folder)
            ? QuantizedWeights.Of(weights, configuration, quantization).Find(folder)
            : new PreparedBlocks(0, configuration.Layers, 0); // without the time and memory that a large network's graph takes
}
