using System.Text.RegularExpressions;

namespace WanSharp.Repository.Tests;

/// <summary>Logic that two places need has one place of its own.</summary>
public partial class DuplicateTests
{
    /// <summary>Lines of code in a row, without those that say little.</summary>
    private const int Most = 9;

    [Theory]
    [InlineData("src")]
    [InlineData("tests")]
    public void CodeOfSomeLength_IsWrittenOnce(string folder)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        var twice = new List<string>();
        foreach (var path in SourceTests.SourcesIn(folder).Order(StringComparer.Ordinal))
        {
            var end = -1; // a passage is reported once, by its beginning
            (int Number, string Text)[] lines =
            [
                .. File.ReadLines(path).Select((line, i) => (i + 1, line.Trim())).Where(line => !SaysLittle().IsMatch(line.Item2)),
            ];
            for (var i = 0; i + Most < lines.Length; i++)
            {
                var passage = string.Join('\n', lines[i..(i + Most + 1)].Select(line => line.Text));
                var place = $"{Path.GetRelativePath(Checkout.Root, path)}:{lines[i].Number}";
                if (!seen.TryAdd(passage, place))
                {
                    twice.AddRange(i > end ? [$"{place} = {seen[passage]}"] : []);
                    end = i + Most;
                }
            }
        }

        Assert.True(twice.Count == 0, $"More than {Most} equal lines:\n{string.Join('\n', twice)}");
    }

    /// <summary>Brackets, comments, imports, and text alone, such as the words of a command line.</summary>
    [GeneratedRegex("""^(?:[^\p{L}]*|//.*|using [\w. =]+;|namespace .*|"[^"]*",?)$""")]
    private static partial Regex SaysLittle();
}
