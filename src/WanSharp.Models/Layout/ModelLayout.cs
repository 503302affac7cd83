using WanSharp.Tensors;

namespace WanSharp.Models.Layout;

/// <summary>
/// Finds a model's parts where tools put them: official folders, Diffusers folders, the trees of ComfyUI and its kin, Hugging
/// Face's cache, single files. Folders say where to look; what a file is, its tensors say.
/// </summary>
internal static class ModelLayout
{
    /// <summary>Finds the parts of the model at a path.</summary>
    /// <param name="path">A folder, or a transformer's file; one of several shards stands for all.</param>
    /// <param name="named">The parts that were named by hand.</param>
    /// <param name="headers">What was read before, if anything.</param>
    /// <exception cref="CheckpointException">
    /// There is no transformer, or a part that it needs is missing, or several fit: the message says which and where it was looked for.
    /// </exception>
    public static ModelParts Find(string path, NamedParts? named = null, Headers? headers = null)
    {
        (named, headers) = (named ?? NamedParts.None, headers ?? new Headers());
        path = ShardFiles.SetOf(Directory.Exists(path) ? PartPlaces.SnapshotOf(path) : path);
        var choice = new TransformerChoice(path, named, headers);
        var (low, high) = choice.Choose();
        var transformer = low.Transformer!;
        List<NetworkFile> transformers = high is null ? [low] : [low, high];
        var folder = Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(low.Path))!;
        var search = new PartSearch(path, Starts(path, transformers), folder, headers);
        var textEncoder = search.Find(PartKind.TextEncoder(transformer), named.TextEncoder, transformers);
        var vae = search.Find(PartKind.Vae(transformer), named.Vae, transformers);
        var vision = transformer.VisionDim is { } width
            ? search.Find(PartKind.VisionEncoder(width), named.VisionEncoder, transformers)
            : null;
        if (vision is null && named.VisionEncoder is not null)
        {
            throw new CheckpointException(low.Path, $"it takes no CLIP features: leave out {PartOptions.VisionEncoder}.");
        }

        var variant = ModelVariant.Of(transformer, hasExperts: high is not null);
        var tokenizer = new TokenizerSearch(path, search, headers).Find(textEncoder, named.Tokenizer);
        return new ModelParts
        {
            Source = path,
            Folder = folder,
            Name = variant.Name,
            Defaults = DefaultsOf(variant, low, high),
            Transformer = transformer,
            TransformerPath = low.Path,
            HighNoisePath = high?.Path,
            TextEncoder = textEncoder.TextEncoder!,
            TextEncoderPath = textEncoder.Path,
            Vae = vae.Vae!,
            VaePath = vae.Path,
            TokenizerPath = tokenizer,
            VisionEncoder = vision is null ? null : (vision.VisionEncoder!, vision.Path),
            Notes = [.. choice.Notes, .. transformers.SelectMany(Choices)],
        };
    }

    /// <summary>A variant's settings; where two experts are a pipeline of Diffusers', its index says where one follows the other.</summary>
    private static ModelDefaults DefaultsOf(ModelVariant variant, NetworkFile low, NetworkFile? high)
    {
        var defaults = variant.DefaultsOf(hasExperts: high is not null);
        var folder = Path.GetDirectoryName(Path.GetFullPath(low.Path))!;
        return high is null ? defaults : defaults with { Boundary = PipelineIndex.BoundaryOf(folder) ?? defaults.Boundary };
    }

    /// <summary>What was taken of a file that holds several networks of one kind.</summary>
    private static IEnumerable<string> Choices(NetworkFile file) => file.Choices.Select(choice => $"of {file.Path} it takes {choice}.");

    /// <summary>A described model with other parts, those that were named.</summary>
    /// <param name="described">The model.</param>
    /// <param name="named">The parts.</param>
    /// <exception cref="CheckpointException">A part cannot be used.</exception>
    public static ModelParts With(ModelParts described, NamedParts named)
    {
        if ((named.LowNoise ?? named.HighNoise) is not null)
        {
            throw new CheckpointException(
                described.Source,
                $"it names the model's transformer: leave out {PartOptions.LowNoise} and {PartOptions.HighNoise}, or name another model."
            );
        }

        if (named.VisionEncoder is not null)
        {
            throw new CheckpointException(described.Source, $"the model takes no CLIP features: leave out {PartOptions.VisionEncoder}.");
        }

        var headers = new Headers();
        var search = new PartSearch(described.Source, [described.Folder], described.Folder, headers);
        var textEncoder = named.TextEncoder is null ? null : search.Find(PartKind.TextEncoder(described.Transformer), named.TextEncoder);
        var vae = named.Vae is null ? null : search.Find(PartKind.Vae(described.Transformer), named.Vae);
        var encoder = textEncoder ?? new NetworkFile { Path = described.TextEncoderPath, TextEncoder = described.TextEncoder };
        return described with
        {
            IsChanged = true,
            TextEncoder = encoder.TextEncoder!,
            TextEncoderPath = encoder.Path,
            Vae = vae?.Vae ?? described.Vae,
            VaePath = vae?.Path ?? described.VaePath,
            TokenizerPath = named.Tokenizer is null
                ? described.TokenizerPath
                : new TokenizerSearch(described.Source, search, headers).Find(encoder, named.Tokenizer),
        };
    }

    /// <summary>Where to begin: around the transformers and the files that they are links to, then in the folder that was named.</summary>
    private static List<string> Starts(string path, IReadOnlyList<NetworkFile> transformers)
    {
        var files = transformers.SelectMany(file => new[] { file.Path, ModelFiles.RealPath(file.Path) });
        var folders = files.Select(file => Path.GetDirectoryName(Path.GetFullPath(file))!);

        return [.. (Directory.Exists(path) ? folders.Append(Path.GetFullPath(path)) : folders).Distinct()];
    }
}
