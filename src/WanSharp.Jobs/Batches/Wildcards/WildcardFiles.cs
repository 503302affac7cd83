using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Enumeration;
using System.Text.RegularExpressions;
using WanSharp.Jobs.Batches.Reading;
using WanSharp.Models.Documents;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Batches.Wildcards;

/// <summary>
/// The files that wildcards choose from: <c>colors.txt</c> for <c>__colors__</c>, an option a line, # and // for comments; in sub-folders
/// too (<c>__animals/birds__</c>), and several at once (<c>__animals/*__</c>). YAML and JSON have many in one file. Thread-safe.
/// </summary>
/// <param name="folders">Where to look; a file of an earlier folder goes before one of the same name in a later one.</param>
public sealed partial class WildcardFiles(IReadOnlyList<string> folders)
{
    private const string Extension = ".txt";
    private const int MostBytes = 64 << 20;

    private static readonly string[] TextNames = ["text", "content"];

    private readonly ConcurrentDictionary<string, IReadOnlyList<PromptNode.Option>> _found = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lazy<Listing> _listed = new(() => List(folders));

    /// <exception cref="InvalidRequestException">There is no such wildcard, or its file offers nothing.</exception>
    internal IReadOnlyList<PromptNode.Option> Find(string name) => _found.GetOrAdd(name, Read);

    private IReadOnlyList<PromptNode.Option> Read(string name)
    {
        var isPattern = name.AsSpan().ContainsAny('*', '?');
        var (sources, unread, twice) = _listed.Value;
        var files = sources
            .Where(file =>
                isPattern
                    ? FileSystemName.MatchesSimpleExpression(name, file.Key)
                    : file.Key.Equals(name, StringComparison.OrdinalIgnoreCase)
            )
            .ToList();
        if (files.Count == 0)
        {
            throw new InvalidRequestException(
                "prompt",
                folders.Count == 0
                    ? $"There are no wildcards for __{name}__: name their folder with --wildcards, or write \\__ for the characters."
                    : $"There is no wildcard __{name}__: put {name}{Extension} into {string.Join(" or ", folders)}, or write \\__ "
                        + $"for the letters.{NearestName.Hint(name, sources.Keys)}{string.Concat(unread.Select(problem => $" {problem}"))}"
            );
        }

        if (files.Where(file => twice.ContainsKey(file.Key)).Select(file => file.Key).FirstOrDefault() is { } doubled)
        {
            throw new InvalidRequestException(
                "prompt",
                $"__{doubled}__ is in {sources[doubled].Path} and in {twice[doubled]}: rename one of the two lists."
            );
        }

        var options = files.SelectMany(file => OptionsOf(file.Value)).ToList();
        return options.Any(option => option.Weight > 0)
            ? options
            : throw new InvalidRequestException("prompt", $"{files[0].Value.Path} offers nothing: write one option per line.");
    }

    private static IEnumerable<PromptNode.Option> OptionsOf(WildcardSource source) =>
        source.Items is { } items ? items.Select(item => Option(source.Path, item)).OfType<PromptNode.Option>() : Options(source.Path);

    /// <summary>An option of a document: a text, or its text and weight; null for an empty one.</summary>
    private static PromptNode.Option? Option(string path, DocumentNode item)
    {
        var text =
            item is DocumentNode.Text plain ? plain.Value
            : item is DocumentNode.Map { Entries: var entries }
            && TextNames.Select(entries.GetValueOrDefault).OfType<DocumentNode.Text>().FirstOrDefault() is { } named
                ? named.Value
            : throw Refused("an option is a text, or has a text and a weight");
        text = Comment().Replace(text, "").Trim();
        if (text.Length == 0)
        {
            return null;
        }

        var option = Parse(path, item.Line, text);
        return item is not DocumentNode.Map map || !map.Entries.TryGetValue("weight", out var weight) ? option
            : weight is DocumentNode.Text number
            && double.TryParse(number.Value, CultureInfo.InvariantCulture, out var value)
            && double.IsFinite(value)
            && value >= 0
                ? option with
                {
                    Weight = value,
                }
            : throw Refused("a weight is a number from 0 on");

        InvalidRequestException Refused(string why) => new("prompt", $"{PlaceOf(path, item.Line)}: {why}.");
    }

    private static string PlaceOf(string path, int line) => line > 0 ? $"{path}:{line}" : path;

    private static IEnumerable<PromptNode.Option> Options(string path)
    {
        foreach (var (number, line) in TextLines.Of(TextInput.ReadFile(path, MostBytes)))
        {
            var text = Comment().Replace(line, "").Trim();
            if (text.Length > 0)
            {
                yield return Parse(path, number, text);
            }
        }
    }

    private static PromptNode.Option Parse(string path, int number, string line)
    {
        if (Unclear().Match(line) is { Success: true } unclear)
        {
            throw new InvalidRequestException(
                "prompt",
                $"{PlaceOf(path, number)}: '{line[unclear.Index..]}' may be a comment or part of the option: begin a comment with "
                    + (line[unclear.Index] == '#' ? "'# ', and write \\# for the character." : "'// ', or remove a slash.")
            );
        }

        try
        {
            return TemplateParser.ParseLine(line);
        }
        catch (InvalidRequestException exception)
        {
            throw new InvalidRequestException("prompt", $"{PlaceOf(path, number)}: {exception.Message}");
        }
    }

    /// <summary>
    /// What is a comment without doubt, among what Dynamic Prompts leaves out to a line's end: a line of its own, or one with a space
    /// after the character.
    /// </summary>
    /// <remarks>Source: adieyal/dynamicprompts:src/dynamicprompts/parser/parse.py (comments).</remarks>
    [GeneratedRegex(@"^\s*(?:#|//).*$|(?<=\s)(?:#+|//)(?:\s.*)?$")]
    private static partial Regex Comment();

    /// <summary>What Dynamic Prompts leaves out besides: a jersey's #7. An address and a colour have no space before it.</summary>
    [GeneratedRegex(@"(?<=\s)(?:#|//)")]
    private static partial Regex Unclear();

    /// <summary>What there is by its name as wildcards write it, and what is wrong with files that are not read.</summary>
    private static Listing List(IReadOnlyList<string> folders)
    {
        var sources = new SortedDictionary<string, WildcardSource>(StringComparer.OrdinalIgnoreCase);
        var (unread, twice) = (new List<string>(), new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase));
        foreach (var folder in folders.Where(Directory.Exists))
        {
            var ofFolder = new HashSet<string>(StringComparer.OrdinalIgnoreCase); // of its documents, which have no order
            foreach (var path in FilesIn(folder))
            {
                if (Path.GetExtension(path).Equals(Extension, StringComparison.OrdinalIgnoreCase))
                {
                    var name = Path.ChangeExtension(Path.GetRelativePath(folder, path), null).Replace('\\', '/');
                    sources.TryAdd(name, new WildcardSource(path, null));
                    continue;
                }

                try
                {
                    foreach (var (name, source) in WildcardDocument.Read(path, TextInput.ReadFile(path, MostBytes)))
                    {
                        if (sources.TryAdd(name, source))
                        {
                            ofFolder.Add(name);
                        }
                        else if (ofFolder.Contains(name))
                        {
                            twice[name] = source.Path;
                        }
                    }
                }
                catch (Exception e)
                    when (e is InvalidDataException or InvalidRequestException or IOException or UnauthorizedAccessException)
                {
                    unread.Add(e.Message);
                }
            }
        }

        return new Listing(sources, unread, twice);
    }

    /// <summary>The files of a folder, texts before documents.</summary>
    private static IEnumerable<string> FilesIn(string folder) =>
        Directory
            .EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true })
            .Where(path =>
                Path.GetExtension(path).Equals(Extension, StringComparison.OrdinalIgnoreCase) || WildcardDocument.IsNamedLikeOne(path)
            )
            .OrderBy(WildcardDocument.IsNamedLikeOne)
            .ThenBy(path => path, StringComparer.Ordinal);

    /// <summary>What there is.</summary>
    /// <param name="Sources">By name.</param>
    /// <param name="Unread">What is wrong with files that are not read.</param>
    /// <param name="Twice">Names that two documents of a folder have, and the second.</param>
    private sealed record Listing(SortedDictionary<string, WildcardSource> Sources, List<string> Unread, Dictionary<string, string> Twice);
}
