using System.Text.RegularExpressions;

namespace WanSharp.Models.Layout;

/// <summary>
/// Reads from a path which of Wan 2.2's two experts a file is. The experts' tensors have the same names and shapes, so here, and
/// only here, names decide: <c>high</c> and <c>low</c>, in whatever spelling, or Diffusers' <c>transformer</c> and <c>transformer_2</c>.
/// </summary>
internal static partial class ExpertNames
{
    public const string High = "high";
    public const string Low = "low";

    /// <summary>The <see cref="Difference"/> of paths that do not say the same.</summary>
    public const int Unlike = 4;

    // A folder above these may be called high or low for other reasons than noise.
    private const int FoldersRead = 2;

    /// <summary>The other expert's noise.</summary>
    public static string Other(string noise) => noise == High ? Low : High;

    /// <summary>
    /// The noise that a path says its file is for, <c>high</c> or <c>low</c>; null if it says neither, or both. What is nearest to the
    /// file's name decides, and words before letters.
    /// </summary>
    public static string? NoiseOf(string path) => NoiseOfWords(path) ?? ExpertLetters.NoiseOf(path);

    /// <summary>The noise that a title in a file says, or null: only a title that speaks of noise says one.</summary>
    public static string? NoiseOfTitle(string title) =>
        Markers(title) is { Count: > 0 } markers && markers.Exists(marker => marker.IsSure) ? Single(markers) : null;

    /// <summary>Whether a title in a file says that it is of Wan 2.2.</summary>
    public static bool IsOfWan22(string title) => Version22().IsMatch(title) && !Version21().IsMatch(title);

    /// <summary>The noise that words say, of a file's name or of a folder; null if they say none.</summary>
    public static string? NoiseOfWords(string path)
    {
        var stem = Stem(path);
        if (Markers(stem) is { Count: > 0 } own)
        {
            // What is called Wan 2.1 has no experts: its high is of something else, unless it says noise.
            return own.Exists(marker => marker.IsSure) || !SaysWan21(stem) ? Single(own) : null;
        }

        foreach (var (above, folder) in FolderPaths(path, ModelFiles.Deepest).Index())
        {
            var name = Path.GetFileName(folder);
            var markers =
                above >= FoldersRead ? Markers(name).FindAll(marker => marker.IsSure || Wan().IsMatch(name))
                : HasSibling(folder) ? Markers(name)
                : FolderMarkers(name);
            if (markers.Count > 0)
            {
                return Single(markers);
            }
        }

        return TwinOf(path) is var (_, noise) ? noise : DiffusersNoise(path);
    }

    /// <summary>
    /// The file at the same place below a folder that differs in high and low alone, however far above it is, and the noise that this says
    /// of a file's own folder; null if there is none.
    /// </summary>
    public static (string Path, string Noise)? TwinOf(string path)
    {
        var full = Path.GetFullPath(path);
        var (rest, folder) = (Path.GetFileName(full), Path.GetDirectoryName(full));
        for (var i = 0; i < ModelFiles.Deepest && Path.GetFileName(folder) is { Length: > 0 } name; i++)
        {
            var above = Path.GetDirectoryName(folder)!;
            if (Markers(name) is { Count: > 0 } markers && Single(markers) is { } noise && SameIn(above, name, rest) is { } twin)
            {
                return (twin, noise);
            }

            (rest, folder) = (Path.Combine(name, rest), above);
        }

        return null;

        static string? SameIn(string above, string name, string rest) =>
            FolderSearch
                .Folders(above)
                .Where(other => FileWords.Plain(Path.GetFileName(other)) == FileWords.Plain(SwapWords(name)))
                .Select(other => Path.Combine(other, rest))
                .FirstOrDefault(File.Exists);
    }

    /// <summary>
    /// The noise that a word may say which is not known to be about it: one of a folder that is called by other things, too, or one that
    /// is the end of a longer word in the name of a Wan 2.2 model; null if there is none.
    /// </summary>
    public static string? PossibleNoiseOf(string path) =>
        SaysWan21(Stem(path)) ? null
        : Folders(path).Select(Markers).FirstOrDefault(markers => markers.Count > 0) is { } markers ? Single(markers)
        : SaysWan22(path) && Glued().Match(Stem(path)) is { Success: true } word ? NoiseOfWord(word.Value)
        : null;

    /// <summary>Whether a path says that its file is of Wan 2.2, whose 14B models have two experts.</summary>
    public static bool SaysWan22(string path) => WithVersion(path) is { } nearest && Version22().IsMatch(nearest);

    /// <summary>Whether a path says that its file is of Wan 2.1, whose models have no experts.</summary>
    public static bool IsOfWan21(string path) => WithVersion(path) is { } nearest && !Version22().IsMatch(nearest);

    /// <summary>The name in a path that says a version, nearest to the file; null if none does.</summary>
    private static string? WithVersion(string path) =>
        FolderPaths(path, ModelFiles.Deepest)
            .Select(folder => Path.GetFileName(folder))
            .Prepend(Stem(path))
            .FirstOrDefault(name => Version22().IsMatch(name) || Version21().IsMatch(name));

    /// <summary>Whether a file's name says that it was merged from both experts.</summary>
    public static bool SaysMerged(string path) =>
        Merged().IsMatch(Stem(path)) || (Markers(Stem(path)) is { Count: > 1 } markers && Single(markers) is null);

    /// <summary>
    /// Where a file's partner would be if the paths differed in nothing else, or null if the path does not say its noise.
    /// </summary>
    public static string? Swapped(string path)
    {
        var file = Path.GetFileName(path);
        var swapped = SwapWords(file);
        var folder = Path.GetDirectoryName(Path.GetFullPath(path));
        for (var i = 0; i < FoldersRead && Path.GetFileName(folder) is { Length: > 0 } name; i++, folder = Path.GetDirectoryName(folder))
        {
            var other = name switch
            {
                "transformer" => "transformer_2",
                "transformer_2" => "transformer",
                _ => FolderMarkers(name).Count > 0 ? SwapWords(name) : name,
            };
            (file, swapped) = (Path.Combine(name, file), Path.Combine(other, swapped));
        }

        return swapped == file ? null : Path.Combine(folder ?? "", swapped);
    }

    /// <summary>
    /// How alike two paths are apart from high and low: 0 if nothing else differs, 1 if folders do, 2 if precisions do, 3 if dates,
    /// versions and steps do, <see cref="Unlike"/> otherwise. Case and separators do not count.
    /// </summary>
    public static int Difference(string a, string b) =>
        Plain(WithoutDiffusers(a)) == Plain(WithoutDiffusers(b)) ? 0
        : Plain(Stem(a)) == Plain(Stem(b)) ? 1
        : ExpertTwins.AreTwins(a, b) || ExpertTwins.AreTwins(b, a) ? 1
        : Plain(FileWords.WithoutPrecision(Stem(a))) == Plain(FileWords.WithoutPrecision(Stem(b))) ? 2
        : Plain(FileWords.WithoutVersion(Stem(a))) == Plain(FileWords.WithoutVersion(Stem(b))) ? 3
        : Unlike;

    /// <summary>What stands behind the words high and low in a name that are about noise, unless one of them says so itself.</summary>
    public static IReadOnlyList<string> Unsure(string stem) =>
        Markers(stem).Exists(marker => marker.IsSure)
            ? []
            : [.. Marker().Matches(stem).Where(match => !IsQualified(stem, match)).Select(match => stem[(match.Index + match.Length)..])];

    /// <summary>Whether a file's name says that it is of Wan 2.1, whose models have no experts.</summary>
    public static bool SaysWan21(string stem) => Version21().IsMatch(stem) && !Version22().IsMatch(stem);

    /// <summary>Whether what stands behind high or low says that it is not about noise.</summary>
    public static bool IsQualifier(string rest) => Qualifier().IsMatch(rest);

    private static string? Single(List<(string Word, bool IsSure)> markers)
    {
        var deciding = markers.Exists(marker => marker.IsSure) ? markers.FindAll(marker => marker.IsSure) : markers;
        var noises = deciding.Select(marker => NoiseOfWord(marker.Word)).Distinct().ToList();
        return noises is [var one] ? one : null;
    }

    /// <summary>The words high and low in a name that are about noise; sure if they say so.</summary>
    private static List<(string Word, bool IsSure)> Markers(string name) =>
        [
            .. Marker()
                .Matches(name)
                .Where(match => !IsQualified(name, match))
                .Select(match => (match.Groups["word"].Value, match.Groups["noise"].Length > 0)),
        ];

    /// <summary>Those of a folder's name, which must be about noise, or Wan, or nothing else.</summary>
    private static List<(string Word, bool IsSure)> FolderMarkers(string folder) =>
        Markers(folder)
            .FindAll(marker => marker.IsSure || Wan().IsMatch(folder) || Neutral().Replace(folder, "").Length == marker.Word.Length);

    private static string SwapWords(string name) =>
        Marker()
            .Replace(
                name,
                match => IsQualified(name, match) ? match.Value : SwapWord(match.Groups["word"].Value) + match.Groups["noise"].Value
            );

    private static bool IsQualified(string name, Match marker) =>
        marker.Groups["noise"].Length == 0 && IsQualifier(name[(marker.Index + marker.Length)..]);

    private static string NoiseOfWord(string word) => char.ToLowerInvariant(word[0]) is 'h' or '高' ? High : Low;

    private static string SwapWord(string word)
    {
        if (word is "高" or "低")
        {
            return word == "高" ? "低" : "高";
        }

        var other = Other(NoiseOfWord(word));
        other = word.Length < Low.Length ? other[..word.Length] : other; // hi, lo, h and l
        return char.IsLower(word[0]) ? other
            : char.IsUpper(word[^1]) ? other.ToUpperInvariant()
            : char.ToUpperInvariant(other[0]) + other[1..];
    }

    /// <summary>Diffusers' second transformer is for low noise; its first is an expert only where there is a second.</summary>
    private static string? DiffusersNoise(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "";
        return Path.GetFileName(folder) switch
        {
            "transformer_2" => Low,
            "transformer" when Directory.Exists(folder + "_2") || PipelineIndex.HasTwoTransformers(folder) => High,
            _ => null,
        };
    }

    private static string WithoutDiffusers(string path) =>
        Path.Combine(Second().Replace(Path.GetDirectoryName(path) ?? "", "transformer"), Stem(path));

    /// <summary>Whether a file's own name is that of a transformer of Wan, and of no other part.</summary>
    public static bool SaysWan(string path) => Wan().IsMatch(Stem(path)) && !OtherPart().IsMatch(Stem(path));

    private static string Stem(string path) => FileWords.Stem(path);

    private static IEnumerable<string> Folders(string path) => FolderPaths(path, FoldersRead).Select(folder => Path.GetFileName(folder)!);

    /// <summary>A file's folder and those above it, the nearest first.</summary>
    private static IEnumerable<string> FolderPaths(string path, int most)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path));
        for (var i = 0; i < most && Path.GetFileName(folder) is { Length: > 0 }; i++, folder = Path.GetDirectoryName(folder))
        {
            yield return folder!;
        }
    }

    /// <summary>Whether there is a folder next to one that differs in high and low alone.</summary>
    private static bool HasSibling(string folder)
    {
        var (name, swapped) = (Path.GetFileName(folder), SwapWords(Path.GetFileName(folder)));
        return swapped != name && Directory.Exists(Path.Combine(Path.GetDirectoryName(folder)!, swapped));
    }

    private static string Plain(string text) =>
        FileWords.Plain(Marker().Replace(text, match => IsQualified(text, match) ? match.Value : ""));

    // A word begins after what is not a letter, at a capital in mixed case, after 14B and after t2v; it ends where its case does, or
    // before a version or a precision. There is none in "flow" and "follow". One that is followed by "noise" needs no
    // beginning, except that "flow noise" has none.
    [GeneratedRegex(
        @"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z])|(?<=[A-Z]{2})(?=[A-Z][a-z])|(?<=\d[bB]|2[vV]))"
            + @"(?:(?<word>[Hh]igh|[Ll]ow)(?:(?<noise>[-_. ]*[Nn](?:oise|OISE))|(?![a-z])|(?=(?:v|i?q|fp|bf|int|e)\d))"
            + @"|(?<word>HIGH|LOW)(?:(?<noise>[-_. ]*(?:NOISE|[Nn]oise))|(?![A-Z])|(?=(?:V|I?Q|FP|BF|INT|E)\d))"
            + @"|(?<word>[Hh][Ii]?|[Ll][Oo]?)(?<noise>[-_. ]*[Nn](?:oise|OISE)))"
            + @"|(?<word>[Hh]igh|HIGH|(?<![FSGBPELCfsgbpelc])(?:[Ll]ow|LOW))(?<noise>[-_. ]*[Nn](?:oise|OISE))"
            + @"|(?<word>[高低])(?:(?<noise>噪[音声聲]?|ノイズ)|(?![\u3040-\u30FF\u4E00-\u9FFF]))"
    )]
    private static partial Regex Marker();

    [GeneratedRegex("(?<=[a-z])(?:high|(?<![fsgbpelc])low)(?![a-z])", RegexOptions.IgnoreCase)]
    private static partial Regex Glued();

    // High quality, low memory: high and low of other things than noise. A number of steps and of a rank is the file's own.
    [GeneratedRegex(
        "^[-_. ]*(?:quality|qual|hq|res|resolution|def|definition|v?ram|mem|memory|(?:steps?|rank)(?![-_. ]*[0-9])|motion|speed|fps"
            + "|details?|bits?|bitrate|poly|key|light|freq|frequency|contrast|latency"
            + "|cfg|rate|end|fidelity|angle|dynamic|cost|priority|precision|compression|size|effort|power)(?![a-z])",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Qualifier();

    [GeneratedRegex("(?:wan|万相)[-_. ]*(?:video)?[-_. ]*v?2[-_. ]*2(?![0-9])|(?<![a-z0-9])a14b(?![a-z0-9])", RegexOptions.IgnoreCase)]
    private static partial Regex Version22();

    [GeneratedRegex("(?:wan|万相)[-_. ]*(?:video)?[-_. ]*v?2[-_. ]*1(?![0-9])", RegexOptions.IgnoreCase)]
    private static partial Regex Version21();

    [GeneratedRegex(
        "(?:(?<![A-Za-z])|(?<=2v))(?:aio|all[-_. ]?in[-_. ]?one|merged?|one[-_. ]?for[-_. ]?all)(?![A-Za-z])",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Merged();

    [GeneratedRegex(@"(?<=^|[\\/])transformer_2(?=$|[\\/])")]
    private static partial Regex Second();

    [GeneratedRegex("wan|[ti]2v|a14b", RegexOptions.IgnoreCase)]
    private static partial Regex Wan();

    [GeneratedRegex("vae|t5|clip|encoder|lora|tae", RegexOptions.IgnoreCase)]
    private static partial Regex OtherPart();

    // What a folder of an expert may be called besides.
    [GeneratedRegex("noise|model|expert|transformer|dit|unet|模型|[^A-Za-z高低]", RegexOptions.IgnoreCase)]
    private static partial Regex Neutral();
}
