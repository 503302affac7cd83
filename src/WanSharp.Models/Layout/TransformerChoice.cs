using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Models.Layout;

/// <summary>Chooses a model's transformer, or its two experts.</summary>
/// <param name="path">The folder or file that was asked for.</param>
/// <param name="named">What was named besides.</param>
/// <param name="headers">What was read.</param>
internal sealed class TransformerChoice(string path, NamedParts named, Headers headers)
{
    private const int MostListed = 8;

    private readonly List<string> _notes = [];

    /// <summary>What the user should know about the choice.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>The only transformer or the low-noise expert, and the high-noise expert.</summary>
    /// <exception cref="CheckpointException">There is none, there are several, or an expert is alone.</exception>
    public Experts.Pair Choose() =>
        named.LowNoise is not null || named.HighNoise is not null ? OfNames()
        : File.Exists(path) ? Complete(OfFile(path, ""))
        : InFolder(path);

    private Experts.Pair OfNames()
    {
        var low = named.LowNoise is { } lowName ? Named(lowName, PartOptions.LowNoise) : null;
        var high = named.HighNoise is { } highName ? Named(highName, PartOptions.HighNoise) : null;
        if (low is not null && high is not null && IsSame(low, high))
        {
            return new Experts.Pair(low, null); // it takes all steps
        }

        if (low is not null && high is not null && File.Exists(path) && !IsSame(low, headers.Read(path)) && !IsSame(high, headers.Read(path)))
        {
            throw new CheckpointException(path, $"both experts are named by {PartOptions.LowNoise} and {PartOptions.HighNoise}, and this is a third file: name the model's folder, or leave it out.");
        }

        if ((low is null || high is null) && File.Exists(path) && !IsSame((low ?? high)!, headers.Read(path)))
        {
            (low, high) = (low ?? OfFile(path, ""), high ?? OfFile(path, ""));
        }

        var (one, noise) = low is not null ? (low, ExpertNames.Low) : (high!, ExpertNames.High);
        if (low is null || high is null)
        {
            var partner = Partner(one, noise) ?? throw Alone(one, noise);
            (low, high) = noise == ExpertNames.Low ? (one, partner) : (partner, one);
        }

        return Fitting(low, high);
    }

    /// <summary>Two experts that were named: they must be of one shape, and not the wrong way round.</summary>
    private static Experts.Pair Fitting(NetworkFile low, NetworkFile high) =>
        low.Transformer != high.Transformer ? throw new CheckpointException(high.Path, $"it is no partner of {low.Path}: the two transformers differ in kind or shape.")
        : !Experts.MayBePaired(low.Transformer!) ? throw new CheckpointException(high.Path, "transformers of this kind have no experts: only Wan 2.2's text to video and its image to video without CLIP do.")
        : low.Noise == ExpertNames.High && high.Noise == ExpertNames.Low
            ? throw new CheckpointException(high.Path, $"its name says low noise, and that of {low.Path} high noise: give them to {PartOptions.LowNoise} and {PartOptions.HighNoise} the other way round.")
        : new Experts.Pair(low, high);

    private Experts.Pair InFolder(string folder)
    {
        var paths = ModelFiles.Different(ModelFiles.Near(PartPlaces.Transformers(folder))).ToList();
        if (!paths.Exists(HoldsTransformer))
        {
            paths = [.. ModelFiles.Different(ModelFiles.In(folder, ModelFiles.Deepest))];
        }

        var found = WithoutVariants(paths.FindAll(HoldsTransformer)).Select(headers.Read).ToList();
        if (found.Count == 0)
        {
            throw NoneIn(folder, paths);
        }

        return Experts.Group(found) switch
        {
            [var only] => Complete(only),
            var several => throw new CheckpointException(path, $"it has {found.Count} transformers; name one of {Listed(several.SelectMany(Files))}."),
        };
    }

    private NetworkFile OfFile(string file, string option) => headers.Read(file) is { Transformer: not null } transformer ? transformer
        : throw new CheckpointException(file, option + (headers.Read(file) switch
        {
            { Reason: { } reason } => reason,
            { IsKnown: true } => "it holds no Wan transformer, but another part of one: name the transformer's file, its parts are found around it.",
            _ => "it holds no Wan transformer.",
        }));

    private NetworkFile Named(string name, string option) =>
        File.Exists(name) ? OfFile(ShardFiles.SetOf(name), $"{option} names it, but ")
        : Directory.Exists(name) && ModelFiles.In(PartPlaces.SnapshotOf(name)).Where(HoldsTransformer).ToList() is [var only] ? headers.Read(only)
        : throw new CheckpointException(name, $"{option} names it, but {(Directory.Exists(name) ? "the folder does not hold exactly one transformer." : "there is no such file.")}");

    private bool HoldsTransformer(string file) => headers.Read(file).Transformer is not null;

    private Experts.Pair Complete(NetworkFile transformer) => Complete(new Experts.Pair(transformer, null));

    /// <summary>Adds the partner of an expert that is alone, or refuses it.</summary>
    private Experts.Pair Complete(Experts.Pair pair)
    {
        var file = pair.Low;
        if (pair.High is not null || !Experts.MayBePaired(file.Transformer!))
        {
            return pair;
        }

        var noise = file.Noise;
        if (Partner(file, noise) is { } partner)
        {
            var isLow = (noise ?? Experts.Noises([file, partner]).GetValueOrDefault(file.Path)) == ExpertNames.Low;
            return isLow ? new Experts.Pair(file, partner) : new Experts.Pair(partner, file);
        }

        if (noise is not null)
        {
            throw Alone(file, noise);
        }

        if (ExpertNames.SaysMerged(file.Path) || file is { TextEncoder: not null, Vae: not null })
        {
            return pair; // an all-in-one file: merged from both
        }

        if (file.Transformer!.ModelType == ModelType.ImageToVideo)
        {
            throw new CheckpointException(file.Path,
                $"it is one of Wan 2.2's two experts, or both merged, and its name does not say which: name the two with {PartOptions.HighNoise} and {PartOptions.LowNoise}, or give this file to both if it takes all steps.");
        }

        if (ExpertNames.SaysWan22(file.Path))
        {
            _notes.Add($"{file.Path} is called Wan 2.2, whose text-to-video models have two experts, but says neither high nor low: it takes all steps, " +
                $"with the settings of {ModelVariant.Of(file.Transformer, hasExperts: false).Name}. If it is one of two, name both with {PartOptions.HighNoise} and {PartOptions.LowNoise}.");
        }

        return pair;
    }

    /// <summary>The other expert of a transformer, in the nearest place around it that has one, or in its folder if its name says no noise; null if there is none.</summary>
    /// <exception cref="CheckpointException">Several may be meant.</exception>
    private NetworkFile? Partner(NetworkFile file, string? noise)
    {
        var places = new[] { file.Path, ModelFiles.RealPath(file.Path) }.Distinct().SelectMany(PartPlaces.Siblings).Distinct();
        return (noise is null ? places.Take(1) : places).Select(place => PartnerIn(place, file, noise)).FirstOrDefault(partner => partner is not null);
    }

    private NetworkFile? PartnerIn((string Folder, int Depth) place, NetworkFile file, string? noise)
    {
        var paths = ModelFiles.Different(ModelFiles.Near([place]).Prepend(file.Path).DistinctBy(Path.GetFullPath)).ToList();
        var letters = ExpertNames.ByLetter([.. paths.Where(other => ExpertNames.NoiseOf(other) is null)]);
        var named = paths.Where(other => ExpertNames.NoiseOf(other) is not null || letters.ContainsKey(other)).Where(other => other != file.Path);
        List<NetworkFile> all = [file, .. named.Select(headers.Read).Where(other => other.Transformer == file.Transformer)];
        var groups = Experts.Group(all);
        if (groups.FirstOrDefault(group => group.High is not null && Files(group).Contains(file.Path)) is { High: { } high, Low: { } low })
        {
            return low.Path == file.Path ? high : low;
        }

        var noises = Experts.Noises(all);
        noise ??= noises.GetValueOrDefault(file.Path);
        if (noise is null)
        {
            return null;
        }

        var other = ExpertNames.Other(noise);
        var free = groups.Where(group => group.High is null && noises.GetValueOrDefault(group.Low.Path) == other).Select(group => group.Low).ToList();
        return free.Count <= 1 ? free.FirstOrDefault()
            : throw new CheckpointException(file.Path, $"it is the expert for {noise} noise, and {free.Count} files may be the other one: choose with {OptionOf(other)} one of {Listed(free.Select(one => one.Path))}.");
    }

    private static CheckpointException Alone(NetworkFile file, string noise) => new(file.Path,
        $"it is one of Wan 2.2's two experts, the one for {noise} noise, and the other one was not found: looked for a transformer of its shape that is called " +
        $"{ExpertNames.Other(noise)}{(ExpertNames.Swapped(file.Path) is { } other ? $", such as {other}" : "")}, in {Listed(PartPlaces.Siblings(file.Path).Select(place => place.Folder).Distinct())}. Name it with {OptionOf(ExpertNames.Other(noise))}.");

    private static string OptionOf(string noise) => noise == ExpertNames.High ? PartOptions.HighNoise : PartOptions.LowNoise;

    private CheckpointException NoneIn(string folder, List<string> paths)
    {
        var problems = paths.Select(headers.Read).Select(file => file.Problem).OfType<string>().Take(3).ToList();
        return problems.Count > 0
            ? new CheckpointException(path, $"no transformer that can be used was found. {string.Join(" ", problems)}")
            : new CheckpointException(path, $"no Wan transformer was found; looked at {paths.Count} checkpoints in {folder} and the folders in it.");
    }

    /// <summary>Files without Diffusers' variants (<c>NAME.fp16</c>) of others next to them, which it takes only if asked to.</summary>
    private static IEnumerable<string> WithoutVariants(IReadOnlyList<string> files) => files.Where(file => !files.Any(other => IsVariant(file, other)));

    private static bool IsVariant(string file, string plain)
    {
        if (Path.GetDirectoryName(file) != Path.GetDirectoryName(plain) || Path.GetExtension(file) != Path.GetExtension(plain) || file.Length <= plain.Length)
        {
            return false;
        }

        var (stem, plainStem) = (FileWords.Stem(file), FileWords.Stem(plain));
        return stem == plainStem || (stem.StartsWith(plainStem + ".", StringComparison.Ordinal) && FileWords.WithoutPrecision(stem[plainStem.Length..]) == ".");
    }

    private static bool IsSame(NetworkFile a, NetworkFile b) => ModelFiles.RealPath(a.Path) == ModelFiles.RealPath(b.Path);

    private static IEnumerable<string> Files(Experts.Pair pair) => pair.High is { } high ? [high.Path, pair.Low.Path] : [pair.Low.Path];

    private static string Listed(IEnumerable<string> paths)
    {
        List<string> all = [.. paths];
        return string.Join(", ", all.Take(MostListed)) + (all.Count > MostListed ? $" and {all.Count - MostListed} more" : "");
    }
}
