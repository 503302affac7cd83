using WanSharp.Graphs.Networks;
using WanSharp.Models.Detection;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Models.Decoders;

/// <summary>
/// A file that stands in for a model's own VAE where a clip asks for it: a tiny autoencoder (TAEHV), a VAE of other widths (LightVAE),
/// or one that makes frames of twice the size. Mapped; nothing is compiled yet.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class DecoderFile : NamedNetworkFile
{
    private DecoderFile(ICheckpoint checkpoint, ICheckpoint network, VaeConfig config, FileDigests digests)
        : base(checkpoint, network, digests) => Config = config;

    /// <summary>Its dimensions, and the statistics of the latents that it takes.</summary>
    public VaeConfig Config { get; }

    /// <summary>All that decides what it computes: the file's content, and the scale that its name may have told.</summary>
    internal string Identity => $"{Digest} {(Config.TakesStandardized ? "standardized" : "raw")}";

    /// <summary>Opens a file for the latents of a model.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="CheckpointException">It is something else, is damaged, or is made for other latents.</exception>
    public static DecoderFile Open(string path, WanModel model)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(model);
        var checkpoint = Checkpoint.Open(path);
        try
        {
            var (network, config) = Read(checkpoint);
            LatentSpace.RequireFit(checkpoint, config, model);
            return new DecoderFile(checkpoint, network, LatentSpace.Of(checkpoint, config, model), model.FileDigests);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    private static (ICheckpoint Network, VaeConfig Config) Read(ICheckpoint checkpoint)
    {
        var reader = new NetworkReader(checkpoint);
        reader.ReadAll();
        return reader switch
        {
            { Problems: [var problem, ..] } => throw problem,
            _ when reader.ConfigOf<TinyVaeShape>() is { } tiny => (NetworkKinds.TinyVae.Names.Find(checkpoint)!, tiny.Network),
            _ when reader.ConfigOf<VaeConfig>() is { } vae => (NetworkKinds.Vae.Names.Find(checkpoint)!, vae),
            _ => throw new CheckpointException(
                checkpoint.Path,
                OtherModels.Refuse(checkpoint) is { } other
                    ? other.Replace($"{checkpoint.Path}: ", "", StringComparison.Ordinal)
                    : "it holds neither a tiny autoencoder (TAEHV) nor a VAE of Wan's: name a file such as taew2_1.safetensors."
            ),
        };
    }
}
