using System.Security.Cryptography;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Text;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Engine.Models;

/// <summary>A model on disk: its networks' dimensions, its weights mapped, its tokenizer. Nothing is compiled yet.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class WanModel : IDisposable
{
    private readonly Lazy<string> _digest;
    private readonly Stack<IDisposable> _mapped = [];

    private WanModel(string folder, ModelDescription description)
    {
        Folder = folder;
        Name = description.Name;
        Defaults = description.Defaults;
        var source = Path.Combine(folder, ModelDescription.FileName);
        Transformer = description.Transformer.ToConfiguration(source);
        TextEncoder = description.TextEncoder.ToConfiguration(source);
        Vae = description.Vae.ToConfiguration(source);
        string?[] files = [description.Transformer.File, description.TextEncoder.File, description.Vae.File, description.Tokenizer.File];
        var paths = files.Select(file => FileBeside(source, file)).ToList();
        NetworkFit.Require(source, Transformer, TextEncoder, Vae);
        TokenizerPath = paths[3];
        Tokenizer = SentencePieceTokenizer.Load(TokenizerPath);
        NetworkFit.Require(source, Tokenizer, TextEncoder);
        _digest = new Lazy<string>(() => DigestOf(paths.Prepend(source)));
        try
        {
            TransformerWeights = Map(new WeightStore(Checkpoint.Open(paths[0])));
            TextEncoderWeights = Map(new WeightStore(Checkpoint.Open(paths[1])));
            VaeWeights = Map(new WeightStore(Checkpoint.Open(paths[2])));
            GenerationPlanner.CheckDefaults(this);
        }
        catch (InvalidRequestException e)
        {
            Dispose();
            throw new CheckpointException(source, $"its defaults are no settings that the model can run: {e.Message}", e);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Where the model is.</summary>
    public string Folder { get; }

    /// <summary>The model's name.</summary>
    public string Name { get; }

    /// <summary>SHA-256 over the model's files, hexadecimal. Read from disk at first use.</summary>
    public string Digest => _digest.Value;

    /// <summary>The settings that it was made for.</summary>
    public ModelDefaults Defaults { get; }

    /// <summary>The transformer's dimensions.</summary>
    public TransformerConfig Transformer { get; }

    /// <summary>The text encoder's dimensions.</summary>
    public Umt5Config TextEncoder { get; }

    /// <summary>The VAE's dimensions.</summary>
    public VaeConfig Vae { get; }

    /// <summary>The model's tokenizer.</summary>
    public SentencePieceTokenizer Tokenizer { get; }

    /// <summary>Whether latent frames can be given as images: such a model has a timestep for each token.</summary>
    public bool TakesImages => Transformer.ModelType == ModelType.TextImageToVideo;

    /// <summary>What the pixels of a frame's width must be divisible by.</summary>
    public int PixelStrideX => Vae.SpatialStride * Transformer.PatchSize.Width;

    /// <summary>What the pixels of a frame's height must be divisible by.</summary>
    public int PixelStrideY => Vae.SpatialStride * Transformer.PatchSize.Height;

    internal WeightStore TransformerWeights { get; }

    internal WeightStore TextEncoderWeights { get; }

    internal WeightStore VaeWeights { get; }

    internal string TokenizerPath { get; }

    /// <summary>Opens a model folder.</summary>
    /// <param name="folder">A folder with a <c>config.json</c>; <see cref="ModelLocator"/> finds one by name.</param>
    /// <exception cref="CheckpointException">Something is missing or not what the description says.</exception>
    public static WanModel Open(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return new WanModel(folder, ModelDescription.Read(folder));
    }

    /// <summary>Unmaps the weights.</summary>
    public void Dispose()
    {
        while (_mapped.TryPop(out var weights))
        {
            weights.Dispose();
        }
    }

    private T Map<T>(T weights)
        where T : IDisposable
    {
        _mapped.Push(weights);
        return weights;
    }

    /// <summary>A file of the model; descriptions come from strangers and may not name files elsewhere.</summary>
    private static string FileBeside(string source, string? file) =>
        file is { Length: > 0 } and not "." and not ".." && file.IndexOfAny(Path.GetInvalidFileNameChars()) < 0
            ? Path.Combine(Path.GetDirectoryName(source)!, file)
            : throw new CheckpointException(source, $"\"{file}\" is not the name of a file beside it.");

    private static string DigestOf(IEnumerable<string> files)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            using var stream = File.OpenRead(file);
            digest.AppendData(SHA256.HashData(stream)); // the hash of each file, so that contents cannot shift between files
        }

        return Convert.ToHexStringLower(digest.GetHashAndReset());
    }
}
