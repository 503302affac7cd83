using System.Collections.Concurrent;
using System.IO.Enumeration;
using System.Text.RegularExpressions;
using WanSharp.Jobs.Batches.Reading;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Batches.Wildcards;

/// <summary>
/// The files that wildcards choose from: <c>colors.txt</c> for <c>__colors__</c>, an option a line, # and // for comments; in sub-folders
/// too (<c>__animals/birds__</c>), and several at once (<c>__animals/*__</c>). Thread-safe.
/// </summary>
/// <param name="folders">Where to look; a file of an earlier folder goes before one of the same name in a later one.</param>
public sealed partial class WildcardFiles(IReadOnlyList<string> folders)
{
    private const string Extension = ".txt";
    private const int MostBytes = 64 << 20;

    private readonly ConcurrentDictionary<string, IReadOnlyList<PromptNode.Option>> _found = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lazy<SortedDictionary<string, string>> _files = new(() => List(folders));

    /// <summary>Looks nowhere.</summary>
    public static WildcardFiles None { get; } = new([]);

    /// <exception cref="InvalidRequestException">There is no such wildcard, or its file offers nothing.</exception>
    internal IReadOnlyList<PromptNode.Option> Find(string name) => _found.GetOrAdd(name, Read);

    private IReadOnlyList<PromptNode.Option> Read(string name)
    {
        var isPattern = name.AsSpan().ContainsAny('*', '?');
        var files = _files
            .Value.Where(file =>
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
                        + $"for the letters.{NearestName.Hint(name, _files.Value.Keys)}"
            );
        }

        var options = files.SelectMany(file => Options(file.Value)).ToList();
        return options.Any(option => option.Weight > 0)
            ? options
            : throw new InvalidRequestException("prompt", $"{files[0].Value} offers nothing: write one option per line.");
    }

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
        try
        {
            return TemplateParser.ParseLine(line);
        }
        catch (InvalidRequestException exception)
        {
            throw new InvalidRequestException("prompt", $"{path}:{number}: {exception.Message}");
        }
    }

    /// <summary>What Dynamic Prompts leaves out to a line's end; an address and a colour have no space before the character.</summary>
    /// <remarks>Source: adieyal/dynamicprompts:src/dynamicprompts/parser/parse.py (comments).</remarks>
    [GeneratedRegex(@"(?:^|(?<=\s))(?:#|//).*$")]
    private static partial Regex Comment();

    /// <summary>Each file by its name as wildcards write it.</summary>
    private static SortedDictionary<string, string> List(IReadOnlyList<string> folders)
    {
        var files = new SortedDictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var folder in folders.Where(Directory.Exists))
        {
            foreach (
                var path in Directory.EnumerateFiles(
                    folder,
                    $"*{Extension}",
                    new EnumerationOptions
                    {
                        RecurseSubdirectories = true,
                        MatchCasing = MatchCasing.CaseInsensitive,
                        IgnoreInaccessible = true,
                    }
                )
            )
            {
                files.TryAdd(Path.ChangeExtension(Path.GetRelativePath(folder, path), null).Replace('\\', '/'), path);
            }
        }

        return files;
    }
}
