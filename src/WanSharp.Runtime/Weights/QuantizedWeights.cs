using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Weights;

/// <summary>
/// The 8-bit form of a network's weights: made once from whatever the checkpoint has, kept in a folder as safetensors, a
/// block an entry, and mapped from there on. An interrupted run keeps the blocks that were done.
/// </summary>
/// <param name="weights">The network's weights.</param>
/// <param name="wanted">Those wanted in 8 bits, under their full names.</param>
internal sealed class QuantizedWeights(WeightStore weights, IReadOnlyList<QuantizedWeight> wanted)
{
    private const int FormatVersion = 2;

    private static readonly string Kind = $"int8 {FormatVersion} of {Int8Codes.Largest}";

    // Networks up to here are read whole before they are trusted; more would cost seconds at every start.
    private const long VerifiedBytes = 64L << 20;

    private readonly IReadOnlyList<IGrouping<string, QuantizedWeight>> _blocks =
    [
        .. wanted.GroupBy(weight => string.Join('.', weight.Source.Name.Split('.').Take(2))),
    ];
    private readonly bool _isSmall = wanted.Sum(weight => weight.Codes.Shape.ElementCount) <= VerifiedBytes;

    /// <summary>Those of a transformer.</summary>
    /// <param name="weights">Its weights.</param>
    /// <param name="configuration">Its dimensions.</param>
    /// <param name="quantization">What its layers multiply.</param>
    /// <param name="formats">Which of them do; a form for each of several choices. Default: as the checkpoint says, or else all.</param>
    public static QuantizedWeights Of(
        WeightStore weights,
        TransformerConfig configuration,
        Quantization quantization,
        IEnumerable<LayerFormats>? formats = null
    )
    {
        LayerFormats?[] choices = formats is null ? [weights.EightBitLayers] : [.. formats];
        return new QuantizedWeights(
            weights,
            [
                .. choices
                    .Select(layers => new GraphOptions { Quantization = quantization, Layers = layers })
                    .SelectMany(options => QuantizedWeight.Among(new TransformerGraphs(configuration, options).BlockWeights))
                    .DistinctBy(weight => weight.Codes.Name),
            ]
        );
    }

    /// <summary>The weights with their 8-bit forms in addition to them; to be disposed before the weights are.</summary>
    /// <param name="folder">Where the 8-bit forms are kept; null keeps them in memory.</param>
    /// <param name="prepared">Receives how many of the blocks that have to be made are done, and how many there are.</param>
    /// <param name="cancellationToken">Stops the making; blocks that are done stay.</param>
    /// <exception cref="CheckpointException">A weight is missing, of another shape, or not finite.</exception>
    public async Task<WeightStore> OpenAsync(string? folder, Action<int, int>? prepared, CancellationToken cancellationToken)
    {
        if (folder is null)
        {
            return weights.With(Make(wanted, cancellationToken), Form(wanted));
        }

        using var store = Open(folder);
        var entries = new PreparedEntries(store, verifies: _isSmall);
        var source = weights.Digest(DigestsIn(folder), cancellationToken);
        var missing = _blocks.Count(block => !store.Contains(KeyOf(source, block)));
        var (done, parts) = (0, new List<PreparedTensors>());
        try
        {
            foreach (var block in _blocks)
            {
                var (part, isNew) = await entries
                    .OpenAsync(KeyOf(source, block), () => Make(block, cancellationToken), cancellationToken)
                    .ConfigureAwait(false);
                parts.Add(part);
                if (isNew)
                {
                    prepared?.Invoke(++done, Math.Max(done, missing)); // more than were missing, if an entry was damaged
                }
            }
        }
        catch
        {
            parts.ForEach(part => part.Dispose());
            throw;
        }

        return weights.With(PreparedTensors.Join(parts), Form(wanted));
    }

    /// <summary>The same, of what a folder has; null if a block is missing. Makes nothing, and waits for nothing.</summary>
    /// <param name="folder">Where the 8-bit forms are kept.</param>
    public WeightStore? TryOpen(string folder)
    {
        using var store = Open(folder);
        if (weights.FindDigest(DigestsIn(folder)) is not { } source)
        {
            return null;
        }

        var (entries, parts) = (new PreparedEntries(store, verifies: _isSmall), new List<PreparedTensors>());
        foreach (var block in _blocks)
        {
            if (entries.TryMap(KeyOf(source, block), CancellationToken.None) is not { } part)
            {
                parts.ForEach(other => other.Dispose());
                return null;
            }

            parts.Add(part);
        }

        return weights.With(PreparedTensors.Join(parts), Form(wanted));
    }

    /// <summary>Whether a folder may have anything of a checkpoint.</summary>
    public static bool IsAny(WeightStore weights, string folder) => weights.FindDigest(DigestsIn(folder)) is not null;

    /// <summary>What of it a folder has; reads no weights.</summary>
    public PreparedBlocks Find(string folder)
    {
        using var store = Open(folder);
        long?[] sizes = weights.FindDigest(DigestsIn(folder)) is { } source
            ? [.. _blocks.Select(block => store.SizeOf(KeyOf(source, block)))]
            : [];
        return new PreparedBlocks(sizes.Count(size => size is not null), _blocks.Count, sizes.Sum() ?? 0);
    }

    private static ContentStore Open(string folder) => new(folder, CacheRoot.OptionsOf(CacheSections.Weights));

    private static FileDigests DigestsIn(string folder) => new(Path.Combine(folder, "digests"));

    private PreparedTensors Make(IEnumerable<QuantizedWeight> some, CancellationToken cancellationToken)
    {
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        try
        {
            foreach (var weight in some)
            {
                Make(weight, Add(weight.Codes), Add(weight.Scales), cancellationToken);
            }

            return new PreparedTensors(tensors, [.. tensors.Values]);
        }
        catch
        {
            foreach (var tensor in tensors.Values)
            {
                tensor.Dispose();
            }

            throw;
        }

        Tensor Add(WeightSlot slot) => tensors[slot.Name] = Tensor.Zeros(slot.DType, slot.Shape);
    }

    private void Make(QuantizedWeight weight, Tensor codes, Tensor scales, CancellationToken cancellationToken)
    {
        var isView = weight.Group == 0 && weights.IsView(weight.Source); // what is rotated is a copy
        var matrix = isView ? weights.Get(weight.Source) : Tensor.Zeros(DType.F32, weight.Source.Shape);
        try
        {
            if (!isView)
            {
                weights.CopyTo(weight.Source, "", matrix);
                Int8Codes.Rotate(matrix, weight.Group, cancellationToken);
            }

            if (!Int8Codes.TryWrite(matrix, codes, scales, cancellationToken))
            {
                throw new CheckpointException(weights.Path, weight.Source.Name, "a weight is not finite; the file is damaged.");
            }
        }
        finally
        {
            if (!isView)
            {
                matrix.Dispose();
            }
        }
    }

    private static string KeyOf(string source, IEnumerable<QuantizedWeight> block) =>
        Digests.OfText($"{Kind}\nweights {source}\n{Codes(block)}");

    /// <summary>What tells weights in this form from others of the same checkpoint.</summary>
    private static string Form(IEnumerable<QuantizedWeight> all) => $"{Kind}\n{Codes(all)}";

    private static string Codes(IEnumerable<QuantizedWeight> some) => string.Join('\n', some.Select(weight => weight.Codes));
}
