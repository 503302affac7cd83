using WanSharp.Cli;
using WanSharp.Cli.Terminal;

StandardStreams.Reopen(OwnProgram.Command, args);
var environment = CliEnvironment.FromProcess();
using var signals = new StopSignals();
return environment.EndWith(await WanApp.RunAsync(args, environment, signals.Token));
