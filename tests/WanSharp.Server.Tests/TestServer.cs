using System.Collections.Concurrent;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using WanSharp.Hosting;
using WanSharp.Hosting.Batches;
using WanSharp.Testing;

namespace WanSharp.Server.Tests;

/// <summary>A server with the tiny model, on a free port, and a client of it.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private const int Threads = 1;

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<string> _notices = new();
    private WanServer? _server;
    private Func<HostOptions, HostOptions>? _changeHost;

    private TestServer() { }

    /// <summary>Sends to the server that runs now.</summary>
    public HttpClient Client { get; private set; } = new();

    /// <summary>The server's own notices, until now.</summary>
    public IReadOnlyList<string> Notices => [.. _notices];

    /// <summary>The folder of the server's data.</summary>
    public string Data => _folder["data"];

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<TestServer> StartAsync(
        Func<ServerOptions, ServerOptions>? change = null,
        Func<HostOptions, HostOptions>? host = null
    )
    {
        var server = new TestServer { _changeHost = host };
        TinyModel.Write(server._folder["tiny"]);
        await server.RestartAsync(change);
        return server;
    }

    /// <summary>The patterns of all routes.</summary>
    public IEnumerable<string> Routes =>
        ((IEndpointRouteBuilder)Application(_server!))
            .DataSources.SelectMany(source => source.Endpoints)
            .OfType<RouteEndpoint>()
            .Select(route => route.RoutePattern.RawText!)
            .Distinct();

    /// <summary>Stops the server, if one runs, and starts another one over the same folder.</summary>
    public async Task RestartAsync(Func<ServerOptions, ServerOptions>? change = null)
    {
        await StopAsync();
        var hostOptions = new HostOptions
        {
            CacheFolder = _folder["cache"],
            ConfigFolder = _folder["config"],
            SearchPath = Environment.GetEnvironmentVariable("PATH"), // where ffmpeg may be
            Notice = _notices.Enqueue,
        };
        var host = new WanHost(_changeHost?.Invoke(hostOptions) ?? hostOptions);
        if (_changeHost is null)
        {
            using var runtime = host.OpenRuntime(Threads);
            using var store = host.OpenTunings();
            KnownMachine.PlaceIn(store, runtime, Threads, host.Options.Clock);
        }

        var options = new ServerOptions
        {
            DataFolder = Data,
            Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
            Backend = new BackendSettings
            {
                Engine = new EngineSettings
                {
                    Model = _folder["tiny"],
                    Provider = "cpu",
                    Threads = Threads,
                },
            },
            Format = ".webp",
        };
        _server = await WanServer.StartAsync(host, change?.Invoke(options) ?? options, Token);
        Client = new HttpClient { BaseAddress = _server.Addresses[0], Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Answers an agent over streams.</summary>
    public Task ServeAgentAsync(Stream input, Stream output) => _server!.ServeAgentAsync(input, output, Token);

    public async Task StopAsync()
    {
        Client.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    /// <summary>Sends JSON, and reads JSON.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string path, string json, params (string, string)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(json, Encoding.UTF8, "application/json"),
        };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var answer = await Client.SendAsync(request, Token);
        return (answer.StatusCode, await JsonAsync(answer));
    }

    public async Task<(HttpStatusCode Status, JsonElement Body)> GetAsync(string path)
    {
        using var answer = await Client.GetAsync(new Uri(path, UriKind.Relative), Token);
        return (answer.StatusCode, await JsonAsync(answer));
    }

    public async Task<(HttpStatusCode Status, JsonElement Body)> DeleteAsync(string path)
    {
        using var answer = await Client.DeleteAsync(new Uri(path, UriKind.Relative), Token);
        return (answer.StatusCode, await JsonAsync(answer));
    }

    /// <summary>Asks for a small video.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> CreateAsync(string prompt, string more = "")
    {
        var (status, body) = await PostAsync("/v1/videos", $$"""{"prompt":"{{prompt}}","num_frames":5,"steps":2{{more}}}""");
        Assert.True(status == HttpStatusCode.OK, body.ToString());
        return body.GetProperty("id").GetString()!;
    }

    /// <summary>Waits until a video is completed or failed.</summary>
    public async Task<JsonElement> EndAsync(string id)
    {
        while (true)
        {
            var (_, video) = await GetAsync($"/v1/videos/{id}");
            if (video.GetProperty("status").GetString() is "completed" or "failed")
            {
                return video;
            }

            await Task.Delay(20, Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Dispose();
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_application")]
    private static extern ref WebApplication Application(WanServer server);

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync(Token);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
