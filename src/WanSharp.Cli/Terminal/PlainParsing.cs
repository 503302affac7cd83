using System.CommandLine;
using System.CommandLine.Help;

namespace WanSharp.Cli.Terminal;

/// <summary>
/// Parses a command line as it is written. What the parser would read into it is off: files named by <c>@</c>, directives in brackets,
/// several
/// options behind one dash, the values true and false behind an option that has none, and <c>/h</c> for help.
/// </summary>
internal static class PlainParsing
{
    /// <summary>Prepares a tree of commands, which is then complete.</summary>
    public static void Apply(RootCommand root)
    {
        root.Directives.Clear();
        root.Options.Remove(root.Options.OfType<HelpOption>().Single());
        root.Options.Add(Help());
        SwitchesTakeNothing(root);
    }

    /// <summary>Help, by the names that mean nothing else: <c>/h</c> may be a file.</summary>
    public static HelpOption Help() => new("--help", "-h", "-?");

    /// <summary>Parses the arguments of a process.</summary>
    public static ParseResult Parse(RootCommand root, IReadOnlyList<string> args) =>
        root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });

    private static void SwitchesTakeNothing(Command command)
    {
        foreach (var option in command.Options.OfType<Option<bool>>())
        {
            option.Arity = ArgumentArity.Zero; // else the prompt "true" is the value of the option before it
        }

        foreach (var subcommand in command.Subcommands)
        {
            SwitchesTakeNothing(subcommand);
        }
    }
}
