using System.CommandLine;
using WanSharp.Runtime;

namespace WanSharp.Cli.Tests;

/// <summary>The help of every command, whatever is added.</summary>
public sealed class HelpTests
{
    private const int Columns = 80;

    /// <summary>What stands after <c>wan</c>, for each command of the tree.</summary>
    public static TheoryData<string> Commands => [.. Paths(WanApp.Build(SilentEnvironment.Create()), "")];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Help_FitsATerminalAndEndsWithExamples(string command)
    {
        var run = await CommandLineRun.RunAsync(
            [.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"],
            cancellationToken: TestContext.Current.CancellationToken
        );

        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Empty(run.Error);
        Assert.Contains("Examples:", run.Out, StringComparison.Ordinal);
        Assert.All(run.Out.Split('\n'), line => Assert.True(line.Length <= Columns, $"{line.Length} columns: {line}"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Verbose_SendsWhatOnnxRuntimeSaysToStandardError(bool isVerbose)
    {
        using var errors = new StringWriter();
        var environment = SilentEnvironment.Create() with { Error = errors };
        string[] command = ["cache", "--help", .. isVerbose ? new[] { "--verbose" } : []];

        await WanApp.RunAsync(command, environment, TestContext.Current.CancellationToken);
        environment.Host.Options.RuntimeLog!(new OrtLogMessage(OrtLogLevel.Warning, "session", "nodes were left\nto the CPU", ""));

        Assert.Equal(isVerbose ? $"onnxruntime: warning: session: nodes were left to the CPU{errors.NewLine}" : "", errors.ToString());
    }

    private static IEnumerable<string> Paths(Command command, string path) =>
        command.Subcommands.Where(child => !child.Hidden).SelectMany(child => Paths(child, $"{path} {child.Name}".Trim())).Prepend(path);
}
