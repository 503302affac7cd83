using System.CommandLine;
using System.Text.RegularExpressions;
using WanSharp.Cli;
using WanSharp.Cli.Terminal;

namespace WanSharp.Repository.Tests;

public partial class DocumentTests
{
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
        var root = WanApp.Build(Environment());
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
        var root = WanApp.Build(Environment());
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

    private static CliEnvironment Environment() =>
        new()
        {
            Out = TextWriter.Null,
            Error = TextWriter.Null,
            Input = Stream.Null,
            IsInteractive = false,
            Variable = _ => null,
            Clock = TimeProvider.System,
        };

    // [text](path), without a scheme and without the anchor
    [GeneratedRegex(@"\]\((?<path>[^)#:\s]+)(#[^)]*)?\)")]
    private static partial Regex Links();

    // `src/…`, `docs/…` and the like, as written in code spans
    [GeneratedRegex(@"`(?<path>(src|tests|docs|training|models|native|fixtures|bench)/[\w./+-]*)`")]
    private static partial Regex CodePaths();

    // "    wan generate …" in a code block, also through dotnet run
    [GeneratedRegex(@"^(    |\$ )?(wan|dotnet run .*--project src/WanSharp\.Cli --) (?<arguments>.+)$", RegexOptions.Multiline)]
    private static partial Regex CommandLines();
}
