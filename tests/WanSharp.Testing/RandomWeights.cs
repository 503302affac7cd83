using System.Collections.Concurrent;
using WanSharp.Engine.Noise;
using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Testing;

/// <summary>A checkpoint of noise for a tiny network: activations stay near 1, so that nothing is lost in rounding.</summary>
public sealed class RandomWeights : ICheckpoint
{
    private const float Spread = 0.1f;

    /// <summary>Most tests want the same networks.</summary>
    private static readonly ConcurrentDictionary<(ulong Seed, uint Stream, long Count), float[]> Noise = new();

    private readonly Dictionary<string, Tensor> _tensors = [];

    public RandomWeights(ulong seed, params ReadOnlySpan<OnnxGraph> graphs)
        : this(seed, graphs.ToArray().SelectMany(graph => graph.Weights)) { }

    public RandomWeights(ulong seed, IEnumerable<WeightSlot> slots)
    {
        foreach (var slot in slots.DistinctBy(slot => slot.Name))
        {
            var weight = Tensor.Zeros(DType.F32, slot.Shape);
            var values = weight.Write<float>();
            NoiseOf(seed, (uint)_tensors.Count, values.Length).CopyTo(values);
            var isScale =
                slot.Name.EndsWith("gamma", StringComparison.Ordinal)
                || (slot.Name.Contains("norm", StringComparison.Ordinal) && slot.Name.EndsWith("weight", StringComparison.Ordinal));
            foreach (ref var value in values)
            {
                value = (value * Spread) + (isScale ? 1 : 0);
            }

            _tensors[slot.Name] = weight;
        }
    }

    public string Path => "random weights";

    public IReadOnlyDictionary<string, Tensor> Tensors => _tensors;

    public IReadOnlyDictionary<string, string> Unsupported { get; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    public void Dispose()
    {
        foreach (var tensor in _tensors.Values)
        {
            tensor.Dispose();
        }
    }

    private static float[] NoiseOf(ulong seed, uint stream, int count) =>
        Noise.GetOrAdd(
            (seed, stream, count),
            static key =>
            {
                var values = new float[key.Count];
                new NoiseGenerator(key.Seed, key.Stream).Fill(values);
                return values;
            }
        );
}
