namespace WanSharp.Cli.Terminal;

/// <summary>Says what is going on: a line that is redrawn in place for a terminal; nothing for a log.</summary>
internal sealed class StatusLine(CliEnvironment environment) : IProgress<string>
{
    public void Report(string value)
    {
        if (environment.IsInteractive)
        {
            TerminalLine.Draw(environment, $"{value} …");
            environment.Error.Write('\r'); // whatever is said next goes over it
        }
    }
}
