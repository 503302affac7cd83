using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Models.Detection;
using WanSharp.Models.Loras;
using WanSharp.Models.Names;
using WanSharp.Models.Text;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Models.Layout;

/// <summary>
/// What a checkpoint contains, according to its header. One file can contain several networks. Immutable; holds no file open.
/// </summary>
public sealed record NetworkFile
{
    /// <summary>The tensor in which ComfyUI's text encoder carries its tokenizer.</summary>
    internal const string TokenizerTensor = NetworkReader.TokenizerTensor;

    // Where GGUF files and safetensors carry what they are called.
    private static readonly string[] Titles = ["general.name", "general.basename", "modelspec.title"];

    /// <summary>The file, or the index of several.</summary>
    public required string Path { get; init; }

    /// <summary>The transformer in it, or null.</summary>
    public TransformerConfig? Transformer { get; init; }

    /// <summary>The umT5 encoder in it, or null.</summary>
    public Umt5Config? TextEncoder { get; init; }

    /// <summary>The VAE in it, or null.</summary>
    public VaeConfig? Vae { get; init; }

    /// <summary>The tiny autoencoder in it, or null.</summary>
    public VaeConfig? TinyVae { get; init; }

    /// <summary>The network in it that enlarges frames, or null.</summary>
    public UpscalerConfig? Upscaler { get; init; }

    /// <summary>The network in it that makes frames between frames, or null.</summary>
    public InterpolatorConfig? Interpolator { get; init; }

    /// <summary>CLIP's image encoder in it, or null.</summary>
    public VisionEncoderConfig? VisionEncoder { get; init; }

    /// <summary>
    /// What kind of LoRA it is, in words, if it is one that can be given with <c>--lora</c>; otherwise null. As a model it has a
    /// <see cref="Problem"/>.
    /// </summary>
    public string? Lora { get; init; }

    /// <summary>
    /// What was chosen among several networks of one kind, such as the averaged weights of a training run; empty if there was no
    /// choice.
    /// </summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>Whether it carries a tokenizer.</summary>
    public bool HasTokenizer { get; init; }

    /// <summary>Why the file, or a network in it, cannot be used; null if nothing is wrong.</summary>
    public string? Problem { get; init; }

    /// <summary><see cref="Problem"/>, for users who named the file themselves.</summary>
    public string? Reason =>
        Problem is { } problem && problem.StartsWith($"{Path}: ", StringComparison.Ordinal) ? problem[(Path.Length + 2)..] : Problem;

    /// <summary>The published model whose settings apply to its transformer, such as <c>wan2.2-t2v-a14b</c>, or null.</summary>
    public string? Variant =>
        Transformer is null ? null : ModelVariant.Of(Transformer, hasExperts: Noise is not null && Experts.MayBePaired(Transformer)).Name;

    /// <summary>
    /// Whether its transformer is the expert for <c>high</c> or <c>low</c> noise, according to its path; otherwise null.
    /// </summary>
    public string? Noise { get; init; }

    /// <summary>Whether its path or a title in it says that its transformer is of Wan 2.2.</summary>
    internal bool IsCalledWan22 { get; init; }

    /// <summary>The class that a description next to it says that it is of, such as <c>AutoencoderKLWan</c>; otherwise null.</summary>
    internal string? Class { get; init; }

    /// <summary>The bytes of all its files.</summary>
    public long Length { get; init; }

    /// <summary>The number of its tensors.</summary>
    public int TensorCount { get; init; }

    /// <summary>The element types of its tensors, by the bytes that they take, largest first.</summary>
    public IReadOnlyList<string> DTypes { get; init; } = [];

    /// <summary>Whether it contains a network that is known.</summary>
    public bool IsKnown =>
        new object?[] { Transformer, TextEncoder, Vae, TinyVae, VisionEncoder, Upscaler, Interpolator }.Any(network => network is not null);

    /// <summary>Reads a checkpoint's header.</summary>
    /// <param name="path">The file, or the index of several, or one of those; what cannot be read is a
    /// <see cref="Problem"/>.</param>
    public static NetworkFile Read(string path)
    {
        path = ShardFiles.SetOf(path);
        try
        {
            using var checkpoint = Checkpoint.Open(path);
            return Describe(checkpoint);
        }
        catch (CheckpointException e)
        {
            return new NetworkFile { Path = path, Problem = e.Message };
        }
    }

    /// <summary>Whether a file is named like a checkpoint, or what one can be made of; its contents are not read.</summary>
    public static bool HasCheckpointName(string path) => ModelFiles.IsCheckpoint(path) || PackedNames.Describe(path) is not null;

    /// <summary>How much of its transformer's weights is prepared for a quantization; null if it has no transformer.</summary>
    /// <param name="quantization">The quantization.</param>
    /// <param name="folder">Where prepared weights are kept.</param>
    /// <exception cref="CheckpointException">The file has changed.</exception>
    public PreparedBlocks? FindPrepared(Quantization quantization, string folder)
    {
        if (Transformer is null)
        {
            return null;
        }

        var checkpoint = Checkpoint.Open(Path);
        using var weights = new WeightStore(TransformerNames.Names.Find(checkpoint) ?? checkpoint);
        return PreparedBlocks.Find(weights, Transformer, quantization, folder);
    }

    private static NetworkFile Describe(ICheckpoint checkpoint)
    {
        var reader = new NetworkReader(checkpoint);
        reader.ReadAll();
        var file = new NetworkFile
        {
            Path = checkpoint.Path,
            Transformer = reader.ConfigOf<TransformerConfig>(),
            TextEncoder = reader.ConfigOf<Umt5Config>(),
            Vae = reader.ConfigOf<VaeConfig>() is { } vae ? VaeStatistics.Of(checkpoint, vae) : null,
            TinyVae = reader.ConfigOf<TinyVaeShape>()?.Network,
            VisionEncoder = reader.ConfigOf<VisionEncoderConfig>(),
            Upscaler =
                reader.ConfigOf<RrdbShape>()?.Network ?? reader.ConfigOf<CompactShape>()?.Network ?? reader.ConfigOf<SpanShape>()?.Network,
            Interpolator = reader.ConfigOf<InterpolatorConfig>(),
            HasTokenizer = checkpoint.Tensors.Keys.Any(TokenizerSource.IsTensor) || GgufTokenizer.IsIn(checkpoint),
            Problem = reader.Problems.FirstOrDefault()?.Message,
            Choices = reader.Choices,
            TensorCount = checkpoint.Tensors.Count + checkpoint.Unsupported.Count,
            Length = FileFacts.Length(checkpoint.Files),
            DTypes =
            [
                .. checkpoint
                    .Tensors.Values.GroupBy(tensor => tensor.DType)
                    .OrderByDescending(group => group.Sum(tensor => tensor.ByteLength))
                    .Select(group => group.Key.Name()),
                .. checkpoint.Unsupported.Values.Distinct().Select(dtype => $"{dtype} (not supported)"),
            ],
        };
        if (file is not { Transformer: null, Vae: null, TextEncoder: null, VisionEncoder: null })
        {
            file = file with { Class = ModelHints.ClassNextTo(file.Path) };
        }

        return file is { IsKnown: false, Problem: null }
                ? file with
                {
                    Problem = OtherModels.Refuse(checkpoint),
                    Lora = LoraKinds.Describe(checkpoint),
                }
            : file.Transformer is null ? file
            : WithTitles(file, [.. Titles.Select(checkpoint.Metadata.GetValueOrDefault).OfType<string>()]);
    }

    /// <summary>What a transformer's path says of its experts; where it says nothing, its titles do. They must not disagree.</summary>
    private static NetworkFile WithTitles(NetworkFile file, List<string> titles)
    {
        var named = ExpertNames.NoiseOf(file.Path);
        var isMerged = ExpertNames.SaysMerged(file.Path);
        var titled = titles.Find(title => !isMerged && ExpertNames.NoiseOfTitle(title) is not null);
        if (named is not null && titled is not null && ExpertNames.NoiseOfTitle(titled) != named)
        {
            return file with
            {
                Transformer = null,
                Problem =
                    $"{file.Path}: its name says {named} noise, and the title in it ({CheckpointException.Quote(titled)}) the other: which "
                    + "of Wan 2.2's two experts it is is not known. Rename it if the title is right; get it again if not.",
            };
        }

        return file with
        {
            Noise = named ?? (titled is null ? null : ExpertNames.NoiseOfTitle(titled)),
            IsCalledWan22 = ExpertNames.SaysWan22(file.Path) || titles.Exists(ExpertNames.IsOfWan22),
        };
    }
}
