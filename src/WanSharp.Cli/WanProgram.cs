using WanSharp.Cli.Terminal;

namespace WanSharp.Cli;

/// <summary>The process: its streams, its signals, its exit code.</summary>
internal static class WanProgram
{
    /// <summary>Runs a command line of this process.</summary>
    /// <param name="args">The arguments.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        StandardStreams.Reopen(OwnProgram.Command, args);
        var environment = CliEnvironment.FromProcess();
        using var signals = new StopSignals(environment.Clock, environment.Error.WriteLine);
        return environment.EndWith(await WanApp.RunAsync(args, environment, signals.Token));
    }
}
