using WanSharp.Runtime.Adapters;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>
/// A prompt, and the images given with it, as one transformer attends to them: the keys and values of each block. They are the same
/// in every step, so they are computed once per request (<see cref="TransformerRunner.PrepareContext"/>).
/// </summary>
/// <remarks>Thread-safe. Dispose it when no forward pass needs it any more, before or after its transformer.</remarks>
public sealed class TextKeys : IDisposable
{
    private readonly ContextEncoder _owner;
    private readonly List<Tensor> _embeddings;
    private readonly List<Tensor[]> _blocks = [];
    private int _disposed;

    internal TextKeys(ContextEncoder owner, List<Tensor> embeddings, AdapterUse? adapter) =>
        (_owner, _embeddings, Adapter) = (owner, embeddings, adapter);

    /// <summary>The LoRAs that they were made with, and with which a forward pass runs their sample; null for none.</summary>
    public AdapterUse? Adapter { get; }

    /// <summary>The rows of text that differ: the prompt's, and one that stands for the padding if there is any.</summary>
    public long Rows => _embeddings[0].Shape[1];

    /// <summary>How many bytes of keys and values are kept.</summary>
    public long ByteLength => _blocks.Sum(block => block.Sum(part => part.ByteLength));

    /// <summary>The embeddings of the text, and of the images where there are some: <c>[1, rows, dim]</c> each.</summary>
    internal IReadOnlyList<Tensor> Embeddings => _embeddings;

    /// <summary>A block's keys and values, <c>[1, rows, dim]</c> each; null where they are not kept.</summary>
    internal Tensor[]? Find(int block) => block < _blocks.Count ? _blocks[block] : null;

    internal void Keep(Tensor[] block) => _blocks.Add(block);

    /// <exception cref="ArgumentException">They were made for another transformer.</exception>
    /// <exception cref="ObjectDisposedException">They are disposed.</exception>
    internal void RequireFor(ContextEncoder owner)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (_owner != owner)
        {
            throw new ArgumentException(
                "The keys and values were made for another transformer: prepare the context with the one that runs."
            );
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _owner.GiveBack(ByteLength);
        foreach (var tensor in _embeddings.Concat(_blocks.SelectMany(block => block)))
        {
            tensor.Dispose();
        }
    }
}
