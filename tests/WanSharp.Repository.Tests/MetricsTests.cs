using System.Text.RegularExpressions;

namespace WanSharp.Repository.Tests;

/// <summary>docs/metrics.md and the instruments in the code say the same.</summary>
public partial class MetricsTests
{
    private const string Prefix = "wansharp.";

    [Fact]
    public void TheDocument_ListsEveryInstrumentWithItsKindAndUnit()
    {
        var sources = Sources().ToList();
        var calls = sources.Sum(source => Calls().Count(source));
        var made = sources
            .SelectMany(source => Instruments().Matches(source))
            .Select(match => Row(match.Groups["name"].Value, KindOf(match.Groups["kind"].Value), match.Groups["unit"].Value))
            .Order()
            .ToList();
        var listed = Rows()
            .Matches(Checkout.Read("docs/metrics.md"))
            .Select(match => Row(match.Groups["name"].Value, match.Groups["kind"].Value, match.Groups["unit"].Value))
            .Order();

        Assert.Equal(calls, made.Count); // each has its name and unit written out
        Assert.NotEmpty(made);
        Assert.All(made, instrument => Assert.StartsWith(Prefix, instrument, StringComparison.Ordinal));
        Assert.Equal(made, listed);
    }

    [Fact]
    public void Activities_BeginWithTheSamePrefix()
    {
        var names = Sources().SelectMany(source => Activities().Matches(source)).Select(match => match.Groups["name"].Value).ToList();

        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.StartsWith(Prefix, name, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Sources() =>
        Directory
            .EnumerateFiles(Path.Combine(Checkout.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
            .Select(File.ReadAllText);

    private static string Row(string name, string kind, string unit) => $"{name} | {kind} | {unit}";

    private static string KindOf(string method) =>
        method.Replace("Observable", "", StringComparison.Ordinal) switch
        {
            "UpDownCounter" => "up-down counter",
            var other => other.ToLowerInvariant(),
        };

    [GeneratedRegex(@"eter\.Create(Observable)?(Histogram|Counter|UpDownCounter|Gauge)<")]
    private static partial Regex Calls();

    [GeneratedRegex(@"eter\.Create(?<kind>\w+)<\w+>\(\s*""(?<name>[^""]+)"",\s*(unit: )?""(?<unit>[^""]+)""")]
    private static partial Regex Instruments();

    [GeneratedRegex(@"^\| `(?<name>[^`]+)` \| (?<kind>[^|]+) \| (?<unit>[^|]+) \|", RegexOptions.Multiline)]
    private static partial Regex Rows();

    [GeneratedRegex(@"StartActivity\(""(?<name>[^""]+)""")]
    private static partial Regex Activities();
}
