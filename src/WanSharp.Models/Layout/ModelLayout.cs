using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Models.Layout;

/// <summary>
/// Finds a model's parts where tools put them: official folders, Diffusers folders, ComfyUI's <c>models</c> trees, single
/// files. Folders say where to look; what a file is, its tensors say.
/// </summary>
internal sealed class ModelLayout
{
    private const int ComfyDepth = 2;
    private const int StepsToRoot = 3;

    private static readonly string[] TransformerFolders =
    [
        "", "transformer", "transformer_2", "high_noise_model", "low_noise_model",
        "diffusion_models", "unet", "checkpoints", "split_files/diffusion_models",
    ];

    private static readonly string[] CompanionFolders =
    [
        "", "text_encoder", "vae", "image_encoder",
        "text_encoders", "clip", "clip_vision", "split_files/text_encoders", "split_files/vae", "split_files/clip_vision",
    ];

    private static readonly string[] TokenizerFolders = ["", "tokenizer", "google/umt5-xxl", "text_encoder", "text_encoders", "clip", "split_files/text_encoders"];

    private readonly string _path;
    private readonly string _root;
    private readonly Dictionary<string, NetworkFile> _read = [];

    private ModelLayout(string path)
    {
        _path = path;
        _root = Directory.Exists(path) ? ModelsFolder(Path.GetFullPath(path)) : RootOf(path);
    }

    /// <summary>Finds the parts of the model at a path.</summary>
    /// <param name="path">A folder, or a transformer's file; one of several shards stands for all.</param>
    /// <exception cref="CheckpointException">There is no transformer, or several, or a part that it needs is missing: the message says which and where it was looked for.</exception>
    public static ModelParts Find(string path) => new ModelLayout(ShardFiles.SetOf(path)).Find();

    private ModelParts Find()
    {
        var (low, high) = Transformers();
        var transformer = low.Transformer!;
        var textEncoder = Companion("text encoder (umT5)", $"of width {transformer.TextDim}", "umt5_xxl_fp16.safetensors (text_encoders) or models_t5_umt5-xxl-enc-bf16.pth", file => file.TextEncoder?.Dim == transformer.TextDim, low);
        var vae = Companion("VAE", $"of {transformer.OutChannels} latent channels", transformer.OutChannels == VaeConfig.Wan22.LatentChannels ? "wan2.2_vae.safetensors (vae) or Wan2.2_VAE.pth" : "wan_2.1_vae.safetensors (vae) or Wan2.1_VAE.pth", file => file.Vae?.LatentChannels == transformer.OutChannels, low);
        var clip = transformer.ClipDim is { } width ? Companion("CLIP image encoder", $"of width {width}", "clip_vision_h.safetensors (clip_vision) or models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth", file => file.ClipVision?.Dim == width, low) : null;
        var variant = ModelVariant.Of(transformer, hasExperts: high is not null);
        return new ModelParts
        {
            Source = _path,
            Folder = _root,
            Name = variant.Name,
            Defaults = variant.Defaults,
            Transformer = transformer,
            TransformerPath = low.Path,
            HighNoisePath = high?.Path,
            TextEncoder = textEncoder.TextEncoder!,
            TextEncoderPath = textEncoder.Path,
            Vae = vae.Vae!,
            VaePath = vae.Path,
            TokenizerPath = Tokenizer(textEncoder),
            ClipVision = clip is null ? null : (clip.ClipVision!, clip.Path),
        };
    }

    private (NetworkFile Low, NetworkFile? High) Transformers()
    {
        var isFile = File.Exists(_path);
        List<string> paths = isFile ? [_path] : [.. TransformerFolders.SelectMany(Files).Distinct()];
        var found = paths.Select(Read).Where(file => file.Transformer is not null).ToList();
        if (isFile && found is [var chosen] && ExpertPairs.Other(_path) is { } other && File.Exists(other) && Read(other) is { Transformer: { } config } second && config == chosen.Transformer)
        {
            found.Add(second);
        }

        if (found is [var only])
        {
            RequireComplete(only, isFile);
            return (only, null);
        }

        if (found is [var a, var b] && a.Transformer == b.Transformer && ExpertPairs.HighNoiseOf(a.Path, b.Path) is { } highPath)
        {
            return highPath == a.Path ? (b, a) : (a, b);
        }

        if (found.Count > 0)
        {
            throw new CheckpointException(_path, $"it has {found.Count} transformers; name one of {string.Join(", ", found.Take(8).Select(file => file.Path))}.");
        }

        if (isFile && Read(_path).Reason is { } reason)
        {
            throw new CheckpointException(_path, reason);
        }

        var problems = paths.Select(Read).Select(file => file.Problem).OfType<string>().Take(3).ToList();
        throw problems.Count > 0
            ? new CheckpointException(_path, $"no transformer that can be used was found. {string.Join(" ", problems)}")
            : new CheckpointException(_path, isFile ? $"it holds no Wan transformer{(Read(_path) is { IsKnown: true } ? ", but another part of one: name the transformer's file, its parts are found beside it" : "")}."
                : $"no Wan transformer was found; looked for checkpoints in {Listed(TransformerFolders)}.");
    }

    /// <summary>Refuses one of two experts: Wan 2.2's i2v has no other form, and of t2v, whose experts look like Wan 2.1's 14B, the name tells.</summary>
    private void RequireComplete(NetworkFile transformer, bool isFile)
    {
        if (transformer.Transformer is { ModelType: ModelType.ImageToVideo, ClipDim: null } || ExpertPairs.IsExpert(transformer.Path))
        {
            var place = ExpertPairs.Other(transformer.Path) is { } other ? other : "a file whose path differs in high and low alone";
            throw new CheckpointException(_path, $"{transformer.Path} is one of Wan 2.2's two experts, for high and for low noise, and the other one was not found; looked for {place}{(isFile ? "" : $", in {Listed(TransformerFolders)}")}.");
        }
    }

    /// <summary>The largest file of those that fit: the one of the highest precision. The transformer's own file may hold it, too.</summary>
    private NetworkFile Companion(string what, string which, string published, Func<NetworkFile, bool> fits, NetworkFile transformer)
    {
        if (fits(transformer))
        {
            return transformer;
        }

        var paths = CompanionFolders.SelectMany(Files).Distinct().ToList();
        var problem = paths.Select(Read).Select(file => file.Problem).OfType<string>().FirstOrDefault();
        return paths.Select(Read).Where(fits).MaxBy(file => file.Length)
            ?? throw new CheckpointException(_path, $"no {what} {which} was found; put the model's there, such as {published}. Looked at {paths.Count} checkpoints in {Listed(CompanionFolders)}.{(problem is null ? "" : $" One of them cannot be used: {problem}")}");
    }

    /// <summary>The spiece.model, or the one that the text encoder carries, or the tokenizer.json that was made of it.</summary>
    private string Tokenizer(NetworkFile textEncoder)
    {
        return File(TokenizerSource.ModelName) ?? (textEncoder.HasTokenizer ? textEncoder.Path : File(TokenizerSource.JsonName))
            ?? throw new CheckpointException(_path, $"no tokenizer was found: put umT5's {TokenizerSource.ModelName} or {TokenizerSource.JsonName} (google/umt5-xxl) beside the text encoder {textEncoder.Path}; looked in {Listed(TokenizerFolders)}.");

        string? File(string name) => TokenizerFolders.Select(Folder).Append(Path.GetDirectoryName(textEncoder.Path)!)
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(System.IO.File.Exists);
    }

    private NetworkFile Read(string path)
    {
        if (!_read.TryGetValue(path, out var file))
        {
            _read.Add(path, file = NetworkFile.Read(path));
        }

        return file;
    }

    private string Folder(string name) => name.Length == 0 ? _root : Path.Combine(_root, name);

    private IEnumerable<string> Files(string name) => ModelFiles.In(Folder(name), name.Length == 0 ? 0 : ComfyDepth);

    /// <summary>The folders that were looked into, and the names of those that would have been.</summary>
    private string Listed(IReadOnlyList<string> folders)
    {
        var missing = folders.Where(name => !Directory.Exists(Folder(name))).ToList();
        return string.Join(", ", folders.Select(Folder).Where(Directory.Exists)) + (missing.Count == 0 ? "" : $" (and would have in {string.Join(", ", missing)} there)");
    }

    /// <summary>ComfyUI keeps the folders of models in one named so.</summary>
    private static string ModelsFolder(string folder) =>
        Directory.Exists(Path.Combine(folder, "models", "vae")) ? Path.Combine(folder, "models") : folder;

    /// <summary>The folder that a file's companions are in: its own, or the first above it that has the folders of a layout.</summary>
    private static string RootOf(string path)
    {
        var own = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var folder = own;
        for (var i = 0; i < StepsToRoot && folder is not null; i++, folder = Path.GetDirectoryName(folder))
        {
            if (Directory.Exists(Path.Combine(folder, "vae")) || Directory.Exists(Path.Combine(folder, "text_encoders")) || Directory.Exists(Path.Combine(folder, "google", "umt5-xxl")))
            {
                return folder;
            }
        }

        return own;
    }
}
