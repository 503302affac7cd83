using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using WanSharp.Graphs.Onnx;
using WanSharp.Tensors;

namespace WanSharp.Graphs;

/// <summary>A finished graph: ONNX, IR version 8, opset 17. Immutable and thread-safe.</summary>
public sealed class OnnxGraph
{
    /// <summary>The domain of ONNX Runtime's fused operators.</summary>
    internal const string FusedDomain = "com.microsoft";

    private const long IrVersion = 8;
    private const long Opset = 17;
    private const long Alignment = 4096; // A page: the runtime maps weights from the file only where pages begin.
    private const int CopyChunk = 1 << 20;

    private readonly GraphProto _graph;
    private readonly bool _usesFusedOperators;
    private readonly Lazy<byte[]> _bytes; // most graphs are written for their weights or their costs
    private readonly Lazy<string> _digest;
    private readonly IReadOnlyList<GraphStep> _steps;

    internal OnnxGraph(
        GraphProto graph,
        GraphOptions options,
        bool usesFusedOperators,
        IReadOnlyList<GraphValue> inputs,
        IReadOnlyList<GraphValue> outputs,
        IReadOnlyList<WeightSlot> weights,
        IReadOnlyList<AdapterSlot> adapters,
        IReadOnlyList<GraphStep> steps
    )
    {
        _graph = graph;
        _usesFusedOperators = usesFusedOperators;
        Options = options;
        Inputs = inputs;
        Outputs = outputs;
        Weights = weights;
        Adapters = adapters;
        _steps = steps;
        _bytes = new(() => Serialize($"{graph.Name}.data"));
        _digest = new(() => Convert.ToHexStringLower(SHA256.HashData(_bytes.Value)));
    }

    /// <summary>The graph's name.</summary>
    public string Name => _graph.Name;

    /// <summary>How the graph is written.</summary>
    public GraphOptions Options { get; }

    /// <summary>SHA-256 of <see cref="ToBytes"/>, in lower-case hexadecimal: the same network and options always give the same.</summary>
    public string Digest => _digest.Value;

    /// <summary>What is passed at every run, weights aside.</summary>
    public IReadOnlyList<GraphValue> Inputs { get; }

    /// <summary>What comes out, probes included.</summary>
    public IReadOnlyList<GraphValue> Outputs { get; }

    /// <summary>The weights, in the order of their use.</summary>
    public IReadOnlyList<WeightSlot> Weights { get; }

    /// <summary>The layers that take low-rank changes; none without <see cref="GraphOptions.Adapters"/>.</summary>
    public IReadOnlyList<AdapterSlot> Adapters { get; }

    /// <summary>
    /// Floating point operations of one run: 2 · M · N · K for every matrix product, 2 · queries · keys · width for each of
    /// attention's two, 2 · in · kernel · out for every position of a convolution. Elementwise work is not counted.
    /// </summary>
    /// <param name="lengths">A number for each name in the inputs' shapes that the work depends on.</param>
    /// <exception cref="GraphException">A name has no number.</exception>
    public double CountOperations(IReadOnlyDictionary<string, long> lengths)
    {
        ArgumentNullException.ThrowIfNull(lengths);
        return _steps.Sum(step => step.Operations.Evaluate(lengths));
    }

    /// <summary>What one run costs: operations, bytes moved, memory.</summary>
    /// <param name="lengths">A number for each name in the inputs' shapes.</param>
    /// <exception cref="GraphException">A name has no number.</exception>
    public GraphWork CountWork(IReadOnlyDictionary<string, long> lengths)
    {
        ArgumentNullException.ThrowIfNull(lengths);
        return WorkCounter.Count(_steps, Outputs, Weights.Sum(slot => (double)ByteLength(slot)), lengths);
    }

    /// <summary>The graph as an ONNX file without the weights' data; initializers point to the file <c>Name.data</c>.</summary>
    public byte[] ToBytes() => [.. _bytes.Value];

    /// <summary>Writes the graph as <paramref name="path"/> and its weights next to it as <c>path.data</c>.</summary>
    /// <param name="path">The file to write; it appears complete or not at all, and so is the data.</param>
    /// <param name="weights">Gives the tensor of a <see cref="WeightSlot"/>'s name, in the slot's element type and shape.</param>
    /// <param name="cancellationToken">Stops between parts of tensors and leaves nothing behind.</param>
    /// <exception cref="InvalidOperationException">The weights are inputs, not initializers.</exception>
    /// <exception cref="GraphException">A tensor has another element type or shape than its slot.</exception>
    public void Save(string path, Func<string, Tensor> weights, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(weights);
        if (Weights.Count > 0 && Options.Weights == WeightStorage.Inputs)
        {
            throw new InvalidOperationException(
                $"The weights of '{Name}' are inputs: build it with {nameof(WeightStorage)}.{nameof(WeightStorage.Initializers)} "
                    + "to save it."
            );
        }

        var dataPath = $"{path}.data";
        AtomicFile.Write(dataPath, file => WriteWeights(file, weights, cancellationToken)); // first: a graph without its data is of no use
        AtomicFile.Write(path, Serialize(Path.GetFileName(dataPath)));
    }

    private void WriteWeights(FileStream file, Func<string, Tensor> weights, CancellationToken cancellationToken)
    {
        foreach (var (slot, offset) in Layout())
        {
            var tensor = weights(slot.Name);
            if (tensor.DType != slot.DType || tensor.Shape != slot.Shape)
            {
                throw new GraphException(
                    $"The graph '{Name}' needs the weight {slot.Name} as {slot.DType} {slot.Shape}, but "
                        + $"was given {tensor.DType} {tensor.Shape}."
                );
            }

            file.Position = offset;
            for (long start = 0; start < tensor.ByteLength; start += CopyChunk)
            {
                cancellationToken.ThrowIfCancellationRequested();
                file.Write(tensor.ReadBytes(start, (int)Math.Min(CopyChunk, tensor.ByteLength - start)));
            }
        }
    }

    private byte[] Serialize(string dataFile)
    {
        var model = new ModelProto
        {
            IrVersion = IrVersion,
            ProducerName = "WanSharp",
            Graph = _graph.Clone(),
            OpsetImport =
            {
                new OperatorSetIdProto { Domain = "", Version = Opset },
            },
        };
        if (_usesFusedOperators)
        {
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = FusedDomain, Version = 1 });
        }

        var initializers = model.Graph.Initializer.ToDictionary(initializer => initializer.Name, StringComparer.Ordinal);
        foreach (var (slot, offset) in Layout())
        {
            if (initializers.TryGetValue(slot.Name, out var initializer))
            {
                initializer.DataLocation = TensorProto.Types.DataLocation.External;
                initializer.ExternalData.Add(Entry("location", dataFile));
                initializer.ExternalData.Add(Entry("offset", offset.ToString(CultureInfo.InvariantCulture)));
                initializer.ExternalData.Add(Entry("length", ByteLength(slot).ToString(CultureInfo.InvariantCulture)));
            }
        }

        return model.ToByteArray();
    }

    private IEnumerable<(WeightSlot Slot, long Offset)> Layout()
    {
        long end = 0;
        foreach (var slot in Weights)
        {
            var offset = (end + Alignment - 1) / Alignment * Alignment;
            yield return (slot, offset);
            end = offset + ByteLength(slot);
        }
    }

    private static long ByteLength(WeightSlot slot) => slot.Shape.ElementCount * slot.DType.ByteSize();

    private static StringStringEntryProto Entry(string key, string value) => new() { Key = key, Value = value };
}
