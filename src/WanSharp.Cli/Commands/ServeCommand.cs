using System.CommandLine;
using System.Net;
using WanSharp.Cli.Terminal;
using WanSharp.Server;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan serve</c>: videos over HTTP.</summary>
internal sealed class ServeCommand(CliEnvironment environment)
{
    private const string UsualAddress = "127.0.0.1:8000";

    private readonly Option<string[]> _listen = new("--listen")
    {
        Description = "Address and port, such as 127.0.0.1:8000 or [::1]:8000; port 0 takes a free one. May be given several times.",
        HelpName = "ADDRESS:PORT",
        DefaultValueFactory = _ => [UsualAddress],
    };

    private readonly ServerFolderOption _data = new();

    private readonly Option<bool> _warm = new("--warm") { Description = "Load the model at once, not when the first request needs it." };

    private readonly Option<int?> _maxQueued = BatchOptions.Count(
        "--max-queued",
        "Jobs that may wait; requests beyond that are answered with 429. Default: 10000.",
        1_000_000
    );

    private readonly Option<int?> _keep = BatchOptions.Count(
        "--keep-hours",
        "Hours after which a clip is deleted. Default: clips are kept until somebody deletes them.",
        24 * 3660
    );

    private readonly Option<string[]> _fetchFrom = new("--fetch-from")
    {
        Description = "A host that pictures may be fetched from by their address; * for all public ones. Default: none.",
        HelpName = "HOST",
    };

    private readonly Option<string[]> _host = new("--host")
    {
        Description = "A name that clients call the server by, beyond its addresses, localhost and the machine's name.",
        HelpName = "NAME",
    };

    private readonly Option<string[]> _webhook = new("--webhook")
    {
        Description = "A URL to notify of each completed or failed video; signed with the secret in webhook.key.",
        HelpName = "URL",
    };

    private readonly ConfigOption _config = new(environment, "WAN_SERVE_");
    private readonly BatchRunOptions _run = new();
    private readonly BackendOptions _backend = new();

    public static Command Build(CliEnvironment environment)
    {
        var self = new ServeCommand(environment);
        var command = new Command("serve", "Serve videos over HTTP: the videos API, over a queue that survives any interruption.");
        Option[] options =
        [
            self._config.Option,
            self._listen,
            self._data.Option,
            self._warm,
            self._maxQueued,
            self._keep,
            self._fetchFrom,
            self._host,
            self._webhook,
        ];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        self._run.AddTo(command, ownsFiles: true);
        self._backend.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan serve",
            "wan serve --listen 127.0.0.1:9000 --data videos/ --warm",
            "wan serve --model Wan2.1-T2V-1.3B --memory 6GB --keep-hours 48",
            "wan serve --config /etc/wansharp/serve.json"
        );
    }

    private async Task<int> RunAsync(ParseResult given, CancellationToken cancellationToken)
    {
        var parsed = _config.Complete(given);
        environment.ShowRuntimeLog(); // a service's log is read later, when it is too late to ask for more
        var host = environment.Host;
        var backend = _run.With(parsed, _backend.Read(parsed, environment), environment.Clock);
        var options = new ServerOptions
        {
            DataFolder = _data.Read(parsed, host),
            Endpoints = [.. parsed.GetValue(_listen)!.Select(Endpoint)],
            Backend = backend,
            Format = _run.Format(parsed),
            StylesFile = _run.StylesFile(parsed),
            Attempts = _run.Attempts(parsed),
            AllowsModelChange = _run.AllowsModelChange(parsed),
            Warm = parsed.GetValue(_warm),
            Webhooks = [.. (parsed.GetValue(_webhook) ?? []).Select(Address)],
            HostNames = parsed.GetValue(_host) ?? [],
            FetchHosts = parsed.GetValue(_fetchFrom) ?? [],
        };
        options = options with
        {
            MostQueued = parsed.GetValue(_maxQueued) ?? options.MostQueued,
            Keep = parsed.GetValue(_keep) is { } hours ? TimeSpan.FromHours(hours) : null,
        };
        await using var server = await WanServer.StartAsync(host, options, cancellationToken);
        foreach (var address in server.Addresses)
        {
            environment.Out.WriteLine($"Listening at {address}");
        }

        environment.Out.Flush();
        await server.Failed.WaitAsync(cancellationToken);
        return ExitCode.Done;
    }

    private static Uri Address(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new InvalidRequestException("webhook", $"'{text}' is not an address: write https://example.com/videos.");

    private static IPEndPoint Endpoint(string text) =>
        IPEndPoint.TryParse(text, out var endpoint) && text.LastIndexOf(':') > text.LastIndexOf(']')
            ? endpoint
            : throw new InvalidRequestException("listen", $"'{text}' is not an address with a port: write {UsualAddress}, or [::1]:8000.");
}
