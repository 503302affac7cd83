using System.CommandLine;
using System.CommandLine.Parsing;
using WanSharp.Tensors;

namespace WanSharp.Cli.Terminal;

/// <summary>Says in one line what is wrong with a command line, and the way out.</summary>
internal static class UsageError
{
    /// <param name="parsed">A command line with errors.</param>
    public static string Describe(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var help = $"Try: {Path(parsed.CommandResult)} --help";
        if (parsed.UnmatchedTokens is [var token, ..])
        {
            return $"{Unmatched(token, command)} {help}";
        }

        return command is RootCommand
            ? $"say what to do: {string.Join(", ", command.Subcommands.Select(subcommand => subcommand.Name))}. {help}"
            : $"{parsed.Errors[0].Message} {help}";
    }

    /// <summary>The command with those that it is part of: "wan bench quality".</summary>
    private static string Path(CommandResult command) =>
        command.Command is RootCommand ? "wan" : $"{Path((CommandResult)command.Parent!)} {command.Command.Name}";

    private static string Unmatched(string token, Command command) =>
        token.StartsWith('-') ? $"there is no option '{token}'.{NearestName.Hint(token, command.Options.Select(option => option.Name))}"
        : command is RootCommand ? $"there is no command '{token}'.{NearestName.Hint(token, command.Subcommands.Select(subcommand => subcommand.Name))}"
        : $"'{token}' is one word too many: put a text of several words in quotes.";
}
