using WanSharp.Cli;
using WanSharp.Cli.Terminal;

return await WanApp.RunAsync(args, CliEnvironment.FromProcess());
