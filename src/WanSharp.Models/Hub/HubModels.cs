using WanSharp.Tensors;

namespace WanSharp.Models.Hub;

/// <summary>Finds models and files by alias or repository in a hub's cache. Opens no connection.</summary>
/// <param name="cache">The cache.</param>
/// <param name="aliases">The aliases.</param>
public sealed class HubModels(HubCache cache, Lazy<AliasCatalog> aliases)
{
    /// <summary>The cache.</summary>
    public HubCache Cache { get; } = cache;

    /// <summary>The aliases.</summary>
    public AliasCatalog Aliases => aliases.Value;

    /// <summary>The file or folder of a model.</summary>
    /// <param name="name">An alias, <c>ORG/NAME</c> or <c>ORG/NAME@REVISION</c>.</param>
    /// <returns>Its path; null when the name is none of these.</returns>
    /// <exception cref="CheckpointException">
    /// It is one, but its files are not there; the message has the command that fetches them.
    /// </exception>
    public string? FindModel(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (Aliases.Find(name) is { } alias)
        {
            var paths = FindAll(alias);
            return alias.Model is { } model
                ? paths[alias.Files.ToList().IndexOf(model)]
                : throw new CheckpointException(name, $"it is not a model but {alias.What}.");
        }

        if (HubReference.Parse(name) is not { } reference)
        {
            return null;
        }

        var repository = Cache.Of(reference.Repository);
        return repository.CommitOf(reference.Revision) is { } commit && Directory.Exists(repository.SnapshotOf(commit))
            ? repository.SnapshotOf(commit)
            : throw new CheckpointException(name, NotThere(reference.ToString()));
    }

    /// <summary>
    /// The files of an alias, the file that <c>ORG/NAME/PATH</c> names, or one of an alias by its own name, which metadata of clips have;
    /// for what is part of a model: a VAE, a LoRA, a decoder. Other files have names that several repositories use.
    /// </summary>
    /// <param name="name">The name.</param>
    /// <returns>The paths, in the alias's order; null when the name is neither an alias nor something that was pulled.</returns>
    /// <exception cref="CheckpointException">A file of the alias is not there; the message has the command that fetches it.</exception>
    public IReadOnlyList<string>? FindFiles(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (Aliases.Find(name) is { } alias)
        {
            return FindAll(alias);
        }

        var parts = name.Split('/', 3);
        return parts.Length == 3
            && HubReference.Parse($"{parts[0]}/{parts[1]}") is { } reference
            && HubPath.IsSafe(parts[2])
            && TryFind(reference, parts[2]) is { } path
                ? [path]
            : FindNamed(name) is { } named ? [named]
            : null;
    }

    /// <summary>A file that is there and that an alias has, by its name without folders, with or without its extension.</summary>
    private string? FindNamed(string name) =>
        Aliases
            .All.SelectMany(alias => alias.Files.Where(file => IsCalled(file, name)).Select(file => TryFind(alias.Reference, file)))
            .FirstOrDefault(path => path is not null);

    private static bool IsCalled(string file, string name)
    {
        var last = file.Split('/')[^1];
        return last.Equals(name, StringComparison.Ordinal) || Path.GetFileNameWithoutExtension(last).Equals(name, StringComparison.Ordinal);
    }

    /// <summary>The command that fetches files of a repository: by an alias that has them all, or by their names.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="names">The files' names without folders.</param>
    public string PullLine(string repository, IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        return "wan models pull "
            + (
                FindAlias(repository, names) is { } alias
                    ? alias.Name
                    : $"{repository} {string.Join(' ', names.Select(name => $"--files \"*{name}\""))}"
            );
    }

    /// <summary>An alias that has all of some files; null where there is none.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="names">The files' names without folders.</param>
    public ModelAlias? FindAlias(string repository, IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        return Aliases.All.FirstOrDefault(alias =>
            alias.Repository.Equals(repository, StringComparison.OrdinalIgnoreCase)
            && names.All(name => alias.Files.Any(file => file.Split('/')[^1].Equals(name, StringComparison.Ordinal)))
        );
    }

    /// <summary>The files of an alias, each with its path, or null where it is missing.</summary>
    public IReadOnlyList<(string File, string? Path)> Look(ModelAlias alias)
    {
        ArgumentNullException.ThrowIfNull(alias);
        return [.. alias.Files.Zip(TryFindAll(alias.Reference, alias.Files))];
    }

    private string? TryFind(HubReference reference, string file) => TryFindAll(reference, [file])[0];

    /// <summary>The files, all of one commit, or null for each that it does not have.</summary>
    private string?[] TryFindAll(HubReference reference, IReadOnlyList<string> files)
    {
        var repository = Cache.Of(reference.Repository);
        var commit = repository.CommitWith(reference.Revision, files);
        return
        [
            .. files
                .Select(file => commit is null ? null : repository.PathOf(commit, file))
                .Select(path => File.Exists(path) ? path : null),
        ];
    }

    private IReadOnlyList<string> FindAll(ModelAlias alias)
    {
        var files = Look(alias);
        return files.Where(file => file.Path is null).Select(file => file.File).ToList() is { Count: > 0 } missing
            ? throw new CheckpointException(
                alias.Name,
                missing.Count == files.Count
                    ? NotThere(alias.Name)
                    : $"{missing[0]} of {alias.Repository} is not in {Cache.Folder}. To download it: wan models pull {alias.Name}."
            )
            : [.. files.Select(file => file.Path!)];
    }

    private string NotThere(string asked) => $"it is not in {Cache.Folder}. To download it: wan models pull {asked}.";
}
