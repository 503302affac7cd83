using WanSharp.Cli;
using WanSharp.Cli.Terminal;

if (ProcessLimits.Problem() is { } problem)
{
    LastWords.Say(problem);
    return ExitCode.Failed;
}

try
{
    return await WanProgram.RunAsync(args);
}
catch (Exception exception)
{
    return LastWords.Of(exception);
}
