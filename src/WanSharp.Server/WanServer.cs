using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using WanSharp.Hosting;
using WanSharp.Hosting.Batches;
using WanSharp.Jobs.Storage;
using WanSharp.Server.Batches;
using WanSharp.Server.Comfy;
using WanSharp.Server.Events;
using WanSharp.Server.Http;
using WanSharp.Server.Mcp;
using WanSharp.Server.OpenApi;
using WanSharp.Server.Page;
using WanSharp.Server.Pictures;
using WanSharp.Server.Security;
using WanSharp.Server.Telemetry;
using WanSharp.Server.Videos;
using WanSharp.Server.Webhooks;
using WanSharp.Server.Work;
using WanSharp.Tensors;

namespace WanSharp.Server;

/// <summary>
/// A video server over one durable queue: what it has accepted is made, whatever ends the process. The model is opened when the first
/// request needs it.
/// </summary>
/// <remarks>Thread-safe. Dispose it to stop it.</remarks>
public sealed class WanServer : IAsyncDisposable
{
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(30);

    private readonly WebApplication _application;
    private readonly FileStream _claim;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _working;
    private readonly CancellationTokenSource _stopSending = new();
    private readonly Task _sending;
    private readonly Task _sweeping;
    private int _disposed;

    private WanServer(WebApplication application, FileStream claim)
    {
        (_application, _claim) = (application, claim);
        _working = application.Services.GetRequiredService<QueueRunner>().RunAsync(_stop.Token);
        _sending = Task.Run(() => application.Services.GetRequiredService<WebhookSender>().RunAsync(_stopSending.Token));
        _sweeping = Task.Run(() => application.Services.GetRequiredService<ClipSweeper>().RunAsync(_stop.Token));
    }

    /// <summary>The addresses that it listens at, as clients write them.</summary>
    public IReadOnlyList<Uri> Addresses =>
        [
            .. _application
                .Services.GetRequiredService<IServer>()
                .Features.Get<IServerAddressesFeature>()!
                .Addresses.Select(address => new Uri(address)),
        ];

    /// <summary>Ends when the server can go on no more; its exception says why.</summary>
    public Task Failed => _working;

    /// <summary>Starts a server: when the task ends, it takes requests.</summary>
    /// <param name="host">Where things are.</param>
    /// <param name="options">What it serves, and where.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <exception cref="JobStoreException">The folder cannot be used, or another server has it.</exception>
    /// <exception cref="InvalidRequestException">Clips are not written in the format that is the server's.</exception>
    /// <exception cref="IOException">An address is taken.</exception>
    public static async Task<WanServer> StartAsync(WanHost host, ServerOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Backend.Comfy is null)
        {
            _ = host.Models.Find(options.Backend.Engine.Model); // a model that is not there is known now, not at the first request
        }

        RequireKeyBeyondLoopback(host, options);
        var claim = Claim(options.DataFolder);
        WebApplication? application = null;
        try
        {
            application = Build(host, options);
            application.Services.GetRequiredService<ServedFormats>().Require(options.Format);
            application.Services.GetRequiredService<WebhookSender>().Begin();
            await application.StartAsync(cancellationToken).ConfigureAwait(false);
            return new WanServer(application, claim);
        }
        catch
        {
            if (application is not null)
            {
                await application.DisposeAsync().ConfigureAwait(false);
            }

            await claim.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Answers an agent over a pair of streams (Model Context Protocol), until it goes.</summary>
    /// <param name="input">What the agent says.</param>
    /// <param name="output">What it is told.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task ServeAgentAsync(Stream input, Stream output, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(output);
        return McpServices.RunAsync(_application.Services, input, output, cancellationToken);
    }

    /// <summary>Stops: takes nothing more, lets the steps that run end, and keeps what is saved of their clips.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        await _working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _sweeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stopSending.CancelAsync().ConfigureAwait(false);
        await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _application.Services.GetRequiredService<EventHub>().Close();
        using var farewell = new CancellationTokenSource(Farewell);
        await _application.StopAsync(farewell.Token).ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
        await _claim.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
        _stopSending.Dispose();
    }

    private static WebApplication Build(WanHost host, ServerOptions options)
    {
        // Empty: nothing of the environment or of files that happen to lie around changes what is served.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Configure(kestrel, options));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        AddParts(builder.Services, host, options);
        var application = builder.Build();
        var errors = new ErrorAnswers(host.Options.Notice);
        var parts = application.Services;
        var (audit, keys) = (parts.GetRequiredService<AuditLog>(), parts.GetRequiredService<KeyCheck>());
        var origins = new OriginCheck(options.HostNames);
        audit.Start();
        application.Use(next => context => audit.InvokeAsync(context, next));
        application.Use(next => context => errors.InvokeAsync(context, next));
        application.Use(next => context => origins.InvokeAsync(context, next));
        application.UseWebSockets();
        application.UseRouting();
        application.Use(next => context => keys.InvokeAsync(context, next));
        foreach (var routes in parts.GetServices<IRoutes>())
        {
            routes.Map(routes.TellsKeysApart ? application.MapGroup("").WithMetadata(new TellsKeysApart()) : application);
        }

        return application;
    }

    private static void AddParts(IServiceCollection services, WanHost host, ServerOptions options)
    {
        var data = Path.GetFullPath(options.DataFolder);
        services.AddSingleton(host);
        services.AddSingleton(options);
        services.AddSingleton(host.Options.Clock);
        services.AddSingleton(_ => JobStore.Open(JobFolder.Create(Path.Combine(data, ServerFolders.Videos)), host.Options.Clock));
        services.AddSingleton(_ => options.Backend.MakesAll ? new OpenedResults(null) : OpenedResults.In(host));
        services.AddSingleton<BackendHolder>();
        services.AddSingleton<ServedFormats>();
        services.AddSingleton<EventHub>();
        services.AddSingleton<ServerMetrics>();
        services.AddSingleton<IRoutes, TelemetryRoutes>();
        services.AddSingleton<ProgressBoard>();
        services.AddSingleton<VideoObjects>();
        services.AddSingleton<JobEvents>();
        services.AddSingleton<QueueSwitch>();
        services.AddSingleton<QueueRunner>();
        services.AddSingleton<QueueRoom>();
        services.AddSingleton<VideoWaiting>();
        services.AddSingleton<VideoQueue>();
        services.AddSingleton(_ => new PictureFetch(options.FetchHosts));
        services.AddSingleton(_ => new UploadFolder(
            Path.Combine(data, ServerFolders.Uploads),
            options.MostUploadBytes,
            host.Options.Clock
        ));
        services.AddSingleton<PictureStore>();
        services.AddSingleton<ClipStore>();
        services.AddSingleton(_ => new ClipPictures(host, Path.Combine(data, ServerFolders.Pictures)));
        services.AddSingleton(_ => new KeyFile(data, host.Options.Clock));
        services.AddSingleton<KeyCheck>();
        services.AddSingleton(_ => new AuditLog(data, host.Options.Clock, host.Options.Notice));
        services.AddSingleton<IRoutes, SessionRoutes>();
        services.AddSingleton(_ => new WebhookStore(Path.Combine(data, "webhooks.db")));
        services.AddSingleton(_ => WebhookSecret.Open(Path.Combine(data, "webhook.key")));
        services.AddSingleton<ClipSweeper>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<IRoutes, WebhookRoutes>();
        services.AddSingleton<IRoutes, OpenApiRoutes>();
        services.AddSingleton<IRoutes, ServerRoutes>();
        services.AddSingleton<IRoutes, VideoRoutes>();
        services.AddSingleton<IRoutes, QueueRoutes>();
        services.AddSingleton<VideoForms>();
        services.AddSingleton<VideoDesk>();
        services.AddSingleton<IRoutes, SequelRoutes>();
        services.AddSingleton<IRoutes, EditRoutes>();
        services.AddSingleton<IRoutes, BatchRoutes>();
        services.AddSingleton<IRoutes, ContentRoutes>();
        services.AddSingleton<IRoutes, EventRoutes>();
        services.AddComfy(data);
        services.AddMcp();
        services.AddPage();
    }

    private static void Configure(KestrelServerOptions kestrel, ServerOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = options.MostBodyBytes;
        foreach (var endpoint in options.Endpoints)
        {
            kestrel.Listen(endpoint);
        }
    }

    /// <summary>What others can reach asks them who they are.</summary>
    private static void RequireKeyBeyondLoopback(WanHost host, ServerOptions options)
    {
        if (
            options.Endpoints.FirstOrDefault(endpoint => !IPAddress.IsLoopback(endpoint.Address)) is { } open
            && new KeyFile(options.DataFolder, host.Options.Clock).All().Count == 0
        )
        {
            throw new InvalidRequestException(
                "listen",
                $"At {open} other machines reach the server, and it has no keys: make one with `wan keys add NAME`, or listen at 127.0.0.1."
            );
        }
    }

    /// <summary>Takes the folder for this process: two servers would not know of each other's events.</summary>
    private static FileStream Claim(string folder)
    {
        try
        {
            CreateFolder(folder);
            return new FileStream(Path.Combine(folder, "server.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new JobStoreException(
                $"{folder} cannot be used: {exception.Message} Another server may have it: stop that one, or name another --data.",
                exception
            );
        }
    }

    /// <summary>Makes the folder, for its owner alone: prompts, clips and secrets are in it.</summary>
    private static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Signals are the program's: this host ends when it is stopped.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
