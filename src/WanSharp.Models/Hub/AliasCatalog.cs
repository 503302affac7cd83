using System.Text.Json;
using WanSharp.Tensors;

namespace WanSharp.Models.Hub;

/// <summary>The aliases that there are: the program's, and the user's own, which come first. Immutable.</summary>
public sealed class AliasCatalog
{
    /// <summary>The name of the user's file, in the configuration folder.</summary>
    public const string FileName = "aliases.json";

    private const string Resource = "WanSharp.Models.aliases.json";
    private const int MostBytes = 1 << 20;

    private readonly SortedDictionary<string, ModelAlias> _aliases = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>All aliases, by name.</summary>
    public IReadOnlyCollection<ModelAlias> All => _aliases.Values;

    /// <summary>Reads the program's aliases, then a file of the user's.</summary>
    /// <param name="file">The file, which need not exist; null for none.</param>
    /// <exception cref="InvalidDataException">The file is not a list of aliases; the message says what is wrong.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static AliasCatalog Load(string? file = null)
    {
        var catalog = new AliasCatalog();
        using (var own = typeof(AliasCatalog).Assembly.GetManifestResourceStream(Resource)!)
        {
            catalog.Add(own, Resource);
        }

        if (file is not null && File.Exists(file))
        {
            using var users = PlainFile.OpenRead(file);
            catalog.Add(users, file);
        }

        return catalog;
    }

    /// <summary>An alias by its name, ignoring case; null when there is none.</summary>
    public ModelAlias? Find(string name) => _aliases.GetValueOrDefault(name);

    private void Add(Stream stream, string source)
    {
        try
        {
            if (stream.Length > MostBytes)
            {
                throw new InvalidDataException($"{source} has {stream.Length} bytes, and no file of aliases has more than {MostBytes}.");
            }

            foreach (var (name, alias) in UserJson.ReadNamed<ModelAlias>(ReadAll(stream)))
            {
                _aliases[name] = Checked(source, name, alias);
            }
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(
                $"{source} is not a list of aliases: {(e.InnerException ?? e).Message} Each alias has what, repository and files.",
                e
            );
        }
    }

    private static byte[] ReadAll(Stream stream)
    {
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }

    private static ModelAlias Checked(string source, string name, ModelAlias alias)
    {
        var problem =
            name.Length == 0 || name.AsSpan().ContainsAny("/@ ") ? "its name has a slash, an @ or a space"
            : HubReference.Parse(alias.Reference.ToString()) is null ? $"'{alias.Reference}' is not a repository: write ORG/NAME"
            : alias.Files.Count == 0 ? "it names no files"
            : alias.Files.FirstOrDefault(file => !HubPath.IsSafe(file)) is { } file ? $"'{file}' is not a path in a repository"
            : alias.Model is { } model && !alias.Files.Contains(model) ? $"its model '{model}' is not one of its files"
            : null;
        return problem is null
            ? alias with
            {
                Name = name,
            }
            : throw new InvalidDataException($"{source}: the alias '{name}' cannot be used: {problem}.");
    }
}
