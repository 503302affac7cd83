using WanSharp.Graphs.Networks;
using WanSharp.Models.Detection;
using WanSharp.Runtime.Weights;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Models.Enhancers;

/// <summary>A network that makes more of finished frames: larger ones, or others between them. Mapped; nothing is compiled yet.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class EnhancerFile : IDisposable
{
    private readonly ICheckpoint _checkpoint;
    private readonly IReadOnlyDictionary<string, FileStamp> _stamps;
    private readonly Lazy<string> _digest;

    private EnhancerFile(ICheckpoint checkpoint, ICheckpoint network, FileDigests digests)
    {
        (_checkpoint, Weights) = (checkpoint, new WeightStore(network));
        _stamps = checkpoint.Files.ToDictionary(file => file, FileStamp.Of);
        _digest = new(() => digests.Of(checkpoint.Files, CancellationToken.None));
    }

    /// <summary>The file.</summary>
    public string Path => _checkpoint.Path;

    /// <summary>The file's name without its folder and ending, by which a clip names it.</summary>
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>Its dimensions if it enlarges frames; otherwise null.</summary>
    public UpscalerConfig? Upscaler { get; private init; }

    /// <summary>Its dimensions if it makes frames between frames; otherwise null.</summary>
    public InterpolatorConfig? Interpolator { get; private init; }

    /// <summary>SHA-256 of the file, hexadecimal; the first use reads it.</summary>
    public string Digest => _digest.Value;

    internal WeightStore Weights { get; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="digests">Knows digests of files.</param>
    /// <exception cref="CheckpointException">It is something else, or damaged.</exception>
    public static EnhancerFile Open(string path, FileDigests digests)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(digests);
        var checkpoint = Checkpoint.Open(path);
        try
        {
            return Read(checkpoint, digests);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

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

    /// <summary>Whether the file is still what it was when it was opened.</summary>
    internal bool IsUnchanged => _stamps.All(known => FileStamp.Of(known.Key) == known.Value);

    /// <inheritdoc/>
    public void Dispose()
    {
        Weights.Dispose();
        _checkpoint.Dispose();
    }

    private static EnhancerFile Read(ICheckpoint checkpoint, FileDigests digests)
    {
        var reader = new NetworkReader(checkpoint);
        reader.ReadAll();
        return reader switch
        {
            { Problems: [var problem, ..] } => throw problem,
            _ when reader.ConfigOf<RrdbShape>() is { } rrdb => new(checkpoint, NetworkKinds.Rrdb.Names.Find(checkpoint)!, digests)
            {
                Upscaler = rrdb.Network,
            },
            _ when reader.ConfigOf<CompactShape>() is { } compact => new(checkpoint, NetworkKinds.Compact.Names.Find(checkpoint)!, digests)
            {
                Upscaler = compact.Network,
            },
            _ when reader.ConfigOf<InterpolatorConfig>() is { } rife => new(checkpoint, NetworkKinds.Rife.Names.Find(checkpoint)!, digests)
            {
                Interpolator = rife,
            },
            _ => throw new CheckpointException(
                checkpoint.Path,
                OtherModels.Refuse(checkpoint) is { } other
                    ? other.Replace($"{checkpoint.Path}: ", "", StringComparison.Ordinal)
                    : "it holds no network that enlarges frames (RRDBNet, SRVGGNetCompact) or makes more of them (RIFE): name a "
                        + "file such as realesr-animevideov3.pth or rife47.pth."
            ),
        };
    }
}
