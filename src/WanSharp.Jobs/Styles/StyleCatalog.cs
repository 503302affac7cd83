using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Styles;

/// <summary>The styles that there are, by name and alias, from files that users edit. Immutable.</summary>
public sealed class StyleCatalog
{
    /// <summary>The file's name, next to the program and in the user's configuration folder.</summary>
    public const string FileName = "styles.json";

    private const int MostBytes = 1 << 20;

    private readonly Dictionary<string, Style> _styles = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _names = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The styles' names, without aliases.</summary>
    public IEnumerable<string> Names => _styles.Keys;

    /// <summary>Reads files; a style of a later file replaces one of the same name.</summary>
    /// <exception cref="InvalidDataException">A file is not a list of styles; the message names the file and the way out.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static StyleCatalog Load(IEnumerable<string> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var catalog = new StyleCatalog();
        foreach (var file in files)
        {
            foreach (var (name, style) in Read(file))
            {
                catalog.Add(file, name, style);
            }
        }

        return catalog;
    }

    /// <summary>A style by its name or an alias.</summary>
    /// <param name="name">As written by the user.</param>
    /// <param name="style">The style's proper name and the style.</param>
    /// <param name="error">One line: what is wrong and what there is.</param>
    public bool TryFind(string name, out (string Name, Style Style) style, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(name);
        var known = _names.TryGetValue(name, out var proper);
        style = known ? (proper!, _styles[proper!]) : default;
        error = known
            ? null
            : $"There is no style '{name}': choose {string.Join(", ", Names)}, or write it into a file of "
                + $"styles.{NearestName.Hint(name, _names.Keys)}";
        return known;
    }

    /// <summary>The preset of a request in a style; null where neither names one, and where there is no such style.</summary>
    /// <param name="request">The request, before its style is applied.</param>
    /// <param name="style">The style's name or an alias; null for none.</param>
    /// <param name="model">The model's name.</param>
    public string? PresetOf(JobRequest request, string? style, string model)
    {
        ArgumentNullException.ThrowIfNull(request);
        return style is not null && TryFind(style, out var found, out _) ? found.Style.Apply(request, model).Preset : request.Preset;
    }

    private void Add(string file, string name, Style style)
    {
        foreach (var one in style.Models.Values.Append(style))
        {
            if (!one.Prompt.Contains(Style.Placeholder, StringComparison.Ordinal))
            {
                throw new InvalidDataException(
                    $"{file}: the prompt of style '{name}' has no place for the job's prompt: put {Style.Placeholder} into it."
                );
            }
        }

        _styles[name] = style;
        foreach (var alias in style.Aliases.Append(name))
        {
            if (_names.TryGetValue(alias, out var other) && !other.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                throw new InvalidDataException(
                    $"{file}: '{alias}' names both style '{other}' and style '{name}': give one of them another name."
                );
            }

            _names[alias] = name;
        }
    }

    private static IReadOnlyDictionary<string, Style> Read(string file)
    {
        if (!FileFacts.Of(file).Exists)
        {
            throw new FileNotFoundException($"There is no file {file}: check the path.", file);
        }

        if (FileFacts.Of(file) is { Exists: true, Length: > MostBytes } info)
        {
            throw new InvalidDataException($"{file} is {info.Length} bytes long, more than a list of styles may be ({MostBytes}).");
        }

        try
        {
            return UserJson.ReadNamed<Style>(PlainFile.ReadAllBytes(file));
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException(
                $"{file} is not a list of styles: {exception.Message} See docs/batch.md for an example.",
                exception
            );
        }
    }
}
