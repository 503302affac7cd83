using System.Collections.Concurrent;
using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Weights;

/// <summary>
/// The weights of a checkpoint in the element types that graphs ask for: views of the map where the checkpoint has that
/// type, else a converted copy that is made at first use and kept.
/// </summary>
/// <remarks>Thread-safe. Owns the checkpoint; tensors that it gave end with it.</remarks>
/// <param name="checkpoint">The checkpoint; disposed with the store.</param>
public sealed class WeightStore(ICheckpoint checkpoint) : IDisposable
{
    private readonly ConcurrentDictionary<(string Name, DType DType), Lazy<Tensor>> _converted = new();

    /// <summary>The file that the weights are in.</summary>
    public string Path => checkpoint.Path;

    /// <summary>The files that the weights are in, an index among them.</summary>
    public IReadOnlyList<string> Files => checkpoint.Files;

    /// <summary>Bytes of converted copies held now.</summary>
    public long ConvertedBytes => _converted.Values.Where(copy => copy.IsValueCreated).Sum(copy => copy.Value.ByteLength);

    /// <summary>A weight as a graph wants it.</summary>
    /// <param name="slot">The graph's wish: name, element type, shape.</param>
    /// <param name="prefix">What stands before the slot's name in the checkpoint, such as <c>blocks.3.</c></param>
    /// <exception cref="CheckpointException">The checkpoint has no such tensor, or one of another shape.</exception>
    public Tensor Get(WeightSlot slot, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(slot);
        var name = prefix + slot.Name;
        var tensor = checkpoint.Get(name);
        if (tensor.Shape != slot.Shape)
        {
            throw new CheckpointException(Path, name, $"its shape is {tensor.Shape}, but the network needs {slot.Shape}; is the configuration another model's?");
        }

        return tensor.DType == slot.DType
            ? tensor
            : _converted.GetOrAdd((name, slot.DType), key => new Lazy<Tensor>(() => tensor.ConvertTo(key.DType))).Value;
    }

    /// <summary>All weights of a graph, by name.</summary>
    /// <exception cref="CheckpointException">The checkpoint lacks one, or has it in another shape.</exception>
    public IReadOnlyDictionary<string, Tensor> For(OnnxGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return graph.Weights.ToDictionary(slot => slot.Name, slot => Get(slot));
    }

    /// <summary>A tensor as it is in the checkpoint.</summary>
    /// <exception cref="CheckpointException">The checkpoint has no such tensor.</exception>
    public Tensor GetStored(string name) => checkpoint.Get(name);

    /// <summary>Frees the copies and closes the checkpoint.</summary>
    public void Dispose()
    {
        foreach (var copy in _converted.Values.Where(copy => copy.IsValueCreated))
        {
            copy.Value.Dispose();
        }

        checkpoint.Dispose();
    }
}
