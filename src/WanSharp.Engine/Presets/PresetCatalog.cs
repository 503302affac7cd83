using System.Text.Json;
using WanSharp.Runtime;
using WanSharp.Tensors;

namespace WanSharp.Engine.Presets;

/// <summary>The presets that there are, by name and alias: those that ship with the program, then those of files. Immutable.</summary>
public sealed class PresetCatalog
{
    /// <summary>The files' name, in the user's configuration folder and next to a model.</summary>
    public const string FileName = "presets.json";

    private const string Resource = "WanSharp.Engine.presets.json";
    private const int MostBytes = 1 << 20;

    private static readonly Lazy<PresetCatalog> FromResource = new(() =>
    {
        using var stream = typeof(PresetCatalog).Assembly.GetManifestResourceStream(Resource)!;
        using var content = new MemoryStream();
        stream.CopyTo(content);
        var catalog = new PresetCatalog();
        catalog.Add("the program's presets", Parse("the program's presets", content.ToArray()));
        return catalog;
    });

    private readonly Dictionary<string, Preset> _presets = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _names = new(StringComparer.OrdinalIgnoreCase);

    private PresetCatalog() { }

    /// <summary>The presets that ship with the program.</summary>
    public static PresetCatalog Shipped => FromResource.Value;

    /// <summary>All presets by their names.</summary>
    public IReadOnlyDictionary<string, Preset> All => _presets;

    /// <summary>The shipped presets, and those of files; a preset of a later file replaces one of the same name.</summary>
    /// <exception cref="InvalidDataException">A file is not a list of presets; the message names the file and the way out.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static PresetCatalog Load(IEnumerable<string> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return files.Aggregate(Shipped, (catalog, file) => catalog.With(file));
    }

    /// <summary>These presets, and those of a file that replace them.</summary>
    /// <inheritdoc cref="Load" path="/exception"/>
    public PresetCatalog With(string file) => With(file, Read(file));

    /// <summary>These presets, and those of a file's content.</summary>
    /// <inheritdoc cref="Load" path="/exception"/>
    internal PresetCatalog With(string file, byte[] json)
    {
        if (json.Length > MostBytes)
        {
            throw new InvalidDataException(
                $"{file} is {json.Length} bytes long, more than a list of presets may be ({MostBytes}): remove some."
            );
        }

        var catalog = new PresetCatalog();
        foreach (var (name, preset) in _presets)
        {
            catalog._presets.Add(name, preset);
        }

        foreach (var (alias, name) in _names)
        {
            catalog._names.Add(alias, name);
        }

        catalog.Add(file, Parse(file, json));
        return catalog;
    }

    /// <summary>A preset by its name or an alias; null if there is none.</summary>
    internal (string Name, Preset Preset)? FindByAnyName(string name) =>
        _names.TryGetValue(name, out var proper) ? (proper, _presets[proper]) : null;

    /// <summary>A preset by its name or an alias.</summary>
    /// <exception cref="InvalidRequestException">There is none; the message says which there are.</exception>
    public (string Name, Preset Preset) Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return FindByAnyName(name)
            ?? throw new InvalidRequestException(
                "preset",
                $"There is no preset '{name}': choose {string.Join(", ", _presets.Keys)}, or write it into a {FileName}."
                    + NearestName.Hint(name, _names.Keys)
            );
    }

    private void Add(string file, IReadOnlyDictionary<string, Preset> presets)
    {
        foreach (var (name, preset) in presets)
        {
            if (FindFault(name, preset) is { } fault)
            {
                throw Refused($"{file}: the preset '{name}': {fault}");
            }

            foreach (var old in _names.Where(alias => alias.Value.Equals(name, StringComparison.OrdinalIgnoreCase)).ToList())
            {
                _names.Remove(old.Key); // of the preset that is replaced
            }

            _presets[name] = preset;
            foreach (var alias in preset.Aliases.Append(name))
            {
                if (!_names.TryAdd(alias, name))
                {
                    throw Refused(
                        $"{file}: '{alias}' names both the preset '{_names[alias]}' and the preset '{name}': give one of them another name."
                    );
                }
            }
        }
    }

    /// <summary>An error of one line, whatever names and values the file has.</summary>
    private static InvalidDataException Refused(string why, Exception? inner = null) =>
        new(string.Concat(why.Select(c => char.IsControl(c) ? ' ' : c)), inner);

    private static string? FindFault(string name, Preset preset)
    {
        if (name.Length == 0 || name.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
        {
            return "a name is not empty, and has no spaces.";
        }

        if (preset.Models.Count == 0)
        {
            return "it is for no model: name one in \"models\".";
        }

        foreach (var form in preset.Models.Values)
        {
            if (form is null || form.Loras.Any(loras => loras is null) || form.Merged.Any(part => string.IsNullOrWhiteSpace(part)))
            {
                return "a null or an empty text is among its members: remove it.";
            }

            if (form.Precision is { } precision && Precision.Find(precision) is null)
            {
                return $"its precision '{precision}' is none of {string.Join(", ", Precision.All)}.";
            }

            if (form.Loras.Select(loras => loras.Settings).Prepend(form.Settings).Any(settings => settings.Preset is not null))
            {
                return "its settings name another preset: write the settings themselves.";
            }

            if (form.Loras.Select(loras => loras.FindFault()).FirstOrDefault(fault => fault is not null) is { } fault)
            {
                return fault;
            }
        }

        return preset.Aliases.Any(string.IsNullOrWhiteSpace) ? "an alias is empty." : null;
    }

    private static byte[] Read(string file) =>
        FileFacts.Of(file) is { Exists: true, Length: > MostBytes } info
            ? throw new InvalidDataException($"{file} is {info.Length} bytes long, more than a list of presets may be ({MostBytes}).")
            : PlainFile.ReadAllBytes(file);

    /// <exception cref="InvalidDataException">It is not a list of presets.</exception>
    internal static IReadOnlyDictionary<string, Preset> Parse(string file, byte[] json)
    {
        try
        {
            return UserJson.ReadNamed<Preset>(json);
        }
        catch (JsonException exception)
        {
            throw Refused($"{file} is not a list of presets: {exception.Message} See docs/presets.md for an example.", exception);
        }
    }
}
