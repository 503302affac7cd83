using WanSharp.Graphs.Networks;
using WanSharp.Models.Detection;
using WanSharp.Tensors;

namespace WanSharp.Models.Layout;

/// <summary>Chooses a model's transformer, or its two experts.</summary>
/// <param name="path">The folder or file that was asked for.</param>
/// <param name="named">The parts that were named.</param>
/// <param name="headers">What was read.</param>
internal sealed class TransformerChoice(string path, NamedParts named, Headers headers)
{
    private const int SmallDim = 1536; // the 1.3B model's, which has no experts

    private readonly ExpertPartner _partners = new(headers);
    private readonly List<string> _notes = [];

    /// <summary>What the user should know about the choice.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>The only transformer or the low-noise expert, and the high-noise expert.</summary>
    /// <exception cref="CheckpointException">There is none, there are several, or an expert is alone.</exception>
    public Experts.Pair Choose()
    {
        var pair =
            named.LowNoise is not null || named.HighNoise is not null ? OfNames()
            : File.Exists(path) ? Complete(new Experts.Pair(OfFile(path, ""), null))
            : InFolder(path);
        _notes.AddRange(pair.Paths.Select(NamedFamilies.NoteOf).OfType<string>());
        if (ModelHints.IsCausal(pair.Low.Class))
        {
            _notes.Add(
                $"{pair.Low.Path} is described as {pair.Low.Class}, which makes clips in chunks that see nothing later: all frames are "
                    + "made at once here, which is near to it for short clips only."
            );
        }

        return pair;
    }

    private Experts.Pair OfNames()
    {
        var low = named.LowNoise is { } lowName ? Named(lowName, PartOptions.LowNoise) : null;
        var high = named.HighNoise is { } highName ? Named(highName, PartOptions.HighNoise) : null;
        if (low is not null && high is not null && IsSame(low, high))
        {
            return new Experts.Pair(low, null); // it takes all steps
        }

        if (File.Exists(path) && !IsAskedFor(low) && !IsAskedFor(high))
        {
            if (low is not null && high is not null)
            {
                throw new CheckpointException(
                    path,
                    $"{PartOptions.LowNoise} and {PartOptions.HighNoise} name both experts, and this is a third file: "
                        + "name the model's folder, or leave it out."
                );
            }

            (low, high) = (low ?? OfFile(path, ""), high ?? OfFile(path, ""));
        }

        low ??= _partners.Find(high!, ExpertNames.High) ?? throw _partners.Missing(high!, ExpertNames.High);
        high ??= _partners.Find(low, ExpertNames.Low) ?? throw _partners.Missing(low, ExpertNames.Low);
        return Fitting(low, high);

        bool IsAskedFor(NetworkFile? expert) => expert is not null && IsSame(expert, headers.Read(path));
    }

    /// <summary>Two experts that were named: they must be of one shape, and not the wrong way round.</summary>
    private static Experts.Pair Fitting(NetworkFile low, NetworkFile high)
    {
        var problem =
            low.Transformer != high.Transformer ? $"it cannot be the partner of {low.Path}: the two transformers differ in kind or shape."
            : !Experts.MayBePaired(low.Transformer!)
                ? "transformers of this kind have no experts: only Wan 2.2's text to video and its image to video without CLIP do."
            : low.Noise == ExpertNames.High && high.Noise == ExpertNames.Low
                ? $"its name says low noise, and that of {low.Path} high noise: give them to {PartOptions.LowNoise} and "
                    + $"{PartOptions.HighNoise} the other way round."
            : CopyProblem(low, high);
        return problem is null ? new Experts.Pair(low, high) : throw new CheckpointException(high.Path, problem);
    }

    private static string? CopyProblem(NetworkFile low, NetworkFile high) =>
        !IsSame(low, high) && SameContent.Is(low, high)
            ? $"it is a copy of {low.Path}: one of Wan 2.2's two experts was saved under both names. Get the other; a file that takes all "
                + $"steps is named with {PartOptions.HighNoise} and {PartOptions.LowNoise} both."
            : null;

    private static Experts.Pair Different(Experts.Pair pair) =>
        pair.High is { } high && CopyProblem(pair.Low, high) is { } problem ? throw new CheckpointException(high.Path, problem) : pair;

    private Experts.Pair InFolder(string folder)
    {
        var paths = ModelFiles.Different(ModelFiles.Near(PartPlaces.Transformers(folder))).ToList();
        if (!paths.Exists(HoldsTransformer))
        {
            paths = [.. ModelFiles.Different(ModelFiles.In(folder, ModelFiles.Deepest))];
        }

        var transformers = paths.FindAll(HoldsTransformer);
        transformers.RemoveAll(file => transformers.Exists(other => IsVariant(file, other) || IsConverted(file, other)));
        return Experts.Group([.. transformers.Select(headers.Read)]) switch
        {
            [] => throw NoneIn(folder, paths),
            [var only] => Only(Complete(only), paths),
            var several => throw new CheckpointException(
                path,
                $"it has {transformers.Count} transformers; name one of {PathList.Of(several.SelectMany(pair => pair.Paths))}."
            ),
        };
    }

    /// <summary>Refuses a folder's only transformer next to a file that cannot be read, and may be the one that is meant.</summary>
    private Experts.Pair Only(Experts.Pair pair, IEnumerable<string> paths) =>
        paths.Select(headers.Read).FirstOrDefault(file => file is { Problem: not null, TensorCount: 0 } && ExpertNames.SaysWan(file.Path))
            is { } damaged
            ? throw new CheckpointException(
                path,
                $"its {Path.GetFileName(damaged.Path)} may be a transformer, too, and cannot be read ({damaged.Reason!.TrimEnd('.')}): "
                    + $"name {PathList.Of(pair.Paths)} if that is the model."
            )
            : pair;

    private NetworkFile OfFile(string file, string option) =>
        headers.Read(file) is { Transformer: not null } transformer
            ? transformer
            : throw new CheckpointException(
                file,
                option
                    + (
                        headers.Read(file) switch
                        {
                            { Reason: { } reason } => reason,
                            { IsKnown: true } => "it holds no Wan transformer, but another part of a model: name the transformer's file; "
                                + "its parts are found around it.",
                            _ => "it holds no Wan transformer.",
                        }
                    )
            );

    private NetworkFile Named(string name, string option)
    {
        if (File.Exists(name))
        {
            return OfFile(ShardFiles.SetOf(name), $"{option} names it, but ");
        }

        var held = Directory.Exists(name) ? ModelFiles.In(PartPlaces.SnapshotOf(name)).Where(HoldsTransformer).ToList() : null;
        var problem = held is null ? "there is no such file." : $"the folder holds {held.Count} transformers: name one.";
        return held is [var only] ? headers.Read(only) : throw new CheckpointException(name, $"{option} names it, but {problem}");
    }

    private bool HoldsTransformer(string file) => headers.Read(file).Transformer is not null;

    /// <summary>Adds the partner of an expert that is alone, or refuses it.</summary>
    private Experts.Pair Complete(Experts.Pair pair)
    {
        var file = pair.Low;
        if (pair.High is not null || !Experts.MayBePaired(file.Transformer!))
        {
            return Different(pair);
        }

        if (_partners.Find(file, file.Noise) is { } partner)
        {
            var isLow = Experts.Noises([file, partner]).GetValueOrDefault(file.Path) == ExpertNames.Low;
            return Different(isLow ? new Experts.Pair(file, partner) : new Experts.Pair(partner, file));
        }

        if (file.Noise is { } noise)
        {
            throw _partners.Missing(file, noise);
        }

        RequireDecided(file);
        return pair;
    }

    /// <summary>Refuses, or notes, a transformer without a partner whose name does not say that it needs none.</summary>
    private void RequireDecided(NetworkFile file)
    {
        var isMerged = ExpertNames.SaysMerged(file.Path) || file is { TextEncoder: not null, Vae: not null }; // an all-in-one file
        if (!isMerged && file.Transformer!.ModelType is ModelType.ImageToVideo or ModelType.Fun)
        {
            throw new CheckpointException(
                file.Path,
                "it is one of Wan 2.2's two experts, or both merged, and its name does not say which: name the two with "
                    + $"{PartOptions.HighNoise} and {PartOptions.LowNoise}, or give this file to both if it takes all steps."
            );
        }

        if (
            file
            is { Transformer: { ModelType: ModelType.TextToVideo, Dim: not SmallDim } }
                and not { TextEncoder: not null, Vae: not null }
        )
        {
            _partners.RequireNoTwin(file);
        }

        var possible = ExpertLetters.PossibleNoiseOf(file.Path) ?? ExpertNames.PossibleNoiseOf(file.Path);
        if (!isMerged && possible is not null)
        {
            throw ExpertPartner.PerhapsMissing(file, possible);
        }

        if (file.Transformer!.ModelType == ModelType.TextToVideo && file.IsCalledWan22)
        {
            _notes.Add(
                $"{file.Path} is called Wan 2.2, whose text-to-video models have two experts, but "
                    + $"{(isMerged ? "is merged from both" : "says neither high nor low")}: it takes all steps, with the settings "
                    + $"of {ModelVariant.Of(file.Transformer, hasExperts: false).Name}. "
                    + $"If it is one of two, name both with {PartOptions.HighNoise} and {PartOptions.LowNoise}."
            );
        }
    }

    private CheckpointException NoneIn(string folder, List<string> paths)
    {
        var problems = paths.Select(headers.Read).Select(file => file.Problem).OfType<string>().Take(3).ToList();
        return new CheckpointException(
            path,
            problems.Count > 0
                ? $"no transformer that can be used was found. {string.Join(" ", problems)}"
                : $"no Wan transformer was found; looked at {paths.Count} checkpoints in {folder} and the folders in it."
                    + (
                        Unfinished(folder) is { } part ? $" The download of {part} is not complete: run it again."
                        : ExtraPaths.ProblemIn(folder) is { } unread ? $" {unread}"
                        : PackedFiles.In(folder)
                    )
        );
    }

    private static string? Unfinished(string folder) =>
        FolderSearch.Files(folder, ModelFiles.Deepest, mayStop: true).FirstOrDefault(Checkpoint.IsUnfinished)
        ?? HubDownloads.FindPart(folder);

    /// <summary>Whether a file is a variant (<c>NAME.fp16</c>) of another next to it: Diffusers takes those only if asked to.</summary>
    private static bool IsVariant(string file, string plain)
    {
        var (stem, plainStem) = (FileWords.Stem(file), FileWords.Stem(plain));
        var isSame = Path.GetExtension(file) == Path.GetExtension(plain);
        return Path.GetDirectoryName(file) == Path.GetDirectoryName(plain)
            && (
                (isSame && stem == plainStem && file.Length > plain.Length)
                || (
                    (isSame || (IsSafetensors(file) && IsSafetensors(plain))) // of which one may be an index
                    && stem.StartsWith(plainStem + ".", StringComparison.Ordinal)
                    && FileWords.WithoutPrecision(stem[plainStem.Length..]) == "."
                )
            );
    }

    /// <summary>Whether a file is one that another next to it was converted from: as Diffusers does, safetensors are preferred.</summary>
    private bool IsConverted(string file, string safe) =>
        Path.GetDirectoryName(file) == Path.GetDirectoryName(safe)
        && FileWords.Stem(file) == FileWords.Stem(safe)
        && IsSafetensors(safe)
        && !IsSafetensors(file)
        && headers.Read(file).Transformer == headers.Read(safe).Transformer;

    private static bool IsSafetensors(string file) => Path.GetFileName(file).Contains(".safetensors", StringComparison.OrdinalIgnoreCase);

    private static bool IsSame(NetworkFile a, NetworkFile b) => ModelFiles.RealPath(a.Path) == ModelFiles.RealPath(b.Path);
}
