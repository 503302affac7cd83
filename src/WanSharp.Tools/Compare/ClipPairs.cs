using System.Globalization;
using WanSharp.Engine.Requests;
using WanSharp.Media;
using WanSharp.Media.Metadata;

namespace WanSharp.Tools.Compare;

/// <summary>
/// Finds the clips of two folders that belong together: those of one prompt, seed, size and length, or, where that does not say it, of one
/// name.
/// </summary>
/// <param name="Pairs">The clips of both folders, in the order of their names.</param>
/// <param name="Alone">Files of either folder without a like.</param>
public sealed record ClipPairs(IReadOnlyList<ClipPair> Pairs, IReadOnlyList<string> Alone)
{
    private static readonly string[] Endings = [".mp4", ".webm", ".gif", ".webp", ".mov", ".mkv"];

    /// <summary>Pairs two clips, or the clips of two folders.</summary>
    /// <param name="ffmpeg">Reads the settings that are in clips; null for none.</param>
    /// <param name="actual">A clip or a folder: what is judged.</param>
    /// <param name="expected">The other clip or folder.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="MediaException">One is missing, one is a folder and the other is not, or nothing belongs together.</exception>
    public static async Task<ClipPairs> FindAsync(string? ffmpeg, string actual, string expected, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(actual);
        ArgumentNullException.ThrowIfNull(expected);
        var folders = (Directory.Exists(actual), Directory.Exists(expected));
        if (folders is (false, false))
        {
            MediaFile.Require(actual);
            MediaFile.Require(expected);
            return new ClipPairs([new ClipPair(Path.GetFileName(actual), actual, expected)], []);
        }

        if (folders is not (true, true))
        {
            throw new MediaException(
                $"{(folders.Item1 ? actual : expected)} is a folder and {(folders.Item1 ? expected : actual)} is not: give two clips or "
                    + "two folders."
            );
        }

        var (ours, theirs) = (Clips(actual), Clips(expected));
        var pairs = new SortedDictionary<string, ClipPair>(StringComparer.Ordinal);
        var known = await ReadAsync(ffmpeg, ours.Concat(theirs), cancellationToken).ConfigureAwait(false);
        var likes = OnlyOnes(theirs, known);
        foreach (var (identity, file) in OnlyOnes(ours, known))
        {
            if (likes.TryGetValue(identity, out var like))
            {
                pairs.Add(file, new ClipPair(identity.ToString(), file, like));
            }
        }

        AddByName(pairs, known, (actual, ours), (expected, theirs));
        var found = pairs.Values.SelectMany(pair => new[] { pair.Actual, pair.Expected }).ToHashSet(StringComparer.Ordinal);
        return pairs.Count > 0
            ? new ClipPairs([.. pairs.Values], [.. ours.Concat(theirs).Where(file => !found.Contains(file))])
            : throw new MediaException(
                $"No clip of {actual} ({ours.Count} there) belongs to one of {expected} ({theirs.Count}): neither their settings nor their "
                    + "names are the same."
            );
    }

    private static List<string> Clips(string folder) =>
        [
            .. Directory
                .EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true })
                .Where(file => Endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>What clips say of themselves, by file.</summary>
    private static async Task<Dictionary<string, Identity>> ReadAsync(
        string? ffmpeg,
        IEnumerable<string> files,
        CancellationToken cancellationToken
    )
    {
        var known = new Dictionary<string, Identity>(StringComparer.Ordinal);
        foreach (var file in files)
        {
            try
            {
                var json = await MetadataReader.ReadAsync(ffmpeg, file, cancellationToken).ConfigureAwait(false);
                if (json is not null && GenerationSettings.FromJson(json) is { } settings)
                {
                    known[file] = new Identity(
                        settings.Prompt,
                        settings.Seed,
                        (
                            settings.OutputWidth ?? settings.Width,
                            settings.OutputHeight ?? settings.Height,
                            settings.OutputFrames ?? settings.Frames
                        )
                    );
                }
            }
            catch (MediaException)
            {
                // Its name may say it; comparing says what is wrong with the file.
            }
        }

        return known;
    }

    /// <summary>The clips that no other of the same folder is like.</summary>
    private static Dictionary<Identity, string> OnlyOnes(List<string> files, Dictionary<string, Identity> known) =>
        files
            .Where(known.ContainsKey)
            .GroupBy(file => known[file])
            .Where(group => group.Count() == 1)
            .ToDictionary(group => group.Key, group => group.Single());

    /// <summary>Pairs what has one name, unless the clips say that they are of different prompts, seeds or sizes.</summary>
    private static void AddByName(
        SortedDictionary<string, ClipPair> pairs,
        Dictionary<string, Identity> known,
        (string Folder, List<string> Files) ours,
        (string Folder, List<string> Files) theirs
    )
    {
        var taken = pairs.Values.Select(pair => pair.Expected).ToHashSet(StringComparer.Ordinal);
        var names = theirs
            .Files.Where(file => !taken.Contains(file))
            .GroupBy(file => NameIn(theirs.Folder, file), StringComparer.Ordinal)
            .Where(group => group.Count() == 1)
            .ToDictionary(group => group.Key, group => group.Single(), StringComparer.Ordinal);
        foreach (var file in ours.Files.Where(file => !pairs.ContainsKey(file)))
        {
            var name = NameIn(ours.Folder, file);
            if (names.TryGetValue(name, out var like) && !Differ(known, file, like))
            {
                names.Remove(name);
                pairs.Add(file, new ClipPair(name, file, like));
            }
        }
    }

    private static bool Differ(Dictionary<string, Identity> known, string file, string other) =>
        known.TryGetValue(file, out var one) && known.TryGetValue(other, out var two) && one != two;

    /// <summary>A clip's place in its folder without its ending: a clip may be an mp4 here and a webm there.</summary>
    private static string NameIn(string folder, string file) => Path.ChangeExtension(Path.GetRelativePath(folder, file), null);

    private sealed record Identity(string Prompt, ulong Seed, (int Width, int Height, int Frames) Measures)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Prompt} (seed {Seed})");
    }
}
