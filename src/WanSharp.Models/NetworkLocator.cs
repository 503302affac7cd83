using WanSharp.Models.Hub;
using WanSharp.Models.Layout;
using WanSharp.Tensors;

namespace WanSharp.Models;

/// <summary>Finds the file of a network that a clip names, by name or by path.</summary>
/// <param name="what">What it is called, for messages: a decoder, an upscaler.</param>
/// <param name="places">Folders below each of the others in which tools keep such files; "" for next to other files.</param>
/// <param name="folders">Folders to look for names in, the first one preferred: models folders of any tool.</param>
/// <param name="hub">Finds what is in none of them among what was pulled; null to leave that out.</param>
public sealed class NetworkLocator(string what, IReadOnlyList<string> places, IReadOnlyList<string> folders, HubModels? hub = null)
{
    /// <summary>The file of a network.</summary>
    /// <param name="nameOrPath">
    /// A file, the name of one, with or without its ending, an alias, or <c>ORG/NAME/PATH</c> of what was pulled.
    /// </param>
    /// <exception cref="CheckpointException">There is none.</exception>
    public string Find(string nameOrPath)
    {
        ArgumentNullException.ThrowIfNull(nameOrPath);
        if (nameOrPath.Length > 0 && File.Exists(nameOrPath))
        {
            return Path.GetFullPath(nameOrPath);
        }

        if (nameOrPath.Length > 0 && Path.GetFileName(nameOrPath) == nameOrPath)
        {
            var found = Files().FirstOrDefault(file => Is(file, nameOrPath));
            if (found is not null)
            {
                return Path.GetFullPath(found);
            }
        }

        if (nameOrPath.Length > 0 && hub?.FindFiles(nameOrPath) is { } pulled)
        {
            return pulled is [var one]
                ? Path.GetFullPath(one)
                : throw new CheckpointException(nameOrPath, $"it is {pulled.Count} files: name one of them by its path.");
        }

        var names = Files().Select(file => Path.GetFileNameWithoutExtension(file)).Distinct().Order(StringComparer.Ordinal).ToList();
        throw new CheckpointException(
            nameOrPath.Length > 0 ? nameOrPath : "\"\"",
            $"there is no such file, nor {what} of that name in {string.Join(", ", folders)}; "
                + $"found there: {(names.Count > 0 ? string.Join(", ", names.Take(12)) : "none")}.{NearestName.Hint(nameOrPath, names)}"
        );
    }

    private static bool Is(string file, string name) =>
        Path.GetFileName(file).Equals(name, StringComparison.Ordinal)
        || Path.GetFileNameWithoutExtension(file).Equals(name, StringComparison.Ordinal);

    /// <summary>Checkpoints that may be one: small collections are listed, nothing is read.</summary>
    private IEnumerable<string> Files() =>
        from folder in folders
        from place in places
        let path = Path.Combine(folder, place)
        where Directory.Exists(path)
        from file in ModelFiles.In(path)
        select file;
}
