using System.CommandLine;
using System.CommandLine.Help;

namespace WanSharp.Cli.Commands;

/// <summary>What several commands share: options, and examples below their help.</summary>
internal static class CommonOptions
{
    /// <summary>Shows examples at the end of <c>--help</c>; a test runs every one of them through the parser.</summary>
    public static Command WithExamples(this Command command, params string[] examples)
    {
        var help = new HelpOption();
        help.Action = new HelpWithExamples((HelpAction)help.Action!, examples);
        command.Options.Add(help);
        return command;
    }

    public static Option<string> Model() => new("--model", "-m")
    {
        Description = "The model: a folder, or the name of one in the models folder.",
        HelpName = "NAME|FOLDER",
        DefaultValueFactory = _ => WanSharp.Engine.Models.ModelLocator.DefaultModel,
    };

    public static Option<string> Provider() => new("--provider")
    {
        Description = "Which of ONNX Runtime's execution providers computes; `wan providers` lists them.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "cpu",
    };

    public static Option<int?> Threads() => new("--threads")
    {
        Description = "Threads that compute. Default: one a physical core.",
        HelpName = "N",
    };

    public static Option<bool> Json() => new("--json") { Description = "Print the result as one line of JSON." };
}
