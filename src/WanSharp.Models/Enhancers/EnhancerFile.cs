using WanSharp.Graphs.Networks;
using WanSharp.Models.Detection;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Models.Enhancers;

/// <summary>A network that makes more of finished frames: larger ones, or others between them. Mapped; nothing is compiled yet.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class EnhancerFile : NamedNetworkFile
{
    private EnhancerFile(ICheckpoint checkpoint, ICheckpoint network, FileDigests digests)
        : base(checkpoint, network, digests) { }

    /// <summary>Its dimensions if it enlarges frames; otherwise null.</summary>
    public UpscalerConfig? Upscaler { get; private init; }

    /// <summary>Its dimensions if it makes frames between frames; otherwise null.</summary>
    public InterpolatorConfig? Interpolator { get; private init; }

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
            _ when reader.ConfigOf<SpanShape>() is { } span => new(
                checkpoint,
                new SpanWeights(NetworkKinds.Span.Names.Find(checkpoint)!),
                digests
            )
            {
                Upscaler = span.Network,
            },
            _ when reader.ConfigOf<InterpolatorConfig>() is { } rife => new(checkpoint, NetworkKinds.Rife.Names.Find(checkpoint)!, digests)
            {
                Interpolator = rife,
            },
            _ => throw new CheckpointException(
                checkpoint.Path,
                OtherModels.Refuse(checkpoint) is { } other
                    ? other.Replace($"{checkpoint.Path}: ", "", StringComparison.Ordinal)
                    : "it holds no network that enlarges frames (RRDBNet, SRVGGNetCompact, SPAN) or makes more of them (RIFE): name a "
                        + "file such as realesr-animevideov3.pth or rife47.pth."
            ),
        };
    }
}
