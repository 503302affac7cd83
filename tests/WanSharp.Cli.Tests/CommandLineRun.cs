using System.Text;
using WanSharp.Cli.Terminal;

namespace WanSharp.Cli.Tests;

/// <summary>What one command line did, run in this process.</summary>
internal sealed record CommandLineRun(int ExitCode, string Out, string Error)
{
    /// <summary>Runs a command line.</summary>
    /// <param name="args">What stands after <c>wan</c>.</param>
    /// <param name="input">Standard input.</param>
    /// <param name="variables">Environment variables instead of this process's own.</param>
    /// <param name="cancellationToken">Ctrl-C.</param>
    /// <param name="error">Sees what goes to standard error as it comes.</param>
    public static async Task<CommandLineRun> RunAsync(
        string[] args,
        string input = "",
        Dictionary<string, string>? variables = null,
        Action<string>? error = null,
        CancellationToken cancellationToken = default
    )
    {
        if (
            args.Contains("--dry-run")
            && variables?.GetValueOrDefault("WAN_CACHE") is { } cache
            && await TestContext.Current.GetFixture<MeasuredMachine>() is { } machine
        )
        {
            machine.PlaceIn(cache); // it says how long the clips take
        }

        using var output = new StringWriter();
        using var errors = new WatchedWriter(error);
        using var reader = new MemoryStream(Encoding.UTF8.GetBytes(input));
        var exitCode = await WanApp.RunAsync(
            args,
            new CliEnvironment
            {
                Out = output,
                Error = errors,
                Input = reader,
                IsInteractive = false,
                Variable = name => variables is null ? Environment.GetEnvironmentVariable(name) : variables.GetValueOrDefault(name),
                Clock = TimeProvider.System,
            },
            cancellationToken
        );
        return new CommandLineRun(exitCode, output.ToString(), errors.ToString());
    }

    /// <summary>Checks that the run failed with one clear line on standard error, and nothing else.</summary>
    public void AssertFailed(int exitCode, string expected)
    {
        Assert.True(exitCode == ExitCode, $"exit code {ExitCode}: {Error}");
        Assert.Empty(Out);
        var line = Assert.Single(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("wan: ", line, StringComparison.Ordinal);
        Assert.Contains(expected, line, StringComparison.Ordinal);
        Assert.DoesNotContain("internal error", line, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", line, StringComparison.Ordinal);
    }

    /// <summary>Checks that the run failed with a clear line on standard error, after whatever else was said there.</summary>
    public void AssertFailedWith(int? exitCode, string expected)
    {
        Assert.True(exitCode is null ? ExitCode != 0 : exitCode == ExitCode, $"exit code {ExitCode}: {Error}");
        Assert.Contains(
            Error.Split('\n'),
            line => line.StartsWith("wan: ", StringComparison.Ordinal) && line.Contains(expected, StringComparison.Ordinal)
        );
        Assert.DoesNotContain("internal error", Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
    }

    private sealed class WatchedWriter(Action<string>? watch) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            watch?.Invoke(value ?? "");
        }
    }
}
