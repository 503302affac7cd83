using WanSharp.Tensors;

namespace WanSharp.Models.Layout;

/// <summary>Finds the other expert of a transformer among the files around it.</summary>
/// <param name="headers">What was read.</param>
internal sealed class ExpertPartner(Headers headers)
{
    /// <summary>
    /// The other expert, in the nearest place that has one, or only in the transformer's folder if its name does not say its noise; null if
    /// there is none.
    /// </summary>
    /// <param name="file">The transformer.</param>
    /// <param name="noise">The noise that it is for, if that is known.</param>
    /// <exception cref="CheckpointException">Several files may be meant.</exception>
    public NetworkFile? Find(NetworkFile file, string? noise)
    {
        var places = PlacesOf(file);
        return (noise is null ? places.Take(1) : places)
            .Select(place => In(place, file, noise))
            .FirstOrDefault(partner => partner is not null);
    }

    /// <summary>What to say of an expert that is alone, or whose partner cannot be used.</summary>
    public CheckpointException Missing(NetworkFile file, string noise)
    {
        var other = ExpertNames.Other(noise);
        var example = ExpertNames.Swapped(file.Path) is { } path ? $", such as {path}" : "";
        var folders = PathList.Of(PartPlaces.Siblings(file.Path).Select(place => place.Folder).Distinct());
        var one = $"it is one of Wan 2.2's two experts, the one for {noise} noise, and the other one";
        return new CheckpointException(
            file.Path,
            Broken(file, other) is var (broken, problem)
                ? $"{one} cannot be used: {broken}: {problem.TrimEnd('.')}. Get it whole, or name another with {OptionOf(other)}."
                : $"{one} was not found: looked for a transformer of the same shape that is called {other}{example}, in {folders}. Name "
                    + $"it with {OptionOf(other)}."
        );
    }

    /// <summary>The file that is called as the other expert and cannot be used, and why; null if there is none.</summary>
    private (string Path, string Problem)? Broken(NetworkFile file, string noise)
    {
        foreach (var place in PlacesOf(file))
        {
            var called = FolderSearch
                .Files(place.Folder, place.Depth, mayStop: true)
                .Where(path => (ModelFiles.IsCheckpoint(path) || Checkpoint.IsUnfinished(path)) && ExpertNames.NoiseOf(path) == noise)
                .Select(path => Checkpoint.IsUnfinished(path) ? path : ShardFiles.SetOf(path))
                .Distinct()
                .Select(path => (Path: path, Difference: ExpertNames.Difference(file.Path, WithoutEnding(path))))
                .Where(called => called.Difference < ExpertNames.Unlike)
                .OrderBy(called => called.Difference);
            foreach (var (path, _) in called)
            {
                if (Checkpoint.IsUnfinished(path))
                {
                    return (path, "its download is not complete");
                }

                if (headers.Read(path) is { Transformer: null, IsKnown: false, Reason: { } reason })
                {
                    return (path, reason);
                }
            }
        }

        return null;
    }

    private static string WithoutEnding(string path) => Checkpoint.IsUnfinished(path) ? Path.ChangeExtension(path, null) : path;

    private static IEnumerable<(string Folder, int Depth)> PlacesOf(NetworkFile file) =>
        new[] { file.Path, ModelFiles.RealPath(file.Path) }.Distinct().SelectMany(PartPlaces.Siblings).Distinct();

    /// <summary>What to ask about a transformer that may be an expert.</summary>
    public static CheckpointException PerhapsMissing(NetworkFile file, string noise) =>
        new(
            file.Path,
            $"its name or its folder's may say that it is the expert for {noise} noise, one of Wan 2.2's two: name the other one with "
                + $"{OptionOf(ExpertNames.Other(noise))}, or give this file to both {PartOptions.HighNoise} and {PartOptions.LowNoise} if "
                + "it takes all steps."
        );

    /// <summary>Refuses a transformer if there is another of its shape by whose name the two may be experts.</summary>
    /// <exception cref="CheckpointException">There is one.</exception>
    public void RequireNoTwin(NetworkFile file)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(file.Path))!;
        var above = Path.GetDirectoryName(folder);
        var own = ModelFiles.RealPath(file.Path);
        var near = ModelFiles
            .Near([(folder, 0)])
            .Concat(above is null ? [] : FolderSearch.Folders(above).Select(other => Path.Combine(other, Path.GetFileName(file.Path))))
            .Where(path => File.Exists(path) && ExpertTwins.MayBeTwins(file.Path, path) && ModelFiles.RealPath(path) != own);
        if (
            near.Select(headers.Read).FirstOrDefault(other => other.Transformer == file.Transformer && !SameContent.Is(other, file)) is
            { } twin
        )
        {
            throw new CheckpointException(
                file.Path,
                $"it and {twin.Path} are of one shape, and by their names they may be Wan 2.2's two experts: name them with "
                    + $"{PartOptions.HighNoise} and {PartOptions.LowNoise}, or give this file to both if it takes all steps."
            );
        }
    }

    private NetworkFile? In((string Folder, int Depth) place, NetworkFile file, string? noise)
    {
        var paths = ModelFiles.Different(ModelFiles.Near([place]).Prepend(file.Path).DistinctBy(Path.GetFullPath)).ToList();
        var twins = ExpertTwins.NoisesOf([.. paths.Where(path => ExpertNames.NoiseOf(path) is null)]);
        var own = Path.GetDirectoryName(Path.GetFullPath(file.Path));
        var near = paths.Where(path =>
            path != file.Path
            && (ExpertNames.NoiseOf(path) is not null || twins.ContainsKey(path) || Path.GetDirectoryName(Path.GetFullPath(path)) == own)
        );
        List<NetworkFile> all =
        [
            file,
            .. near.Select(headers.Read)
                .Where(other => other.Transformer == file.Transformer && (other.Noise is not null || twins.ContainsKey(other.Path))),
        ];
        var groups = Experts.Group(all);
        if (groups.FirstOrDefault(group => group.High is not null && group.Paths.Contains(file.Path)) is { High: { } high, Low: { } low })
        {
            return low.Path == file.Path ? high : low;
        }

        var noises = Experts.Noises(all);
        noise ??= noises.GetValueOrDefault(file.Path);
        return noise is null
            ? null
            : Only(
                file,
                noise,
                groups.Where(group => group.High is null && noises.GetValueOrDefault(group.Low.Path) == ExpertNames.Other(noise))
            );
    }

    private static NetworkFile? Only(NetworkFile file, string noise, IEnumerable<Experts.Pair> singles)
    {
        var files = singles.Select(single => single.Low).ToList();
        return files.Count <= 1
            ? files.FirstOrDefault()
            : throw new CheckpointException(
                file.Path,
                $"it is the expert for {noise} noise, and {files.Count} files may be the other one: choose one with "
                    + $"{OptionOf(ExpertNames.Other(noise))}: {PathList.Of(files.Select(one => one.Path))}."
            );
    }

    private static string OptionOf(string noise) => noise == ExpertNames.High ? PartOptions.HighNoise : PartOptions.LowNoise;
}
