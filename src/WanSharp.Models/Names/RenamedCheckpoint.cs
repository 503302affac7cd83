using WanSharp.Tensors;

namespace WanSharp.Models.Names;

/// <summary>The tensors of a network in a checkpoint, under official names.</summary>
internal sealed class RenamedCheckpoint : ICheckpoint
{
    private readonly ICheckpoint _checkpoint;

    /// <param name="stored">The checkpoint; disposed with this one.</param>
    /// <param name="names">The stored name of every tensor, by the name that it gets.</param>
    public RenamedCheckpoint(ICheckpoint stored, IReadOnlyDictionary<string, string> names)
        : this(
            stored,
            names.Where(pair => stored.Tensors.ContainsKey(pair.Value)).ToDictionary(pair => pair.Key, pair => stored.Tensors[pair.Value]),
            names,
            "",
            [],
            []
        ) { }

    /// <param name="stored">The checkpoint; disposed with this one.</param>
    /// <param name="tensors">Its tensors of the network, and others that stand for notes.</param>
    /// <param name="names">The stored name of every tensor, by the name that it gets.</param>
    /// <param name="prefix">What stands before all of them.</param>
    /// <param name="others">What stands before the names of other networks of this kind, which are not used.</param>
    /// <param name="tied">Stored names of tensors that are others once more.</param>
    public RenamedCheckpoint(
        ICheckpoint stored,
        IReadOnlyDictionary<string, Tensor> tensors,
        IReadOnlyDictionary<string, string> names,
        string prefix,
        IReadOnlyList<string> others,
        IReadOnlyList<string> tied
    )
    {
        (_checkpoint, Tensors, StoredNames, Prefix, Others, Tied) = (stored, tensors, names, prefix, others, tied);
        Unsupported = names
            .Where(pair => stored.Unsupported.ContainsKey(pair.Value))
            .ToDictionary(pair => pair.Key, pair => stored.Unsupported[pair.Value]);
    }

    /// <inheritdoc/>
    public string Path => _checkpoint.Path;

    /// <inheritdoc/>
    public IReadOnlyList<string> Files => _checkpoint.Files;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Tensors { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Unsupported { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata => _checkpoint.Metadata;

    /// <summary>The stored name of every tensor.</summary>
    public IReadOnlyDictionary<string, string> StoredNames { get; }

    /// <summary>What stands before all stored names.</summary>
    public string Prefix { get; }

    /// <summary>What stands before the names of other networks of this kind, which are not used.</summary>
    public IReadOnlyList<string> Others { get; }

    /// <summary>The layers of the header's notes, as they are called there, that are in this network.</summary>
    public IReadOnlySet<string> Noted { get; init; } = new HashSet<string>();

    /// <summary>The stored names of all tensors of the checkpoint, of other networks, too.</summary>
    public IEnumerable<string> AllNames => _checkpoint.Tensors.Keys.Concat(_checkpoint.Unsupported.Keys);

    /// <summary>Stored names of tensors that are others once more.</summary>
    public IReadOnlyList<string> Tied { get; }

    /// <inheritdoc/>
    public void Dispose() => _checkpoint.Dispose();
}
