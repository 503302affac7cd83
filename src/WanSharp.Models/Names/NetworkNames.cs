using WanSharp.Models.Codes;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Models.Names;

/// <summary>The names that a network's tensors have in the files that people have.</summary>
/// <param name="What">What the network is called.</param>
/// <param name="Anchors">Official names that every checkpoint of the network has: what it is recognized by.</param>
/// <param name="Marks">What one of these is called in any layout: what stands before it in a file stands before all names.</param>
/// <param name="Layouts">Tables for the names of a checkpoint, which are given; a table may depend on how many layers there are.</param>
internal sealed record NetworkNames(
    string What,
    IReadOnlyList<string> Anchors,
    IReadOnlyList<string> Marks,
    IReadOnlyList<Func<IReadOnlyCollection<string>, NameTable>> Layouts
)
{
    private const string Average = "ema";

    // What may stand in a network's name in one form of it and not in another.
    private static readonly string[] Wrappers = ["model", "module", "state", "dict", "orig", "mod", "fsdp", "wrapped", "network", "params"];

    // What a training has in addition to the network that it trains.
    private static readonly string[] Helpers = ["critic", "fake", "real", "score", "teacher", "discriminator", "disc", "guidance"];

    private const int MostPrefixes = 16;

    /// <summary>
    /// Official names that may be in a checkpoint twice, as one tensor under two names; the one whose mark comes first is used.
    /// </summary>
    public IReadOnlyList<string> Tied { get; init; } = [];

    /// <summary>The same tensor under the dimensions that the official code gives it, where tools differ in them.</summary>
    public Func<IReadOnlyDictionary<string, Tensor>, string, Tensor>? Shaped { get; init; }

    /// <summary>The names that need no translation.</summary>
    public static NameTable Official(IReadOnlyCollection<string> names) => new();

    /// <summary>A checkpoint's tensors of this network under official names.</summary>
    /// <returns>Null if the checkpoint does not hold this network. Otherwise disposing the result disposes the checkpoint.</returns>
    /// <exception cref="CheckpointException">It holds several of them, two of its tensors are the same one, or it was quantized in a
    /// way that is not supported.</exception>
    public RenamedCheckpoint? Find(ICheckpoint checkpoint)
    {
        var names = QuantizedNames.Read(checkpoint);
        var tables = new Dictionary<string, NameTable>();
        foreach (var prefix in Prefixes(names.Of.Values, Marks).Take(MostPrefixes))
        {
            if (TableOf(names.Of.Values, prefix) is { } table)
            {
                tables.Add(prefix, table);
            }
        }

        if (tables.Count == 0)
        {
            return null;
        }

        var chosen = tables.Count == 1 ? tables.Keys.Single() : TheAverage(checkpoint, [.. tables.Keys]);
        return Rename(checkpoint, names, chosen, tables[chosen], [.. tables.Keys.Where(other => other != chosen)]);
    }

    /// <summary>The anchors that a checkpoint lacks which has most of them; none if it has few, or all.</summary>
    public IReadOnlyList<string> FindMissing(ICheckpoint checkpoint)
    {
        var names = checkpoint
            .Tensors.Keys.Concat(checkpoint.Unsupported.Keys)
            .Select(QuantizedNames.Unwrapped)
            .ToHashSet(StringComparer.Ordinal);
        var best = Anchors;
        foreach (var layout in Layouts)
        {
            var forms = Anchors.ToDictionary(anchor => anchor, anchor => layout(names).Originals(anchor).ToList());
            foreach (var prefix in Prefixes(names, [.. forms.Values.SelectMany(form => form)]).Take(MostPrefixes))
            {
                List<string> missing = [.. Anchors.Where(anchor => !forms[anchor].Exists(form => names.Contains(prefix + form)))];
                best = missing.Count < best.Count ? missing : best;
            }
        }

        return best.Count * 2 <= Anchors.Count ? best : [];
    }

    /// <summary>What stands before a mark, or before all names.</summary>
    private static IEnumerable<string> Prefixes(IEnumerable<string> names, IReadOnlyList<string> marks) =>
        names
            .SelectMany(name => marks.Where(mark => name.EndsWith(mark, StringComparison.Ordinal)).Select(mark => name[..^mark.Length]))
            .Where(prefix => prefix.Length == 0 || prefix[^1] == '.')
            .Distinct()
            .OrderBy(prefix => prefix.Length)
            .ThenBy(prefix => prefix, StringComparer.Ordinal);

    private static IEnumerable<string> Inside(IEnumerable<string> names, string prefix) =>
        names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Select(name => name[prefix.Length..]);

    /// <summary>The table of the layout that gives all anchors for names behind a prefix.</summary>
    private NameTable? TableOf(IEnumerable<string> names, string prefix)
    {
        List<string> inside = [.. Inside(names, prefix)];
        foreach (var layout in Layouts)
        {
            var table = layout(inside);
            var official = inside.Select(table.Translate).ToHashSet(StringComparer.Ordinal);
            if (Anchors.All(official.Contains))
            {
                return table;
            }
        }

        return null;
    }

    /// <summary>
    /// Of the networks that a training leaves, the average is what clips are made with: the one that is called as another is, and an
    /// average as well, or nothing but an average. Those of a critic or a teacher are not.
    /// </summary>
    private string TheAverage(ICheckpoint checkpoint, List<string> prefixes)
    {
        List<(string Prefix, string[] Words)> made =
        [
            .. prefixes
                .Select(prefix => (prefix, WordsOf(prefix)))
                .Where(network => !network.Item2.Intersect(Helpers, StringComparer.OrdinalIgnoreCase).Any()),
        ];
        var averages = made.FindAll(network => IsAverage(network.Words));
        return averages is [var average] && made.Exists(network => !IsAverage(network.Words) && IsOf(average.Words, network.Words))
            ? average.Prefix
            : throw new CheckpointException(
                checkpoint.Path,
                $"it holds {prefixes.Count} networks of one kind ({What}), called "
                    + $"{string.Join(", ", prefixes.Take(8).Select(prefix => CheckpointException.Quote(prefix.TrimEnd('.'))))}: "
                    + (
                        prefixes is [var one, var other] && (AreExperts(one, other) || AreExperts(other, one))
                            ? "they may be Wan 2.2's two experts: save each in a file of its own, called high_noise and low_noise."
                            : "save the one that is meant in a file of its own."
                    )
            );

        static bool AreExperts(string one, string other) =>
            one.Contains("high", StringComparison.OrdinalIgnoreCase) && other.Contains("low", StringComparison.OrdinalIgnoreCase);

        static string[] WordsOf(string prefix) =>
            [
                .. prefix
                    .Split(['.', '_', '-'], StringSplitOptions.RemoveEmptyEntries)
                    .Where(word => !Wrappers.Contains(word, StringComparer.OrdinalIgnoreCase)),
            ];
        static bool IsAverage(string[] words) => words.Contains(Average, StringComparer.OrdinalIgnoreCase);
        static bool IsOf(string[] average, string[] network) =>
            average.Where(word => !word.Equals(Average, StringComparison.OrdinalIgnoreCase)) is var rest
            && (!rest.Any() || rest.SequenceEqual(network, StringComparer.OrdinalIgnoreCase));
    }

    private RenamedCheckpoint Rename(
        ICheckpoint checkpoint,
        QuantizedNames names,
        string prefix,
        NameTable table,
        IReadOnlyList<string> others
    )
    {
        var (official, tied) = Translate(checkpoint, names, prefix, table);
        var tensors = official
            .Where(pair => checkpoint.Tensors.ContainsKey(pair.Value))
            .ToDictionary(pair => pair.Key, pair => names.Joined(pair.Key, checkpoint.Tensors[pair.Value]), StringComparer.Ordinal);
        foreach (
            var (name, stored) in official.Where(pair =>
                WeightScale.Suffixes.Any(suffix => pair.Key.EndsWith(suffix, StringComparison.Ordinal))
            )
        )
        {
            if (checkpoint.Numbers.TryGetValue(stored, out var scale))
            {
                tensors[name] = Tensor.CopyOf<float>([1], [(float)scale]);
            }
        }

        var noted = AddNotes(checkpoint, names, prefix, table, tensors);

        if (Shaped is not null)
        {
            foreach (var name in tensors.Keys.ToList())
            {
                tensors[name] = Shaped(tensors, name);
            }
        }

        return new RenamedCheckpoint(checkpoint, tensors, official, prefix, [.. others], tied) { Noted = noted };
    }

    /// <summary>Adds the header's notes of this network's layers, and tells which those are.</summary>
    private static HashSet<string> AddNotes(
        ICheckpoint checkpoint,
        QuantizedNames names,
        string prefix,
        NameTable table,
        Dictionary<string, Tensor> tensors
    )
    {
        var all = names.Of.Values.ToHashSet(StringComparer.Ordinal);
        var noted = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (layer, note) in HeaderNotes.Read(checkpoint))
        {
            var found = HeaderNotes
                .NamesOf(layer, all.Contains)
                .Where(name => name.StartsWith(prefix, StringComparison.Ordinal) || !all.Contains(name + WeightScale.WeightSuffix))
                .Select(name => table.Translate(name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name))
                .FirstOrDefault(name => tensors.ContainsKey(name + WeightScale.WeightSuffix));
            if (found is not null)
            {
                noted.Add(layer);
                tensors[found + QuantizationNote.Suffix] = HeaderNotes.ToTensor(
                    checkpoint,
                    layer,
                    note,
                    tensors.GetValueOrDefault(found + QuantizationNote.Suffix)
                );
            }
        }

        return noted;
    }

    /// <summary>The stored names by official ones, and those that are a tensor once more.</summary>
    private (Dictionary<string, string> Official, List<string> Tied) Translate(
        ICheckpoint checkpoint,
        QuantizedNames names,
        string prefix,
        NameTable table
    )
    {
        var official = new Dictionary<string, string>(StringComparer.Ordinal);
        List<string> again = [];
        List<TiedTensor> tied = [.. Tied.Select(weight => new TiedTensor(weight))];
        foreach (
            var (stored, name) in names
                .Of.Where(pair => pair.Value.StartsWith(prefix, StringComparison.Ordinal))
                .OrderBy(pair => Rank(pair.Value[prefix.Length..]))
        )
        {
            var translated = table.Translate(name[prefix.Length..]);
            if (tied.Find(tensor => tensor.Has(translated))?.Add(stored, name, translated) == false)
            {
                again.Add(stored);
            }
            else if (!official.TryAdd(translated, stored))
            {
                throw new CheckpointException(
                    checkpoint.Path,
                    stored,
                    $"it and {CheckpointException.Quote(official[translated])} are both the {What}'s "
                        + $"{translated}: which one is meant is not known."
                );
            }
        }

        tied.ForEach(tensor => tensor.RequireSame(checkpoint));
        return (official, again);

        // What belongs to a mark's layer goes with it, such as a scale.
        int Rank(string inside) =>
            Marks.TakeWhile(mark => !inside.StartsWith(mark[..(mark.LastIndexOf('.') + 1)], StringComparison.Ordinal)).Count();
    }
}
