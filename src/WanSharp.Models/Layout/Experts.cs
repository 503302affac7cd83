using WanSharp.Graphs.Networks;

namespace WanSharp.Models.Layout;

/// <summary>
/// Pairs Wan 2.2's experts: transformers of one shape, of which one is for high noise and the other for low, whatever else their names
/// say.
/// </summary>
internal static class Experts
{
    /// <summary>A model's transformers: the only one or the low-noise expert, and the high-noise expert.</summary>
    internal readonly record struct Pair(NetworkFile Low, NetworkFile? High)
    {
        /// <summary>Their files, the high-noise expert's first.</summary>
        public IEnumerable<string> Paths => High is null ? [Low.Path] : [High.Path, Low.Path];
    }

    /// <summary>
    /// Whether transformers of a kind come in pairs: text to video and, without CLIP, what takes images as channels, but of VideoX-Fun's
    /// not the 5B model, which has latents of its own.
    /// </summary>
    public static bool MayBePaired(TransformerConfig transformer) =>
        transformer.ModelType == ModelType.TextToVideo
        || (transformer is { ModelType: ModelType.ImageToVideo or ModelType.Fun, VisionDim: null, TakesCleanFrames: false });

    /// <summary>The models that some transformers are: pairs, and those that have no partner among them.</summary>
    /// <remarks>
    /// One of each is a pair, whatever their names say. Of more, two are a pair if each is the other's nearest, by
    /// <see cref="ExpertNames.Difference"/>, and their names say the same.
    /// </remarks>
    public static IReadOnlyList<Pair> Group(IReadOnlyList<NetworkFile> transformers) =>
        [
            .. transformers
                .GroupBy(file => file.Transformer)
                .SelectMany(shape => MayBePaired(shape.Key!) ? GroupShape([.. shape]) : shape.Select(file => new Pair(file, null))),
        ];

    /// <summary>The noise of each file that says one, by a word or against another file.</summary>
    public static IReadOnlyDictionary<string, string> Noises(IEnumerable<NetworkFile> files)
    {
        List<NetworkFile> all = [.. files];
        var twins = ExpertTwins.NoisesOf([.. all.Where(file => file.Noise is null).Select(file => file.Path)]);
        return all.Select(file => (file.Path, Noise: file.Noise ?? twins.GetValueOrDefault(file.Path)))
            .Where(file => file.Noise is not null)
            .ToDictionary(file => file.Path, file => file.Noise!);
    }

    private static IEnumerable<Pair> GroupShape(List<NetworkFile> files)
    {
        var noises = Noises(files);
        var highs = files.FindAll(file => noises.GetValueOrDefault(file.Path) == ExpertNames.High);
        var lows = files.FindAll(file => noises.GetValueOrDefault(file.Path) == ExpertNames.Low);
        if (highs is [var high] && lows is [var low])
        {
            (highs, lows) = ([], []);
            yield return new Pair(low, high);
        }

        while (NextPair(highs, lows) is { High: { } nextHigh } next)
        {
            highs.Remove(nextHigh);
            lows.Remove(next.Low);
            yield return next;
        }

        foreach (var single in highs.Concat(lows).Concat(files.Where(file => !noises.ContainsKey(file.Path))))
        {
            yield return new Pair(single, null);
        }
    }

    private static Pair? NextPair(List<NetworkFile> highs, List<NetworkFile> lows)
    {
        foreach (var high in highs)
        {
            if (Nearest(high, lows) is { } low && Nearest(low, highs) == high)
            {
                return new Pair(low, high);
            }
        }

        return null;
    }

    /// <summary>The one of several that differs least from a file; null if none says the same, or two differ as little.</summary>
    private static NetworkFile? Nearest(NetworkFile file, IReadOnlyList<NetworkFile> others)
    {
        var least = others.GroupBy(other => ExpertNames.Difference(file.Path, other.Path)).MinBy(group => group.Key);
        return least is { Key: < ExpertNames.Unlike } && least.Count() == 1 ? least.Single() : null;
    }
}
