using WanSharp.Tensors;

namespace WanSharp.Models.Layout;

/// <summary>Finds a model's other parts around its transformer, or those that were named.</summary>
/// <param name="source">The model, for errors.</param>
/// <param name="starts">The folders to begin at, the first preferred.</param>
/// <param name="whole">
/// The folder that is searched whole for what is not in the known places; if it was asked for, before any place outside of it.
/// </param>
/// <param name="headers">What was read.</param>
internal sealed class PartSearch(string source, IReadOnlyList<string> starts, string whole, Headers headers)
{
    private readonly List<IReadOnlyList<(string Folder, int Depth)>> _folders = Ordered(
        starts,
        Path.GetFullPath(whole),
        Directory.Exists(source)
    );

    private readonly Dictionary<int, IReadOnlyList<string>> _files = [];

    /// <summary>The folders that are searched, the nearest first.</summary>
    public IEnumerable<IReadOnlyList<(string Folder, int Depth)>> Folders => _folders;

    /// <summary>The checkpoints of each place, the nearest first; a place is looked at when it is reached.</summary>
    public IEnumerable<IReadOnlyList<string>> Places
    {
        get
        {
            for (var i = 0; i < _folders.Count; i++)
            {
                if (!_files.TryGetValue(i, out var files))
                {
                    _files.Add(i, files = [.. ModelFiles.Different(ModelFiles.Near(_folders[i]))]);
                }

                yield return files;
            }
        }
    }

    /// <summary>A part: the one that was named, or the transformer's own file, or the nearest that fits.</summary>
    /// <param name="kind">The part.</param>
    /// <param name="named">The file that was named, or null.</param>
    /// <param name="transformers">The files of the transformers, which may hold it.</param>
    /// <exception cref="CheckpointException">There is none, or several that nothing tells apart.</exception>
    public NetworkFile Find(PartKind kind, string? named, params IEnumerable<NetworkFile> transformers)
    {
        if (named is not null)
        {
            return Named(kind, named);
        }

        if (transformers.FirstOrDefault(kind.Fits) is { } own)
        {
            return own;
        }

        foreach (var (place, folders) in Places.Zip(_folders))
        {
            List<NetworkFile> files = [.. place.Select(headers.Read)];
            var fitting = files.FindAll(file => kind.Fits(file) && !kind.IsOfOthers(file));
            var chosen = fitting.Count > 0 ? Choose(kind, fitting) : null;

            // A damaged part is no reason to take a stranger's, from further away or next to it.
            if (
                (chosen is null || !kind.IsCalledOwn(chosen))
                && (files.Find(kind.IsBroken) ?? Unfinished(folders).FirstOrDefault(kind.IsBroken)) is { } broken
            )
            {
                throw new CheckpointException(
                    broken.Path,
                    $"it is the nearest {kind.What}, and cannot be used: {broken.Reason!.TrimEnd('.')}. Put a whole one there, or name "
                        + $"another with {kind.Option}{(chosen is null ? "" : $", such as {chosen.Path}")}."
                );
            }

            if (chosen is not null)
            {
                return chosen;
            }
        }

        throw NotFound(kind);
    }

    /// <summary>The files of which there is an unfinished download only.</summary>
    private static IEnumerable<NetworkFile> Unfinished(IReadOnlyList<(string Folder, int Depth)> folders) =>
        folders
            .SelectMany(place => FolderSearch.Files(place.Folder, place.Depth, mayStop: true))
            .Where(Checkpoint.IsUnfinished)
            .Select(part => (Part: part, Whole: Path.ChangeExtension(part, null)))
            .Where(one => ModelFiles.IsCheckpoint(one.Whole) && !File.Exists(one.Whole))
            .Select(one => new NetworkFile { Path = one.Whole, Problem = $"its download is not complete, {one.Part} is there instead" });

    /// <summary>Wan's own before others; of one network in several precisions the largest file.</summary>
    private NetworkFile Choose(PartKind kind, IReadOnlyList<NetworkFile> fitting)
    {
        var nearest = fitting.GroupBy(kind.Strangeness).MinBy(group => group.Key)!;
        var isOwn = nearest.Key is 0 or 2; // several names for one thing
        var names = nearest.Select(file => FileWords.Plain(FileWords.WithoutPrecision(FileWords.Stem(file.Path)))).Distinct();
        return isOwn || names.Count() == 1
            ? nearest.MaxBy(file => file.Length)!
            : throw new CheckpointException(
                source,
                $"{nearest.Count()} files fit as the {kind.What} {kind.Which}: {PathList.Of(nearest.Select(file => file.Path))}. "
                    + $"Choose one with {kind.Option}."
            );
    }

    private NetworkFile Named(PartKind kind, string name)
    {
        List<NetworkFile> found = [.. Candidates(name).Select(headers.Read)];
        List<NetworkFile> holding = found.FindAll(file => kind.NetworkOf(file) is not null);
        if (holding is [var one])
        {
            return kind.Fits(one)
                ? one
                : throw new CheckpointException(
                    one.Path,
                    kind.Option == PartOptions.Vae && one.Vae is { FrameScale: > 1 } larger
                        ? $"it decodes to frames {larger.FrameScale} times as large: name it with --decoder, not with {kind.Option}."
                        : $"{kind.Option} names it, but the model needs a {kind.What} {kind.Which}."
                );
        }

        var problem = found.Select(file => file.Reason).OfType<string>().FirstOrDefault();
        var reason =
            found.Count == 0 ? "there is no such file, neither in the current folder nor around the model."
            : holding.Count > 0 ? $"several files of that name hold one: {PathList.Of(holding.Select(file => file.Path))}."
            : $"it holds no {kind.What}.{(problem is null ? "" : $" {problem}")}";
        throw new CheckpointException(name, $"{kind.Option} names it, but {reason}");
    }

    /// <summary>The checkpoints that a name may mean: a file, those in a folder, or those of that name around the model.</summary>
    private IEnumerable<string> Candidates(string name) =>
        File.Exists(name) ? [ShardFiles.SetOf(name)]
        : Directory.Exists(name) ? ModelFiles.In(PartPlaces.SnapshotOf(name), depth: 1)
        : ModelFiles.Different(Places.SelectMany(place => place).Distinct().Where(file => IsCalled(file, name)));

    private static List<IReadOnlyList<(string Folder, int Depth)>> Ordered(IReadOnlyList<string> starts, string whole, bool isAskedFor)
    {
        var places = starts.SelectMany(PartPlaces.Around);
        var isInside = places.ToLookup(place => TakenParts.IsIn(place.Folder, whole), place => place.Searched);
        List<IReadOnlyList<(string Folder, int Depth)>> all = [.. isInside[true], .. isInside[false]];
        all.Insert(isAskedFor ? isInside[true].Count() : all.Count, [(whole, ModelFiles.Deepest)]);
        return all;
    }

    private static bool IsCalled(string file, string name) =>
        Path.GetFileName(file).Equals(name, StringComparison.OrdinalIgnoreCase)
        || FileWords.Stem(file).Equals(name, StringComparison.OrdinalIgnoreCase);

    private CheckpointException NotFound(PartKind kind)
    {
        var files = Places.SelectMany(place => place).Distinct().Select(headers.Read).ToList();
        var problem = files.Select(file => file.Problem).OfType<string>().FirstOrDefault();
        var other = files.Find(file => kind.Fits(file))?.Path;
        return new CheckpointException(
            source,
            $"no {kind.What} {kind.Which} was found; put the model's there, such as {kind.Published}, or name it with {kind.Option}. "
                + $"Looked at {files.Count} checkpoints in {Looked()}.{(problem is null ? "" : $" One of them cannot be used: {problem}")}"
                + $"{(other is null ? "" : $" {other} has the shape, but its name or description says that it belongs to another model.")}"
        );
    }

    /// <summary>The folders that were looked into, for errors.</summary>
    public string Looked()
    {
        var folders = PathList.Of(_folders.SelectMany(place => place).Select(place => place.Folder).Distinct());
        var unread = starts.SelectMany(PartPlaces.Above).Select(ExtraPaths.ProblemIn).FirstOrDefault(problem => problem is not null);
        return unread is null ? folders : $"{folders} ({unread.TrimEnd('.')})";
    }
}
