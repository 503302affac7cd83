using WanSharp.Runtime.Weights;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Models;

/// <summary>The file of a network that a clip names in addition to the model, mapped; nothing is compiled yet.</summary>
/// <remarks>Thread-safe.</remarks>
public abstract class NamedNetworkFile : IDisposable
{
    private readonly ICheckpoint _checkpoint;
    private readonly IReadOnlyDictionary<string, FileStamp> _stamps;
    private readonly Lazy<string> _digest;

    /// <param name="checkpoint">The file; disposed with this object.</param>
    /// <param name="network">Its weights under the official names.</param>
    /// <param name="digests">Knows digests of files.</param>
    private protected NamedNetworkFile(ICheckpoint checkpoint, ICheckpoint network, FileDigests digests)
    {
        (_checkpoint, Weights) = (checkpoint, new WeightStore(network));
        _stamps = checkpoint.Files.ToDictionary(file => file, FileStamp.Of);
        _digest = new(() => digests.Of(checkpoint.Files, CancellationToken.None));
    }

    /// <summary>The file.</summary>
    public string Path => _checkpoint.Path;

    /// <summary>The file's name without its folder and ending, by which a clip names it.</summary>
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>SHA-256 of the file, hexadecimal; the first use reads it.</summary>
    public string Digest => _digest.Value;

    internal WeightStore Weights { get; }

    /// <summary>Whether the file is still what it was when it was opened.</summary>
    internal bool IsUnchanged => _stamps.All(known => FileStamp.Of(known.Key) == known.Value);

    /// <summary>Refuses a file that was written to, replaced or removed since it was opened.</summary>
    /// <exception cref="ModelChangedException">It is not what it was.</exception>
    public void RequireUnchanged()
    {
        foreach (var (file, stamp) in _stamps)
        {
            if (FileStamp.Of(file) != stamp)
            {
                throw new ModelChangedException(file);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Weights.Dispose();
        _checkpoint.Dispose();
        GC.SuppressFinalize(this);
    }
}
