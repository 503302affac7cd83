using WanSharp.Tensors;

namespace WanSharp.Models.Names;

/// <summary>Some tensors of a checkpoint under other names.</summary>
internal sealed class RenamedCheckpoint : ICheckpoint
{
    private readonly ICheckpoint _stored;

    /// <param name="stored">The checkpoint; disposed with this one.</param>
    /// <param name="names">The stored name of every tensor, by the name that it gets.</param>
    public RenamedCheckpoint(ICheckpoint stored, IReadOnlyDictionary<string, string> names)
    {
        _stored = stored;
        Tensors = Renamed(names, stored.Tensors);
        Unsupported = Renamed(names, stored.Unsupported);
    }

    /// <inheritdoc/>
    public string Path => _stored.Path;

    /// <inheritdoc/>
    public IReadOnlyList<string> Files => _stored.Files;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Tensors { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Unsupported { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata => _stored.Metadata;

    /// <inheritdoc/>
    public void Dispose() => _stored.Dispose();

    private static Dictionary<string, T> Renamed<T>(IReadOnlyDictionary<string, string> names, IReadOnlyDictionary<string, T> stored) =>
        names.Where(pair => stored.ContainsKey(pair.Value)).ToDictionary(pair => pair.Key, pair => stored[pair.Value]);
}
