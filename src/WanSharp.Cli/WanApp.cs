using System.CommandLine;
using WanSharp.Cli.Commands;
using WanSharp.Cli.Terminal;

namespace WanSharp.Cli;

/// <summary>The command line: parses, runs the command, turns whatever goes wrong into one clear message.</summary>
internal static class WanApp
{
    /// <summary>Options that every command has.</summary>
    public static readonly Option<bool> Verbose = new("--verbose") { Description = "Show where an error came from.", Recursive = true };

    public static RootCommand Build(CliEnvironment environment)
    {
        var root = new RootCommand("wan: Wan 2.1 and 2.2 videos from prompts and images, without Python.")
        {
            GenerateCommand.Build(environment),
            ExportCommand.Build(environment),
            InspectCommand.Build(environment),
            ProvidersCommand.Build(environment),
            SelftestCommand.Build(environment),
        };
        root.Options.Add(Verbose);
        return root;
    }

    public static async Task<int> RunAsync(IReadOnlyList<string> args, CliEnvironment environment, CancellationToken cancellationToken = default)
    {
        var parsed = Build(environment).Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                environment.Error.WriteLine($"wan: {error.Message}");
            }

            environment.Error.WriteLine($"Try: {CommandPath(parsed)} --help");
            return ExitCode.WrongUsage;
        }

        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration { Output = environment.Out, Error = environment.Error, EnableDefaultExceptionHandler = false },
                cancellationToken);
        }
        catch (OperationCanceledException)
        {
            environment.Error.WriteLine("wan: stopped; nothing half-written was left behind.");
            return ExitCode.Cancelled;
        }
        catch (Exception e)
        {
            return ErrorReport.Write(e, environment.Error, parsed.GetValue(Verbose));
        }
    }

    private static string CommandPath(ParseResult parsed) =>
        parsed.CommandResult.Command is RootCommand ? "wan" : $"wan {parsed.CommandResult.Command.Name}";
}
