using System.Reflection;
using System.Text.RegularExpressions;
using WanSharp.Runtime.Providers;

namespace WanSharp.Repository.Tests;

/// <summary>A provider is one row of a table: no other code decides anything by its name.</summary>
public partial class ProviderNameTests
{
    private const string Table = "ProviderProfiles.cs";

    /// <summary>Packages are called what they bring.</summary>
    private const string Packages = "ExtraCatalog.cs";

    /// <summary>Every name of every row, as a literal.</summary>
    private static readonly Regex Name = new(
        $"\"({string.Join('|', ProviderProfiles.All.SelectMany(NamesOf).Select(Regex.Escape))}|\\w+ExecutionProvider)\"",
        RegexOptions.IgnoreCase
    );

    /// <summary>A row by its property. The host's is the default, which every machine has.</summary>
    private static readonly Regex Row = new($@"\bProviderProfiles\.({string.Join('|', PropertiesOfDevices())})\b", RegexOptions.None);

    [Fact]
    public void NoProvidersName_IsWrittenOutsideTheTable() => Assert.Empty(LinesWith(Name, Table));

    [Fact]
    public void NoProvidersRow_IsNamedOutsideTheTable() => Assert.Empty(LinesWith(Row, Table, Packages));

    [Theory]
    [InlineData("settings.Provider == \"cuda\"", true)]
    [InlineData("\"CPUExecutionProvider\" => null,", true)]
    [InlineData("name is \"WebGPU\" or \"DML\"", true)]
    [InlineData("\"wan providers install cuda\"", false)]
    [InlineData("\"wan selftest --provider webgpu\"", false)]
    public void Name_IsAWholeLiteral(string line, bool expected) => Assert.Equal(expected, Name.IsMatch(line));

    [Fact]
    public void Name_IsAnyOfAnyRow() =>
        Assert.All(ProviderProfiles.All.SelectMany(NamesOf), name => Assert.Matches(Name, $"chosen == \"{name}\""));

    private static IEnumerable<string> NamesOf(ProviderProfile row) => row.Aliases.Append(row.ShortName).Append(row.OrtName);

    private static IEnumerable<string> PropertiesOfDevices() =>
        from property in typeof(ProviderProfiles).GetProperties(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static)
        where property.GetValue(null) is ProviderProfile { IsHost: false }
        select property.Name;

    private static IEnumerable<string> LinesWith(Regex pattern, params string[] except) =>
        from file in Directory.EnumerateFiles(Path.Combine(Checkout.Root, "src"), "*.cs", SearchOption.AllDirectories)
        where !except.Contains(Path.GetFileName(file)) && !Built().IsMatch(file)
        from line in File.ReadLines(file).Select((text, index) => (Text: text, Number: index + 1))
        where !line.Text.TrimStart().StartsWith("//", StringComparison.Ordinal) && pattern.IsMatch(line.Text)
        select $"{file}({line.Number}): {line.Text.Trim()}";

    [GeneratedRegex(@"[/\\](obj|bin)[/\\]")]
    private static partial Regex Built();
}
