using WanSharp.Graphs.Networks;
using WanSharp.Models.Hub;
using WanSharp.Models.Names;
using WanSharp.Runtime.Adapters;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Models.Loras;

/// <summary>The LoRAs of a model: finds their files, opens each once, and tells what they do to the model's transformers.</summary>
/// <remarks>Thread-safe. Files stay mapped until the model is disposed, unless they change: then they are opened anew.</remarks>
public sealed class LoraLibrary : IDisposable
{
    private const string FolderName = "loras";
    private const int MostListed = 10_000;
    private const int MostNamed = 12;

    private static readonly string[] Extensions = [".safetensors", ".sft", ".pt", ".pth", ".bin", ".ckpt"];

    private readonly Lock _gate = new();
    private readonly Dictionary<string, OpenedLora> _opened = new(StringComparer.Ordinal);
    private readonly List<OpenedLora> _old = []; // their tensors may still be in use
    private readonly Lazy<IReadOnlyDictionary<string, Shape>> _weights;
    private readonly FileDigests _digests;
    private readonly LoraPlaces _places;
    private readonly string[] _near;
    private readonly Func<IEnumerable<string>> _folders;
    private readonly string _model;

    /// <param name="folders">Where the model is, and where its transformer is.</param>
    /// <param name="model">Its name.</param>
    /// <param name="transformer">Its transformers' dimensions.</param>
    /// <param name="digests">Notes digests of files.</param>
    /// <param name="places">Where else LoRAs are looked for.</param>
    /// <param name="around">The folders of LoRAs that are around the model now, the nearest first.</param>
    internal LoraLibrary(
        IReadOnlyList<string> folders,
        string model,
        TransformerConfig transformer,
        FileDigests digests,
        LoraPlaces places,
        Func<IEnumerable<string>> around
    )
    {
        (_model, _digests, _places, _folders) = (model, digests, places, around);
        _near = [.. folders.Select(Path.GetFullPath).Distinct()];
        _weights = new(() => NetworkSlots.Of(transformer).ToDictionary(slot => slot.Name, slot => slot.Shape, StringComparer.Ordinal));
    }

    /// <summary>
    /// Where names are looked up: folders called <c>loras</c>, <c>Lora</c> or <c>LyCORIS</c> in the model's folder and in those above it,
    /// as tools have them, and the user's folders. Those that are there now.
    /// </summary>
    public IReadOnlyList<string> Folders => [.. _folders().Concat(_places.Folders.Where(Directory.Exists)).Distinct()];

    /// <summary>The folder that a message names for new files.</summary>
    public string Home => Path.Combine(_near[0], FolderName);

    /// <summary>Finds what was pulled; null where nothing was said about it.</summary>
    public HubModels? Hub => _places.Hub;

    /// <summary>The transformers' weights by official name, with their shapes.</summary>
    internal IReadOnlyDictionary<string, Shape> Weights => _weights.Value;

    /// <summary>The file of a LoRA.</summary>
    /// <param name="name">
    /// A path; a name in one of <see cref="Folders"/> or the folders in them, with or without its extension; an alias of one file, or
    /// <c>ORG/NAME/PATH</c> of what was pulled.
    /// </param>
    /// <exception cref="InvalidRequestException">There is none, or there are several.</exception>
    public string Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (File.Exists(name))
        {
            return Path.GetFullPath(name);
        }

        if (Directory.Exists(name) && LoraPlaces.OnlyIn(name, Extensions) is { } only)
        {
            return only;
        }

        var listed = Listed().ToList();
        var wanted = name.Replace('\\', '/');
        string[] found =
        [
            .. listed.Where(file => Names(file).Contains(wanted, StringComparer.OrdinalIgnoreCase)).Select(file => file.Path).Distinct(),
        ];
        return found switch
        {
            [var one] => one,
            [] => Pulled(name) ?? throw Missing(name, listed),
            _ => throw new InvalidRequestException(
                "lora",
                $"'{name}' may be {string.Join(" or ", found.Take(4))}: name one of them with its folder."
            ),
        };
    }

    /// <summary>
    /// The file of an exact name: next to the model or its transformer, in <see cref="Folders"/> and the folders in them, or in what was
    /// pulled of a repository.
    /// </summary>
    /// <param name="file">The file's name, with its extension.</param>
    /// <param name="repository">The repository that has it; null for none.</param>
    /// <returns>Its path; null when it is nowhere.</returns>
    public string? FindFile(string file, string? repository)
    {
        ArgumentNullException.ThrowIfNull(file);
        return _near.Concat(Folders).Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists)
            ?? _near
                .Where(Directory.Exists)
                .SelectMany(Directory.EnumerateFiles)
                .Concat(Listed().Select(listed => listed.Path))
                .FirstOrDefault(path => Path.GetFileName(path).Equals(file, StringComparison.OrdinalIgnoreCase))
            ?? (repository is null ? null : Hub?.Cache.FindByName(repository, file));
    }

    /// <summary>The only expert that a LoRA's names are of; null where they are of both, or do not say.</summary>
    /// <exception cref="CheckpointException">The file cannot be read.</exception>
    public LoraExpert? ExpertOf(string path)
    {
        lock (_gate)
        {
            return Open(path).File.Expert;
        }
    }

    /// <summary>What a LoRA does to the model.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="expert">Which of two experts is meant; null where there is one transformer.</param>
    /// <exception cref="CheckpointException">The file cannot be read, or is not of this model.</exception>
    public LoraFit FitOf(string path, LoraExpert? expert)
    {
        lock (_gate)
        {
            return Open(path).FitTo(_weights.Value, _model, expert);
        }
    }

    /// <summary>What tells a LoRA from others. Its files are read once, then noted.</summary>
    /// <exception cref="CheckpointException">The file holds no LoRA.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public LoraIdentity IdentityOf(string path, CancellationToken cancellationToken = default)
    {
        LoraFile file;
        lock (_gate)
        {
            file = Open(path).File;
        }

        return LoraIdentity.Of(file, _digests, cancellationToken);
    }

    /// <summary>Whether two paths are the same LoRA: one file by two names, or a copy of it.</summary>
    /// <param name="path">A file.</param>
    /// <param name="other">Another.</param>
    /// <param name="byContent">Whether two files of one length are read, unless their digests are noted.</param>
    internal bool AreSame(string path, string other, bool byContent = true)
    {
        try
        {
            return FilesOf(path).SequenceEqual(FilesOf(other))
                || (byContent && FileFacts.Of(path).Length == FileFacts.Of(other).Length && IdentityOf(path) == IdentityOf(other));
        }
        catch (Exception e) when (e is CheckpointException or IOException or UnauthorizedAccessException)
        {
            return false; // whoever opens it says what is wrong
        }
    }

    /// <summary>LoRAs as a transformer takes them; the caller disposes it before the model.</summary>
    /// <param name="loras">What each does, in their order.</param>
    public Adapter CreateAdapter(IReadOnlyList<LoraFit> loras) => new([.. loras.Select(fit => fit.Changes)], _weights.Value);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var lora in _opened.Values.Concat(_old))
            {
                lora.Dispose();
            }

            _opened.Clear();
            _old.Clear();
        }
    }

    /// <summary>A file, opened once; the gate is held.</summary>
    private OpenedLora Open(string path)
    {
        // Not by the path without links: the configuration is looked for in the folder that was named.
        var key = Path.GetFullPath(path);
        if (_opened.TryGetValue(key, out var lora) && lora.IsUnchanged)
        {
            return lora;
        }

        var opened = OpenedLora.Open(path);
        if (lora is not null)
        {
            _old.Add(lora);
        }

        return _opened[key] = opened;
    }

    private IEnumerable<string> FilesOf(string path)
    {
        lock (_gate)
        {
            return [.. Open(path).File.Files.Select(FileFacts.RealPath)];
        }
    }

    private string? Pulled(string name)
    {
        try
        {
            return Hub?.FindFiles(name) switch
            {
                null => null,
                [var one] => Path.GetFullPath(one),
                var several => throw new InvalidRequestException(
                    "lora",
                    $"'{name}' is {several.Count} files: {string.Join(", ", several.Select(file => Path.GetFileName(file)))}. Name one of "
                        + "them by its path, give each expert its own (--lora-high, --lora-low), or use a preset of `wan presets`."
                ),
            };
        }
        catch (CheckpointException e)
        {
            throw new InvalidRequestException("lora", e.Message) { IsOfFile = true };
        }
    }

    private static IEnumerable<string> Names((string Folder, string Path) file)
    {
        var relative = Path.GetRelativePath(file.Folder, file.Path).Replace('\\', '/');
        var name = Path.GetFileName(file.Path);
        return [relative, Path.ChangeExtension(relative, null), name, Path.GetFileNameWithoutExtension(name)];
    }

    private IEnumerable<(string Folder, string Path)> Listed()
    {
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            IgnoreInaccessible = true,
            MaxRecursionDepth = 4,
        };
        return Folders
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*", options).Select(path => (folder, path)))
            .Where(file => Extensions.Contains(Path.GetExtension(file.path), StringComparer.OrdinalIgnoreCase))
            .Take(MostListed);
    }

    private InvalidRequestException Missing(string name, IEnumerable<(string Folder, string Path)> listed)
    {
        var names = listed
            .Select(file => Path.GetFileNameWithoutExtension(file.Path))
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Order(StringComparer.OrdinalIgnoreCase)
            .ToList();
        if (
            name.LastIndexOf(':') is > 0 and var mark
            && (
                File.Exists(name[..mark])
                || names.Contains(Path.GetFileNameWithoutExtension(name[..mark]), StringComparer.OrdinalIgnoreCase)
            )
        )
        {
            return new InvalidRequestException(
                "lora",
                $"'{name[(mark + 1)..]}' is not a strength: write a number, such as {name[..mark]}:0.8, or leave it out for 1."
            );
        }

        var more = names.Count > MostNamed ? $" and {names.Count - MostNamed} more" : "";
        return new InvalidRequestException(
            "lora",
            $"There is no LoRA '{name}': it is not a file, and "
                + (
                    Folders.Count == 0
                        ? $"there is no folder {FolderName} with the model. Give the file's path, or put it into {Home}."
                        : $"{string.Join(" and ", Folders)} {(Folders.Count == 1 ? "does" : "do")} not contain it; found there: "
                            + (names.Count == 0 ? "none" : string.Join(", ", names.Take(MostNamed)))
                            + $"{more}.{NearestName.Hint(name, names)}"
                )
        )
        {
            IsOfFile = true,
        };
    }
}
