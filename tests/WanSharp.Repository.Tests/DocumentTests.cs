using System.CommandLine;
using System.Reflection;
using System.Text.RegularExpressions;
using WanSharp.Cli;
using WanSharp.Cli.Tests;
using WanSharp.Engine.Requests;

namespace WanSharp.Repository.Tests;

public partial class DocumentTests
{
    private const BindingFlags Everything =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy;

    /// <summary>Names of other programs and libraries: operators of ONNX, nodes of ComfyUI, .NET.</summary>
    private static readonly string[] OutsideNames =
    [
        "ConfigureAwait",
        "ConvInteger",
        "HttpSource",
        "ILogger",
        "InternalsVisibleTo",
        "IsRidAgnostic",
        "MatMulIntegerToFloat",
        "PrimitiveInt",
        "SafeHandle",
        "SaveAnimatedWEBP",
        "SaveVideo",
        "SaveWEBM",
        "SplitSigmas",
        "ExtendIntermediateSigmas",
    ];

    private static readonly Lazy<List<Type>> Types = new(() =>
        [
            .. Checkout
                .Projects.Select(Checkout.AssemblyOf)
                .Append(typeof(DocumentTests).Assembly)
                .SelectMany(assembly => assembly.GetTypes()),
        ]
    );

    public static TheoryData<string> Documents => [.. Checkout.Documents()];

    [Theory]
    [MemberData(nameof(Documents))]
    public void PathsThatADocumentNames_Exist(string document)
    {
        var text = Checkout.Read(document);
        var folder = Path.GetDirectoryName(document)!;
        var missing = new List<string>();
        foreach (Match link in Links().Matches(text))
        {
            AddIfMissing(Path.Combine(folder, link.Groups["path"].Value), missing);
        }

        foreach (Match path in CodePaths().Matches(text))
        {
            AddIfMissing(path.Groups["path"].Value, missing);
        }

        Assert.True(missing.Count == 0, $"{document} names what is not there: {string.Join(", ", missing)}");
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void CommandLinesThatADocumentShows_Parse(string document)
    {
        var root = WanApp.Build(SilentEnvironment.Create());
        foreach (Match line in CommandLines().Matches(Checkout.Read(document)))
        {
            var command = line.Groups["arguments"].Value.Split("  #")[0].Trim();
            Assert.True(
                root.Parse(command).Errors.Count == 0,
                $"{document}: \"wan {command}\" does not parse: "
                    + $"{string.Join(" ", root.Parse(command).Errors.Select(error => error.Message))}"
            );
        }
    }

    [Fact]
    public void TheReadmesExample_IsTheOneThatCompiles()
    {
        var shown = Checkout.Read("README.md").Split("```csharp")[1].Split("```")[0];
        var compiled = Checkout
            .Read("tests/WanSharp.Repository.Tests/ReadmeExample.cs")
            .Split('\n')
            .Select(line => line.Trim())
            .ToHashSet();
        Assert.All(shown.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0), line => Assert.Contains(line, compiled));
    }

    [Fact]
    public void ExamplesInHelp_OfEveryCommand_Parse()
    {
        var root = WanApp.Build(SilentEnvironment.Create());
        foreach (var command in WithSubcommands(root))
        {
            var help = command.Options.Select(option => option.Action).OfType<WanSharp.Cli.Commands.HelpWithExamples>().SingleOrDefault();
            Assert.True(help is { Examples.Count: > 0 }, $"wan {command.Name} has no examples");
            foreach (var example in help.Examples)
            {
                Assert.StartsWith("wan ", example, StringComparison.Ordinal);
                var errors = root.Parse(example[4..]).Errors;
                Assert.True(errors.Count == 0, $"{example}: {string.Join(" ", errors.Select(error => error.Message))}");
            }
        }
    }

    [Fact]
    public void EveryDocument_IsReachedFromTheReadme()
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        Follow("README.md");

        var documents = Checkout.Documents().Where(document => document.StartsWith("docs/", StringComparison.Ordinal));
        Assert.Empty(documents.Except(reached));

        void Follow(string document)
        {
            if (!document.EndsWith(".md", StringComparison.Ordinal) || !reached.Add(document))
            {
                return;
            }

            foreach (Match link in Links().Matches(Checkout.Read(document)))
            {
                var target = Path.Combine(Checkout.Root, Path.GetDirectoryName(document)!, link.Groups["path"].Value);
                Follow(Path.GetRelativePath(Checkout.Root, Path.GetFullPath(target)).Replace('\\', '/'));
            }
        }
    }

    [Fact]
    public void TheTableOfBatchFields_NamesEverySetting()
    {
        var table = Checkout.Read("docs/batch.md").Split("| field | |")[1].Split("\n\n")[0];
        var named = FieldNames().Matches(table).Select(match => match.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);

        Assert.All(SettingFields.All, field => Assert.Contains(field.Name, named));
    }

    /// <summary>A history names what is gone.</summary>
    [Theory]
    [MemberData(nameof(Documents))]
    public void TypesThatADocumentNames_Exist(string document)
    {
        Assert.SkipWhen(document == "CHANGELOG.md", "A history names what is gone.");
        var unknown = CodeNames()
            .Matches(Checkout.Read(document))
            .Select(match => (Type: match.Groups["type"].Value, Member: match.Groups["member"].Value))
            .Where(name => !OutsideNames.Contains(name.Type) && !IsKnown(name.Type, name.Member))
            .Distinct()
            .ToList();

        Assert.True(unknown.Count == 0, $"{document} names what is in no assembly: {string.Join(", ", unknown)}");
    }

    /// <summary>Whether a name is that of a type, with a member if one is named, or of a member of any type.</summary>
    private static bool IsKnown(string type, string member) =>
        Types.Value.Where(known => known.Name.Split('`')[0] == type).ToList() is { Count: > 0 } found
            ? member.Length == 0 || found.Exists(known => known.GetMember(member, Everything).Length > 0)
            : member.Length == 0 && Types.Value.Exists(known => known.GetMember(type, Everything).Length > 0);

    private static IEnumerable<Command> WithSubcommands(Command command) =>
        command.Subcommands.Where(child => !child.Hidden).SelectMany(WithSubcommands).Prepend(command);

    private static void AddIfMissing(string path, List<string> missing)
    {
        var full = Path.Combine(Checkout.Root, path);
        if (!File.Exists(full) && !Directory.Exists(full))
        {
            missing.Add(path);
        }
    }

    // [text](path), without a scheme and without the anchor
    [GeneratedRegex(@"\]\((?<path>[^)#:\s]+)(#[^)]*)?\)")]
    private static partial Regex Links();

    // `src/…`, `docs/…` and the like, as written in code spans
    [GeneratedRegex(@"`(?<path>(src|tests|docs|training|models|native|fixtures|bench)/[\w./+-]*)`")]
    private static partial Regex CodePaths();

    // `GenerationPlan`, `WanHost.OpenSection`, `AddWanSharp(…)`: at least two words, of which none is the project's name
    [GeneratedRegex(@"`(?!WanSharp)(?<type>[A-Z][a-z0-9]+([A-Z]\w*)+|I[A-Z][a-z]\w+)(\.(?<member>[A-Z]\w+))?(<[^`]*>)?(\([^`]*\))?`")]
    private static partial Regex CodeNames();

    // `guidance_high` in a table's first column
    [GeneratedRegex(@"(?<=^\| [^|]*)`(?<name>\w+)`", RegexOptions.Multiline)]
    private static partial Regex FieldNames();

    // "    wan generate …" in a code block, also through dotnet run
    [GeneratedRegex(@"^(    |\$ )?(wan|dotnet run .*--project src/WanSharp\.Cli --) (?<arguments>.+)$", RegexOptions.Multiline)]
    private static partial Regex CommandLines();
}
