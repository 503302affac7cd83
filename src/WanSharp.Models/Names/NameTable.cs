namespace WanSharp.Models.Names;

/// <summary>How another layout calls the parts of a network, and how the official code does.</summary>
/// <remarks>
/// A rule translates the beginning of a name, up to a dot or the end; what follows stays, so that one rule serves weight,
/// bias and scales. <c>*</c> stands for a number. The first rule that fits a name is used; a name that none fits stays.
/// </remarks>
/// <param name="rules">The rules.</param>
internal sealed class NameTable(params IReadOnlyList<(string Theirs, string Official)> rules)
{
    private readonly (string[] Theirs, string[] Official)[] _rules =
    [
        .. rules.Select(rule => (rule.Theirs.Split('.'), rule.Official.Split('.'))),
    ];

    /// <summary>The official name.</summary>
    public string Translate(string name)
    {
        var parts = name.Split('.');
        foreach (var (theirs, official) in _rules)
        {
            if (Fits(theirs, parts))
            {
                return string.Join('.', Replace(theirs, official, parts));
            }
        }

        return name;
    }

    /// <summary>What a tensor may be called in this layout that has an official name.</summary>
    public IEnumerable<string> Originals(string official)
    {
        var parts = official.Split('.');
        return _rules
            .Where(rule => Fits(rule.Official, parts))
            .Select(rule => string.Join('.', Replace(rule.Official, rule.Theirs, parts)))
            .Append(official);
    }

    private static bool Fits(string[] pattern, string[] parts)
    {
        for (var i = 0; i < pattern.Length; i++)
        {
            if (i >= parts.Length || !(pattern[i] == "*" ? parts[i].Length > 0 && parts[i].All(char.IsAsciiDigit) : pattern[i] == parts[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static IEnumerable<string> Replace(string[] pattern, string[] replacement, string[] parts)
    {
        var numbers = parts.Where((_, i) => i < pattern.Length && pattern[i] == "*").GetEnumerator();
        foreach (var part in replacement)
        {
            yield return part == "*" && numbers.MoveNext() ? numbers.Current : part;
        }

        foreach (var rest in parts.Skip(pattern.Length))
        {
            yield return rest;
        }
    }
}
