using System.CommandLine;
using System.Net;
using WanSharp.Cli.Terminal;
using WanSharp.Server;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan mcp</c>: videos for an agent that starts this program and talks with it over its standard streams.</summary>
internal sealed class McpCommand(CliEnvironment environment)
{
    private readonly ServerFolderOption _data = new("agent"); // next to a server that may run
    private readonly BatchRunOptions _run = new();
    private readonly BackendOptions _backend = new();

    public static Command Build(CliEnvironment environment)
    {
        var self = new McpCommand(environment);
        var command = new Command(
            "mcp",
            "Serve an agent over standard input and output (Model Context Protocol): tools that make, plan and compare videos."
        );
        command.Options.Add(self._data.Option);
        self._run.AddTo(command, ownsFiles: true);
        self._backend.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples("wan mcp", "wan mcp --model Wan2.1-T2V-1.3B --data agent/");
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var host = environment.Host;
        var backend = _run.With(parsed, _backend.Read(parsed, environment), environment.Clock);
        var options = new ServerOptions
        {
            DataFolder = _data.Read(parsed, host),
            Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)], // the links to clips lead here
            Backend = backend,
            Format = _run.Format(parsed),
            StylesFile = _run.StylesFile(parsed),
            Attempts = _run.Attempts(parsed),
            AllowsModelChange = _run.AllowsModelChange(parsed),
        };
        await using var server = await WanServer.StartAsync(host, options, cancellationToken);
        var serving = server.ServeAgentAsync(environment.Input, environment.OpenOutput(), cancellationToken);
        await await Task.WhenAny(serving, server.Failed.WaitAsync(cancellationToken));
        return ExitCode.Done;
    }
}
