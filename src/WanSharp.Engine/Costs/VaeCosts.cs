using WanSharp.Runtime.Weights;

namespace WanSharp.Engine.Costs;

/// <summary>What a network that decodes and encodes frames costs: a model's own VAE, or a file that stands in for it.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class VaeCosts
{
    private readonly Lazy<NetworkWeights> _decoder;
    private readonly Lazy<NetworkWeights> _encoder;

    /// <param name="graphs">The network.</param>
    /// <param name="weights">Its weights.</param>
    public VaeCosts(VaeWork graphs, WeightStore weights)
    {
        (Graphs, Memory) = (graphs, new VaeMemory(graphs));
        _decoder = new(() => NetworkWeights.Of(weights, graphs.DecoderWeights));
        _encoder = new(() => NetworkWeights.Of(weights, graphs.EncoderWeights));
    }

    /// <summary>The network.</summary>
    public VaeWork Graphs { get; }

    /// <summary>What its runs hold.</summary>
    public VaeMemory Memory { get; }

    /// <summary>The decoder's weights.</summary>
    public NetworkWeights Decoder => _decoder.Value;

    /// <summary>The encoder's weights.</summary>
    public NetworkWeights Encoder => _encoder.Value;
}
