using WanSharp.Graphs.Networks;
using WanSharp.Models.Detection;
using WanSharp.Models.Layout;
using WanSharp.Models.Loras;
using WanSharp.Models.Text;
using WanSharp.Runtime.Weights;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Models;

/// <summary>A model on disk: its networks' dimensions, its weights mapped, its tokenizer. Nothing is compiled yet.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class WanModel : IDisposable
{
    private readonly Lock _digesting = new();
    private readonly FileDigests _digests;
    private readonly IReadOnlyList<string> _files;
    private readonly IReadOnlyDictionary<string, FileStamp> _stamps;
    private readonly Stack<IDisposable> _mapped = [];

    private string? _digest;

    private WanModel(ModelParts parts, string? cacheFolder, LoraPlaces loras)
    {
        _digests = new FileDigests(cacheFolder is null ? null : Path.Combine(cacheFolder, "digests"));
        NetworkFit.Require(parts);
        (Source, Folder, Name, Defaults) = (parts.Source, parts.Folder, parts.Name, parts.Defaults);
        (Transformer, TextEncoder, Vae, VisionEncoder) = (
            parts.Transformer,
            parts.TextEncoder,
            parts.Vae,
            parts.VisionEncoder?.Configuration
        );
        LatentColors = parts.Colors ?? LatentColors.Published(parts.Vae);
        Parts = parts.Taken;
        string[] near = [Folder, Path.GetDirectoryName(Path.GetFullPath(parts.TransformerPath))!];
        Loras = new LoraLibrary(near, Name, Transformer, _digests, loras, () => near.SelectMany(PartPlaces.LorasAround));
        TokenizerPath = parts.TokenizerPath;
        Tokenizer = TokenizerSource.Load(TokenizerPath);
        NetworkFit.Require(parts.Source, Tokenizer, TextEncoder);
        try
        {
            TransformerWeights = Open(NetworkKinds.Transformer, Transformer, parts.TransformerPath, parts.IsDescribed);
            TextEncoderWeights = Open(NetworkKinds.TextEncoder, TextEncoder, parts.TextEncoderPath, parts.IsDescribed);
            VaeWeights = Open(NetworkKinds.Vae, Vae, parts.VaePath, parts.IsDescribed);
            HighNoiseWeights = parts.HighNoisePath is { } highNoise
                ? Open(NetworkKinds.Transformer, Transformer, highNoise, parts.IsDescribed)
                : null;
            VisionEncoderWeights = parts.VisionEncoder is { } vision
                ? Open(NetworkKinds.VisionEncoder, vision.Configuration, vision.Path, parts.IsDescribed)
                : null;
            Identity = new ModelIdentity(this, _digests);
            _files = [.. Files(parts.IsDescribed ? [parts.Source] : [])];
            _stamps = _files.ToDictionary(file => file, FileStamp.Of);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The file or folder that describes the model, for messages.</summary>
    public string Source { get; }

    /// <summary>The path of the model.</summary>
    public string Folder { get; }

    /// <summary>The files that it is made of.</summary>
    public TakenParts Parts { get; }

    /// <summary>The model's name.</summary>
    public string Name { get; }

    /// <summary>
    /// SHA-256 over the model's files, hexadecimal. The first use reads the files, or a note of their digests; see
    /// <see cref="ReadDigest"/>.
    /// </summary>
    public string Digest => ReadDigest();

    /// <summary>The settings that it was made for.</summary>
    public ModelDefaults Defaults { get; }

    /// <summary>The transformer's dimensions.</summary>
    public TransformerConfig Transformer { get; }

    /// <summary>The text encoder's dimensions.</summary>
    public Umt5Config TextEncoder { get; }

    /// <summary>The VAE's dimensions.</summary>
    public VaeConfig Vae { get; }

    /// <summary>The LoRAs that are with the model, and what LoRAs do to it.</summary>
    public LoraLibrary Loras { get; }

    /// <summary>The model's tokenizer.</summary>
    public SentencePieceTokenizer Tokenizer { get; }

    /// <summary>
    /// The dimensions of CLIP's image encoder, for models that see images through it (Wan 2.1's i2v and flf2v); otherwise null.
    /// </summary>
    public VisionEncoderConfig? VisionEncoder { get; }

    /// <summary>Whether images can be given for frames; which frames depends on the kind of model.</summary>
    public bool TakesImages => Transformer.ModelType != ModelType.TextToVideo || TakesControl;

    /// <summary>Whether clips can follow a control video (VACE, Fun Control).</summary>
    public bool TakesControl => Transformer.ControlBlocks > 0 || Transformer.JoinsControl;

    /// <summary>
    /// Whether there are two transformers, one for the steps of high noise and one for the rest (Wan 2.2's A14B).
    /// </summary>
    public bool HasExperts => HighNoiseWeights is not null;

    /// <summary>The number that a clip's width must be a multiple of.</summary>
    public int PixelStrideX => Vae.SpatialStride * Transformer.PatchSize.Width;

    /// <summary>The number that a clip's height must be a multiple of.</summary>
    public int PixelStrideY => Vae.SpatialStride * Transformer.PatchSize.Height;

    /// <summary>Bytes of each network's weights on disk, by the name of their type.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, long>> WeightTypes
    {
        get
        {
            (string Name, WeightStore? Weights)[] networks =
            [
                (HasExperts ? "low-noise transformer" : "transformer", TransformerWeights),
                ("high-noise transformer", HighNoiseWeights),
                ("text encoder", TextEncoderWeights),
                ("CLIP", VisionEncoderWeights),
                ("VAE", VaeWeights),
            ];
            return networks
                .Where(network => network.Weights is not null)
                .ToDictionary(network => network.Name, network => network.Weights!.BytesByType());
        }
    }

    /// <summary>The only transformer's, or the low-noise expert's.</summary>
    internal WeightStore TransformerWeights { get; }

    internal WeightStore? HighNoiseWeights { get; }

    internal WeightStore? VisionEncoderWeights { get; }

    internal WeightStore TextEncoderWeights { get; }

    internal WeightStore VaeWeights { get; }

    /// <summary>The colours of its latents, for previews; null where nothing is known.</summary>
    internal LatentColors? LatentColors { get; }

    internal string TokenizerPath { get; }

    /// <summary>Digests of files, noted where those of the model are.</summary>
    internal FileDigests FileDigests => _digests;

    /// <summary>What decides its results, part by part: keys of caches are made of it.</summary>
    internal ModelIdentity Identity { get; }

    /// <summary>
    /// Opens a model: a folder of ours with a <c>config.json</c>, an official or Diffusers folder, a ComfyUI <c>models</c> folder
    /// with one Wan transformer, or a transformer's file, whose other parts are found around it.
    /// </summary>
    /// <param name="path">The folder or file; <see cref="ModelLocator"/> finds one by name.</param>
    /// <param name="cacheFolder">Where digests of large files are noted, so that they are computed only once. Default:
    /// nowhere.</param>
    /// <param name="named">The parts that were named by hand. Default: none, they are found around the transformer.</param>
    /// <param name="loras">Where LoRAs are looked for after the model's own folders. Default: nowhere.</param>
    /// <exception cref="CheckpointException">A part is missing, ambiguous, not supported, or not what the description
    /// says.</exception>
    public static WanModel Open(string path, string? cacheFolder = null, NamedParts? named = null, LoraPlaces? loras = null) =>
        new(new ModelFinder().FindParts(path, named), cacheFolder, loras ?? LoraPlaces.None);

    /// <summary>
    /// Computes <see cref="Digest"/> unless it is known. The first time takes minutes for the largest models; a cache folder keeps
    /// it for later.
    /// </summary>
    /// <param name="progress">Receives the share that is read, 0 to 1, from any thread.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public string ReadDigest(IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        lock (_digesting)
        {
            if (_digest is null)
            {
                var (total, read) = ((double)FileFacts.Length(_files), 0L);
                var digests = _digests.OfEach(
                    _files,
                    bytes => progress?.Report(Interlocked.Add(ref read, bytes) / total),
                    cancellationToken
                );
                _digest = Digests.OfDigests(digests);
            }

            return _digest;
        }
    }

    /// <summary>Refuses the model if one of its files was written to, replaced or removed since it was opened.</summary>
    /// <remarks>
    /// Costs a few calls to the file system. It does not notice a file that is written to later, or within one tick of the file
    /// system's clock.
    /// </remarks>
    /// <exception cref="ModelChangedException">A file has changed.</exception>
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

    /// <summary>Unmaps the weights.</summary>
    public void Dispose()
    {
        while (_mapped.TryPop(out var weights))
        {
            weights.Dispose();
        }

        Loras.Dispose();
    }

    /// <summary>A network's weights under official names, whatever tool wrote them.</summary>
    private WeightStore Open<T>(NetworkKind<T> kind, T configuration, string path, bool isDescribed)
        where T : class
    {
        var checkpoint = Checkpoint.Open(path);
        _mapped.Push(checkpoint);
        var network = isDescribed ? NetworkReader.Require(checkpoint, kind, configuration) : null;
        if (network is null)
        {
            // What was found was read then; what was described and has other names fails with the one that is missing.
            network = kind.Names.Find(checkpoint) ?? checkpoint;
            NetworkCheck.Require(network, kind.Slots(configuration));
        }

        var weights = new WeightStore(network);
        _mapped.Push(weights);
        return weights;
    }

    /// <summary>
    /// The files that decide what the model computes, each once, and in the same order whichever of them was named.
    /// </summary>
    private IEnumerable<string> Files(IEnumerable<string> source)
    {
        WeightStore?[] stores = [TransformerWeights, TextEncoderWeights, VaeWeights, HighNoiseWeights, VisionEncoderWeights];
        var weights = stores.OfType<WeightStore>().SelectMany(store => store.Files);
        var described = TransformerWeights.Files.Concat(HighNoiseWeights?.Files ?? []).Concat(VaeWeights.Files); // it decides these
        var descriptions = described.Select(ModelDescription.FileNextTo).Distinct();
        return source.Concat(descriptions).Where(File.Exists).Concat(weights).Append(TokenizerPath).Select(Path.GetFullPath).Distinct();
    }
}
