using System.CommandLine;
using System.CommandLine.Parsing;
using WanSharp.Tensors;

namespace WanSharp.Cli.Terminal;

/// <summary>Says in one line what is wrong with a command line, and the way out.</summary>
internal static class UsageError
{
    private const string LongDashes = "‐‑‒–—―−";

    /// <summary>What is wrong; null if nothing is.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="args">What it was parsed from.</param>
    public static string? Find(ParseResult parsed, IReadOnlyList<string> args)
    {
        var help = $"Try: {Path(parsed.CommandResult)} --help";
        return LongDash(parsed, args) is { } dash ? $"{dash} {help}"
            : Stray(parsed, args) is { } stray ? $"{stray} {help}"
            : parsed.Errors.Count > 0 ? $"{Describe(parsed)} {help}"
            : null;
    }

    private static string Describe(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        return parsed.UnmatchedTokens is [var token, ..] ? Unmatched(token, command)
            : command is RootCommand ? $"name a command: {string.Join(", ", command.Subcommands.Select(subcommand => subcommand.Name))}."
            : parsed.Errors[0] is var error && error.SymbolResult is { } about ? Missing(about) ?? error.Message
            : error.Message;
    }

    /// <summary>What is missing, or there too often; null when something else is wrong, which says so itself.</summary>
    private static string? Missing(SymbolResult result) =>
        result switch
        {
            OptionResult { IdentifierToken: null, Option: { Required: true } option } =>
                $"{option.Name}{Shape(option)} is missing: {option.Description}",
            OptionResult { Tokens.Count: 0, Option: var option } when option.Arity.MinimumNumberOfValues > 0 =>
                $"{option.Name} takes a value{Shape(option)}: write it behind it.",
            OptionResult { Tokens.Count: var count, Option: var option } when count > option.Arity.MaximumNumberOfValues =>
                $"{option.Name} is there {count} times: give it once.",
            ArgumentResult { Tokens.Count: 0, Argument: var argument } when argument.Arity.MinimumNumberOfValues > 0 =>
                $"the {argument.Name} is missing: {argument.Description}",
            CommandResult { Command: { Action: null, Subcommands.Count: > 0 } command } of =>
                $"name what to do: {string.Join(", ", command.Subcommands.Select(one => $"{Path(of)} {one.Name}"))}.",
            _ => null,
        };

    /// <summary>What an option's value looks like, where that is known.</summary>
    private static string Shape(Option option) => option.HelpName is { Length: > 0 } shape ? $" ({shape})" : "";

    /// <summary>An option whose dashes a program for text made one long dash, or a minus.</summary>
    private static string? LongDash(ParseResult parsed, IReadOnlyList<string> args)
    {
        var names = Options(parsed.CommandResult).SelectMany(option => option.Aliases.Append(option.Name)).ToList();
        foreach (var arg in args.TakeWhile(arg => arg != "--").Where(arg => arg.Length > 0 && LongDashes.Contains(arg[0])))
        {
            var word = arg.TrimStart([.. LongDashes, '-']).Split('=')[0];
            if (names.Find(name => name.TrimStart('-') == word) is { } option)
            {
                return $"'{arg}' begins with a long dash (U+{(int)arg[0]:X4}), as programs for text put it: write {option}.";
            }
        }

        return null;
    }

    /// <summary>
    /// What the parser takes for something that it hardly is: an option that does not exist for a prompt, an option for the value
    /// of the one before it.
    /// </summary>
    private static string? Stray(ParseResult parsed, IReadOnlyList<string> args)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.Tokens.FirstOrDefault(token => token.Type == TokenType.Directive) is { } directive)
        {
            return Unmatched(directive.Value, parsed.RootCommandResult.Command);
        }

        var literal = parsed.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).ToHashSet(ReferenceEqualityComparer.Instance);
        var known = Options(parsed.CommandResult)
            .SelectMany(option => option.Aliases.Append(option.Name))
            .ToHashSet(StringComparer.Ordinal);
        foreach (var result in parsed.CommandResult.Children)
        {
            var stray = result.Tokens.FirstOrDefault(token =>
                !literal.Contains(token)
                && (
                    result is OptionResult
                        ? known.Contains(token.Value) && args.Contains(token.Value) // not of --name=value, which is meant as it stands
                        : token.Value is ['-', not (' ' or '\n'), ..]
                )
            );
            if (stray is not null)
            {
                return result is OptionResult { IdentifierToken.Value: var name }
                    ? $"{name} takes a value, and {stray.Value} is an option: write {name}={stray.Value} if you mean it literally."
                    : $"{Unmatched(stray.Value, command)} Text or names that begin with - go to the end, after --.";
            }
        }

        return null;
    }

    /// <summary>The options of a command and those that it has from the commands above it.</summary>
    private static IEnumerable<Option> Options(CommandResult command) =>
        command.Command.Options.Concat(command.Parent is CommandResult parent ? Options(parent).Where(option => option.Recursive) : []);

    /// <summary>The command with those that it is part of: "wan bench quality".</summary>
    private static string Path(CommandResult command) =>
        command.Command is RootCommand ? "wan" : $"{Path((CommandResult)command.Parent!)} {command.Command.Name}";

    private static string Unmatched(string token, Command command) =>
        token.StartsWith('-') ? $"there is no option '{token}'.{NearestName.Hint(token, command.Options.Select(option => option.Name))}"
        : command is RootCommand
            ? $"there is no command '{token}'.{NearestName.Hint(token, command.Subcommands.Select(subcommand => subcommand.Name))}"
        : $"'{token}' is unexpected: put text of several words in quotes.";
}
