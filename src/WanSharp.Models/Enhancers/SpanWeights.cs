using WanSharp.Models.Detection;
using WanSharp.Models.Names;
using WanSharp.Tensors;

namespace WanSharp.Models.Enhancers;

/// <summary>
/// The weights of a SPAN with each layer's convolutions as one, as the original code makes them before it enlarges: what a file has of that
/// may be older than what it was trained to.
/// </summary>
/// <remarks>Source: hongyuanyu/SPAN:basicsr/archs/span_arch.py, <c>Conv3XC.update_params</c>.</remarks>
internal sealed class SpanWeights : ICheckpoint
{
    private const int Kernel = 3;
    private const int Centre = 4; // of nine

    private readonly ICheckpoint _stored;
    private readonly Dictionary<string, Tensor> _folded = [];

    /// <param name="stored">The checkpoint under official names; it stays its owner's.</param>
    /// <exception cref="CheckpointException">Its convolutions do not go together.</exception>
    public SpanWeights(ICheckpoint stored)
    {
        _stored = stored;
        try
        {
            foreach (var layer in SpanNames.Layers)
            {
                Fold(layer);
            }
        }
        catch
        {
            Dispose();
            throw;
        }

        Tensors = stored.Tensors.Keys.ToDictionary(name => name, name => _folded.GetValueOrDefault(name) ?? stored.Tensors[name]);
    }

    /// <inheritdoc/>
    public string Path => _stored.Path;

    /// <inheritdoc/>
    public IReadOnlyList<string> Files => _stored.Files;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Tensors { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Unsupported => _stored.Unsupported;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata => _stored.Metadata;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _folded.Values)
        {
            tensor.Dispose();
        }
    }

    /// <summary>
    /// A convolution of 1 × 1, one of 3 × 3 and one of 1 × 1 after each other, and one of 1 × 1 next to them, as one of 3 × 3.
    /// </summary>
    private void Fold(string layer)
    {
        var beside = _stored.ShapeOf($"{layer}.sk.weight", 4); // [out, in, 1, 1]
        var (outs, ins) = (beside[0], beside[1]);
        var (first, middle) = (_stored.LengthOf($"{layer}.conv.0.weight"), _stored.LengthOf($"{layer}.conv.1.weight"));
        var (w1, b1) = Convolution(layer + ".conv.0", [first, ins, 1, 1]);
        var (w2, b2) = Convolution(layer + ".conv.1", [middle, first, Kernel, Kernel]);
        var (w3, b3) = Convolution(layer + ".conv.2", [outs, middle, 1, 1]);
        var (side, sideBias) = Convolution(layer + ".sk", [outs, ins, 1, 1]);
        const int Area = Kernel * Kernel;
        var inner = new double[middle * ins * Area]; // [middle, in, 3, 3]
        var bias = new double[middle];
        for (var m = 0; m < middle; m++)
        {
            bias[m] = b2[m];
            for (var f = 0; f < first; f++)
            {
                for (var at = 0; at < Area; at++)
                {
                    var weight = w2[(((m * first) + f) * Area) + at];
                    bias[m] += weight * b1[f];
                    for (var i = 0; i < ins; i++)
                    {
                        inner[(((m * ins) + i) * Area) + at] += weight * w1[(f * ins) + i];
                    }
                }
            }
        }

        var weights = new float[outs * ins * Area];
        var biases = new float[outs];
        for (var o = 0; o < outs; o++)
        {
            var sum = new double[ins * Area];
            var all = (double)b3[o] + sideBias[o];
            for (var m = 0; m < middle; m++)
            {
                var weight = w3[(o * middle) + m];
                all += weight * bias[m];
                for (var at = 0; at < sum.Length; at++)
                {
                    sum[at] += weight * inner[(m * sum.Length) + at];
                }
            }

            for (var at = 0; at < sum.Length; at++)
            {
                weights[(o * sum.Length) + at] = (float)(sum[at] + (at % Area == Centre ? side[(o * ins) + (at / Area)] : 0));
            }

            biases[o] = (float)all;
        }

        _folded[$"{layer}{SpanNames.Folded}.weight"] = Tensor.CopyOf<float>([outs, ins, Kernel, Kernel], weights);
        _folded[$"{layer}{SpanNames.Folded}.bias"] = Tensor.CopyOf<float>([outs], biases);
    }

    private (float[] Weights, float[] Biases) Convolution(string name, Shape shape) =>
        (Values($"{name}.weight", shape), Values($"{name}.bias", [shape[0]]));

    private float[] Values(string name, Shape shape)
    {
        if (!_stored.Tensors.TryGetValue(name, out var tensor) || tensor.Shape != shape)
        {
            throw new CheckpointException(
                Path,
                name,
                tensor is null ? "it is missing: get the whole file." : $"it is {tensor.Shape}, and {shape} is expected."
            );
        }

        var values = new float[shape.ElementCount];
        tensor.ConvertTo(values.AsSpan());
        return values;
    }
}
