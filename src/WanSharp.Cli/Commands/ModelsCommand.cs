using System.CommandLine;
using WanSharp.Cli.Terminal;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan models</c>: what models there are, and how to get more.</summary>
internal static class ModelsCommand
{
    public static Command Build(CliEnvironment environment)
    {
        var command = new Command("models", "List, download and verify models of any tool.")
        {
            ModelsListCommand.Build(environment),
            ModelsPullCommand.Build(environment),
            ModelsVerifyCommand.Build(environment),
        };
        return command.WithExamples("wan models list", "wan models pull t2v-1.3b", "wan models verify");
    }
}
