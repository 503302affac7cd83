using System.Collections.Concurrent;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Weights;

/// <summary>
/// The weights of a checkpoint in the element types that graphs need: views of the mapped file if it has that type, otherwise a
/// converted copy that is made at first use and kept. A quantized weight's scale is applied on the way.
/// </summary>
/// <remarks>Thread-safe. Owns the checkpoint; tensors from it are valid until it is disposed.</remarks>
/// <param name="checkpoint">The checkpoint; disposed with the store.</param>
public sealed class WeightStore(ICheckpoint checkpoint) : IDisposable
{
    /// <summary>A value of <see cref="ResidentBlocks"/> that keeps all blocks.</summary>
    public const int AllBlocks = int.MaxValue;

    private readonly ConcurrentDictionary<(string Name, DType DType), Lazy<Tensor>> _converted = new();
    private readonly ConcurrentDictionary<string, byte> _looked = new(); // views without holes, and what was converted
    private readonly Lazy<LayerFormats?> _eightBit = new(() => LayersOf(checkpoint));
    private readonly Residency _residency = new();
    private readonly string _made = ""; // what was made of the checkpoint's own weights

    private WeightStore(ICheckpoint checkpoint, WeightStore source, string made, long madeBytes)
        : this(checkpoint)
    {
        _residency = source._residency;
        MadeBytes = madeBytes;
        _made = source._made.Length == 0 ? made : $"{source._made}\n{made}";
    }

    /// <summary>The file that the weights are in.</summary>
    public string Path => checkpoint.Path;

    /// <summary>The checkpoint's files, an index among them. What was made of its weights may be in others, or in memory.</summary>
    public IReadOnlyList<string> Files => checkpoint.Files;

    /// <summary>
    /// The layers that were quantized to 8-bit integers, as ComfyUI's notes say: the others of such a file are not meant to be. Null
    /// where no layer has a note.
    /// </summary>
    public LayerFormats? EightBitLayers => _eightBit.Value;

    /// <summary>Bytes of converted copies held now.</summary>
    public long ConvertedBytes => _converted.Values.Where(copy => copy.IsValueCreated).Sum(copy => copy.Value.ByteLength);

    /// <summary>Bytes of what was made of the checkpoint's weights and is in memory, since no folder keeps it.</summary>
    internal long MadeBytes { get; }

    /// <summary>
    /// How many of a network's blocks stay in memory once they are read, spread evenly; the others are read again in each pass,
    /// while a block before them computes, and let go behind it. May be set between two passes. Default: <see cref="AllBlocks"/>:
    /// the system keeps what it has room for.
    /// </summary>
    public int ResidentBlocks
    {
        get => _residency.Blocks;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _residency.Blocks = value;
        }
    }

    /// <summary>
    /// Whether resident blocks stay in memory while another network computes, as with two experts. Default: true.
    /// </summary>
    internal bool StaysWhenIdle
    {
        get => _residency.StaysWhenIdle;
        set => _residency.StaysWhenIdle = value;
    }

    /// <summary>A weight as a graph needs it.</summary>
    /// <param name="slot">What the graph needs: name, element type, shape.</param>
    /// <param name="prefix">The prefix of the slot's name in the checkpoint, such as <c>blocks.3.</c></param>
    /// <exception cref="CheckpointException">The checkpoint has no such tensor, or one of another shape.</exception>
    public Tensor Get(WeightSlot slot, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(slot);
        var tensor = GetUnread(slot, prefix);
        RefuseZeros([slot], prefix);
        return tensor;
    }

    /// <summary>
    /// A weight as a graph needs it; of a view nothing is read yet, and <see cref="RefuseZeros"/> is to be called before its first use.
    /// </summary>
    /// <inheritdoc cref="Get" path="/exception"/>
    internal Tensor GetUnread(WeightSlot slot, string prefix)
    {
        var name = prefix + slot.Name;
        var parts = Parts(name);
        return IsStoredAs(slot, parts)
            ? Fitted(parts[0].Tensor, slot.Shape, name)
            : _converted.GetOrAdd((name, slot.DType), key => new Lazy<Tensor>(() => Convert(parts, slot, name))).Value;
    }

    /// <summary>Looks through views for parts that were never downloaded, once: this reads all their pages.</summary>
    /// <exception cref="CheckpointException">One has such a part.</exception>
    internal void RefuseZeros(IEnumerable<WeightSlot> slots, string prefix)
    {
        foreach (var slot in slots.Where(slot => !_looked.ContainsKey(prefix + slot.Name)))
        {
            var name = prefix + slot.Name;
            if (Parts(name) is var parts && IsStoredAs(slot, parts))
            {
                ZeroedParts.Refuse(Path, name, parts[0].Tensor);
            }

            _looked.TryAdd(name, default);
        }
    }

    /// <summary>Writes a weight into memory of the slot's element type and shape; no copy is kept.</summary>
    /// <inheritdoc cref="Get" path="/exception"/>
    public void CopyTo(WeightSlot slot, string prefix, Tensor destination)
    {
        ArgumentNullException.ThrowIfNull(slot);
        ArgumentNullException.ThrowIfNull(destination);
        Fill(destination, Parts(prefix + slot.Name), prefix + slot.Name);
    }

    /// <summary>
    /// A weight as the checkpoint has it, looked through for parts that were never downloaded; null where it is in several tensors, or
    /// has a scale.
    /// </summary>
    /// <inheritdoc cref="Get" path="/exception"/>
    internal Tensor? FindStored(WeightSlot slot)
    {
        if (Parts(slot.Name) is not [(var stored, null)])
        {
            return null;
        }

        stored = Fitted(stored, slot.Shape, slot.Name);
        if (stored.DType != DType.F32)
        {
            WeightScale.RequireMeaning(Path, slot.Name, stored, scale: null);
        }

        ZeroedParts.Refuse(Path, slot.Name, stored);
        return stored;
    }

    /// <summary>Whether <see cref="Get"/> would give a view of the checkpoint, not a converted copy.</summary>
    public bool IsView(WeightSlot slot, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(slot);
        return IsStoredAs(slot, Parts(prefix + slot.Name));
    }

    /// <summary>Whether one of a network's blocks stays in memory.</summary>
    /// <param name="block">The block.</param>
    /// <param name="count">How many blocks the network has.</param>
    internal bool Stays(int block, int count)
    {
        var resident = (long)Math.Min(ResidentBlocks, count);
        return (block + 1) * resident / count > block * resident / count; // evenly: what comes in has several blocks' time
    }

    /// <summary>Reads the pages of mapped weights into memory, before they are needed.</summary>
    internal void ReadAhead(IEnumerable<WeightSlot> slots, string prefix)
    {
        foreach (var range in Ranges(slots, prefix))
        {
            range.ReadAhead();
        }
    }

    /// <summary>Reads the pages of a network's first blocks into memory, before they are needed.</summary>
    /// <param name="count">How many blocks.</param>
    internal void ReadAheadBlocks(int count)
    {
        string[] prefixes = [.. Enumerable.Range(0, count).Select(TransformerGraphs.BlockPrefix)];
        foreach (
            var range in MappedRange.Of(
                checkpoint
                    .Tensors.Where(tensor => prefixes.Any(prefix => tensor.Key.StartsWith(prefix, StringComparison.Ordinal)))
                    .Select(tensor => tensor.Value)
            )
        )
        {
            range.ReadAhead();
        }
    }

    /// <summary>Releases the pages of mapped weights; they are read again when they are accessed.</summary>
    internal void Forget(IEnumerable<WeightSlot> slots, string prefix)
    {
        foreach (var range in Ranges(slots, prefix))
        {
            range.Forget();
        }
    }

    /// <summary>
    /// Releases all pages of the checkpoint; the next access reads them from disk. Does nothing on systems without such a call.
    /// </summary>
    public void ForgetAll()
    {
        foreach (var range in MappedRange.Of(checkpoint.Tensors.Values))
        {
            range.Forget();
        }
    }

    /// <summary>Bytes of all tensors, by the name of the type in which the checkpoint has them, according to its header.</summary>
    public IReadOnlyDictionary<string, long> BytesByType() =>
        checkpoint
            .Tensors.Values.GroupBy(tensor => tensor.DType)
            .ToDictionary(group => group.Key.Name(), group => group.Sum(tensor => tensor.ByteLength));

    /// <summary>The tensors that a weight is made of, as they are in the checkpoint: their data is not touched.</summary>
    /// <inheritdoc cref="Get" path="/exception"/>
    public IReadOnlyList<Tensor> StoredAs(WeightSlot slot, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(slot);
        return [.. Parts(prefix + slot.Name).Select(part => part.Tensor)];
    }

    /// <summary>All weights of a graph, by name.</summary>
    /// <exception cref="CheckpointException">The checkpoint lacks one, or has it in another shape.</exception>
    public IReadOnlyDictionary<string, Tensor> For(OnnxGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return graph.Weights.ToDictionary(slot => slot.Name, slot => Get(slot));
    }

    /// <summary>All tensors as they are in the checkpoint, under the network's names: scales and notes, too.</summary>
    internal IReadOnlyDictionary<string, Tensor> Stored => checkpoint.Tensors;

    /// <summary>What the checkpoint says about itself.</summary>
    internal IReadOnlyDictionary<string, string> Metadata => checkpoint.Metadata;

    /// <summary>A tensor as it is in the checkpoint.</summary>
    /// <exception cref="CheckpointException">The checkpoint has no such tensor.</exception>
    public Tensor GetStored(string name) => checkpoint.Get(name);

    /// <summary>What the elements of a stored tensor are to be multiplied by, or null.</summary>
    /// <exception cref="CheckpointException">The scale is of a kind that is not supported.</exception>
    internal WeightScale? ScaleOf(string name) => WeightScale.Find(checkpoint, name);

    /// <summary>
    /// What tells these weights from all others, wherever they are: the digest of the checkpoint's files, and what was made of them.
    /// Keys of what is kept are made of it, never of the files alone, of which one may be without.
    /// </summary>
    /// <param name="digests">Reads the checkpoint's files, or knows them.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    internal string Digest(FileDigests digests, CancellationToken cancellationToken) => Made(digests.Of(Files, cancellationToken));

    /// <summary>The same, if that reads no large file; null otherwise.</summary>
    /// <param name="digests">Knows the checkpoint's files.</param>
    internal string? FindDigest(FileDigests digests) => digests.Find(Files) is { } stored ? Made(stored) : null;

    /// <summary>
    /// A new store with the prepared weights added; it shares this store's residency. Dispose it before this one.
    /// </summary>
    /// <param name="prepared">The weights.</param>
    /// <param name="made">What tells them from others made of the same.</param>
    internal WeightStore With(PreparedTensors prepared, string made) =>
        new(new PreparedCheckpoint(checkpoint, prepared), this, made, prepared.MemoryBytes);

    /// <summary>These weights with some of them replaced; shares this store's residency.</summary>
    /// <inheritdoc cref="With" path="/param"/>
    internal WeightStore WithMerged(PreparedTensors prepared, string made) =>
        new(new MergedCheckpoint(checkpoint, prepared), this, made, prepared.MemoryBytes);

    /// <summary>Frees the copies and closes the checkpoint.</summary>
    public void Dispose()
    {
        foreach (var copy in _converted.Values.Where(copy => copy.IsValueCreated))
        {
            copy.Value.Dispose();
        }

        checkpoint.Dispose();
    }

    private string Made(string stored) => _made.Length == 0 ? stored : Digests.OfText($"{stored}\n{_made}");

    private IEnumerable<MappedRange> Ranges(IEnumerable<WeightSlot> slots, string prefix) =>
        MappedRange.Of(slots.SelectMany(slot => StoredParts.Of(checkpoint, prefix + slot.Name)).Select(checkpoint.Get));

    private List<(Tensor Tensor, WeightScale? Scale)> Parts(string name) =>
        [.. StoredParts.Of(checkpoint, name).Select(part => (checkpoint.Get(part), ScaleOf(part)))];

    private static LayerFormats? LayersOf(ICheckpoint checkpoint)
    {
        var layers = new Dictionary<string, LayerFormat>();
        foreach (var note in checkpoint.Tensors.Keys.Where(name => name.EndsWith(QuantizationNote.Suffix, StringComparison.Ordinal)))
        {
            var layer = note[..^QuantizationNote.Suffix.Length];
            if (QuantizationNote.Find(checkpoint, layer + WeightScale.WeightSuffix) is { Layer: { IsEightBit: true } format })
            {
                layers.Add(layer, format);
            }
        }

        return layers.Count > 0 ? new LayerFormats(layers) : null;
    }

    private static bool IsStoredAs(WeightSlot slot, List<(Tensor Tensor, WeightScale? Scale)> parts) =>
        parts is [(var tensor, null)] && tensor.DType == slot.DType;

    private Tensor Convert(List<(Tensor Tensor, WeightScale? Scale)> parts, WeightSlot slot, string name)
    {
        var result = Tensor.Zeros(slot.DType, slot.Shape);
        try
        {
            Fill(result, parts, name);
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    private void Fill(Tensor destination, List<(Tensor Tensor, WeightScale? Scale)> parts, string name)
    {
        var rows = destination.Shape.Rank == 0 ? 1 : destination.Shape[0] / parts.Count;
        for (var i = 0; i < parts.Count; i++)
        {
            var (tensor, scale) = parts[i];
            var target = parts.Count == 1 ? destination : destination.Slice(i * rows, rows);
            tensor = Fitted(tensor, target.Shape, name);
            if (tensor.DType != target.DType)
            {
                WeightScale.RequireMeaning(Path, name, tensor, scale);
            }

            ZeroedParts.Refuse(Path, name, tensor);
            if (scale is null)
            {
                tensor.ConvertTo(target);
            }
            else
            {
                scale.Widen(tensor, target);
            }
        }
    }

    /// <summary>The tensor under the dimensions that the network needs; tools differ in those of length 1.</summary>
    private Tensor Fitted(Tensor tensor, Shape wanted, string name) =>
        tensor.Shape == wanted ? tensor
        : StoredParts.Fits(tensor.Shape, wanted) ? tensor.Reshape(wanted)
        : throw StoredParts.Misfit(Path, name, tensor.Shape, wanted);

    /// <summary>How many blocks stay: one for the weights and for what was made from them.</summary>
    private sealed class Residency
    {
        private int _blocks = AllBlocks;
        private volatile bool _staysWhenIdle = true;

        public int Blocks
        {
            get => Volatile.Read(ref _blocks);
            set => Volatile.Write(ref _blocks, value);
        }

        public bool StaysWhenIdle
        {
            get => _staysWhenIdle;
            set => _staysWhenIdle = value;
        }
    }
}
