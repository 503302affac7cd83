using WanSharp.Models.Documents;

namespace WanSharp.Jobs.Batches.Wildcards;

/// <summary>
/// Finds the wildcards of a file of YAML or JSON: each list is one, called after the names that lead to it; a list alone is called after
/// the file.
/// </summary>
/// <remarks>Source: adieyal/dynamicprompts:src/dynamicprompts/wildcards/collection/structured.py.</remarks>
internal static class WildcardDocument
{
    private const string Json = ".json";
    private const int MostNames = 100_000;
    private const int MostNodes = 1_000_000; // names again and again by aliases
    private const int MostDepth = 32;

    private static readonly string[] Extensions = [Json, ".yaml", ".yml"];

    /// <summary>Whether a file may be one, by its name.</summary>
    public static bool IsNamedLikeOne(string path) => Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>The wildcards, by name.</summary>
    /// <param name="path">The file.</param>
    /// <param name="text">Its text.</param>
    /// <exception cref="InvalidDataException">It is not what its name says, or has too many.</exception>
    public static IReadOnlyList<(string Name, WildcardSource Source)> Read(string path, string text)
    {
        try
        {
            var isJson = Path.GetExtension(path).Equals(Json, StringComparison.OrdinalIgnoreCase);
            List<(string Name, WildcardSource Source)> found = [];
            var left = MostNodes;
            Add(found, path, isJson ? JsonTree.Read(text) : YamlDocument.Read(text), "", depth: 0, ref left);
            return found;
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{path} is not read: {e.Message}", e);
        }
    }

    private static void Add(List<(string, WildcardSource)> found, string path, DocumentNode? node, string name, int depth, ref int left)
    {
        if (found.Count > MostNames || --left < 0 || depth > MostDepth)
        {
            throw new InvalidDataException($"it has more than {MostNames} wildcards, or names nested more than {MostDepth} deep.");
        }

        switch (node)
        {
            case DocumentNode.List list:
                found.Add((name.Length > 0 ? name : Path.GetFileNameWithoutExtension(path), new WildcardSource(path, list.Items)));
                break;
            case DocumentNode.Map map:
                foreach (var (key, value) in map.Entries)
                {
                    Add(found, path, value, name.Length > 0 ? $"{name}/{key}" : key, depth + 1, ref left);
                }

                break;
            default:
                break; // a text alone offers no choice
        }
    }
}
