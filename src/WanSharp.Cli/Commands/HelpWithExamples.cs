using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace WanSharp.Cli.Commands;

/// <summary>The usual help, followed by examples.</summary>
internal sealed class HelpWithExamples(HelpAction help, IReadOnlyList<string> examples) : SynchronousCommandLineAction
{
    public IReadOnlyList<string> Examples { get; } = examples;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var exitCode = help.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (var example in Examples)
        {
            output.WriteLine($"  {example}");
        }

        return exitCode;
    }
}
