using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace WanSharp.Testing.Comfy;

/// <summary>
/// A server that answers as ComfyUI does: its routes, the checks of a prompt, its queue, cache, history and messages, in its order. It
/// fails as it
/// is told to. Written after server.py, execution.py and comfy_execution/jobs.py.
/// </summary>
public sealed partial class FakeComfy : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly WebApplication _app;
    private readonly Task _working;
    private int _number;
    private bool _isGone;

    private FakeComfy()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Use(SignInAsync);
        _app.UseWebSockets();
        Map();
        _working = Task.Run(WorkAsync);
    }

    public Uri Address => new(_app.Urls.Single());

    /// <summary>What was posted, as "route body".</summary>
    public ConcurrentQueue<string> Posts { get; } = new();

    /// <summary>The workflows that were posted.</summary>
    public IEnumerable<JsonObject> Sent =>
        Posts
            .Where(post => post.StartsWith("/prompt ", StringComparison.Ordinal))
            .Select(post => JsonNode.Parse(post["/prompt ".Length..])!["prompt"]!.AsObject());

    public ConcurrentDictionary<string, byte[]> Uploads { get; } = new();

    /// <summary>Node classes that this server lacks.</summary>
    public HashSet<string> Missing { get; } = [];

    /// <summary>Nodes whose inputs are not valid here, and why.</summary>
    public Dictionary<string, string> Invalid { get; } = [];

    /// <summary>What each request must sign in with; null for nothing.</summary>
    public (string Header, string Value)? SignIn { get; set; }

    /// <summary>What each request's query must hold; null for nothing.</summary>
    public string? SignInQuery { get; set; }

    /// <summary>How many requests were not signed in.</summary>
    public int Strangers { get; private set; }

    /// <summary>What stands before the server may answer first, with a status, or null to let the request through.</summary>
    public Func<HttpRequest, int?>? Before { get; set; }

    /// <summary>Does not know the newer routes, gives jobs ids of its own, and stops whatever runs.</summary>
    public bool IsOld { get; set; }

    /// <summary>Ends each connection, as where no server is. Its port stays its own: another test's server could take it.</summary>
    public bool IsGone
    {
        get => Volatile.Read(ref _isGone);
        set
        {
            Volatile.Write(ref _isGone, value);
            if (value)
            {
                DropSockets();
            }
        }
    }

    /// <summary>The longest upload, in bytes.</summary>
    public long MaximumUpload { get; set; } = 100 << 20;

    public static async Task<FakeComfy> StartAsync()
    {
        var server = new FakeComfy();
        await server._app.StartAsync();
        return server;
    }

    /// <summary>What a server knows that was started anew: files stay, memory and connections do not.</summary>
    public void Forget()
    {
        DropSockets();
        lock (_gate)
        {
            Pending.Clear();
            History.Clear();
            _cache.Clear();
            (Running, _isForgotten) = (null, true);
            _interrupt?.Cancel();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        DropSockets();
        await _working;
        await _app.DisposeAsync();
    }

    /// <summary>A proxy's gate, before everything else.</summary>
    private async Task SignInAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (IsGone)
        {
            context.Abort();
            return;
        }

        if (
            (SignIn is var (header, value) && request.Headers[header] != value)
            || (SignInQuery is { } query && !request.QueryString.Value!.Contains(query, StringComparison.Ordinal))
        )
        {
            Strangers++;
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        if (Before?.Invoke(request) is { } status)
        {
            context.Response.StatusCode = status;
            await context.Response.WriteAsync("<html>the proxy's page</html>");
            return;
        }

        await next(context);
    }

    private void Map()
    {
        _app.MapGet("/ws", ListenAsync);
        _app.MapGet(
            "/prompt",
            () =>
                Read(() =>
                    new JsonObject { ["exec_info"] = new JsonObject { ["queue_remaining"] = Pending.Count + (Running is null ? 0 : 1) } }
                )
        );
        _app.MapGet(
            "/queue",
            () =>
                Read(() =>
                    new JsonObject
                    {
                        ["queue_running"] = Running is null ? [] : new JsonArray(Running.DeepClone()),
                        ["queue_pending"] = new JsonArray([.. Pending.Select(item => item.DeepClone())]),
                    }
                )
        );
        _app.MapGet(
            "/history/{id}",
            (string id) => Read(() => History[id] is { } entry ? new JsonObject { [id] = entry.DeepClone() } : [])
        );
        _app.MapGet(
            "/system_stats",
            () =>
                Read(() =>
                    new JsonObject
                    {
                        ["system"] = new JsonObject { ["comfyui_version"] = "0.3.60" },
                        ["devices"] = new JsonArray(
                            new JsonObject
                            {
                                ["name"] = "cuda:0 Fake",
                                ["type"] = "cuda",
                                ["vram_free"] = 20_000_000_000,
                            }
                        ),
                    }
                )
        );
        _app.MapGet("/view", View);
        _app.MapPost("/prompt", PromptAsync);
        _app.MapPost("/upload/image", UploadAsync);
        _app.MapPost("/queue", async (HttpRequest request) => Delete((await BodyAsync(request))["delete"] as JsonArray ?? []));
        _app.MapPost("/interrupt", async (HttpRequest request) => Interrupt(await BodyAsync(request)));
        _app.MapPost(
            "/free",
            async (HttpRequest request) =>
            {
                await BodyAsync(request);
            }
        );
        _app.MapPost("/api/jobs/{id}/cancel", async (HttpRequest request, string id) => await CancelAsync(request, id));
        // the route of the web page's files
        _app.MapFallback((HttpRequest request) => Results.StatusCode(HttpMethods.IsGet(request.Method) ? 404 : 405));
    }

    private Microsoft.AspNetCore.Http.HttpResults.ContentHttpResult Read(Func<JsonObject> make)
    {
        lock (_gate)
        {
            return Json(make());
        }
    }

    private static Microsoft.AspNetCore.Http.HttpResults.ContentHttpResult Json(JsonObject body, int status = 200) =>
        TypedResults.Text(body.ToJsonString(), "application/json", statusCode: status);

    private async Task<JsonObject> BodyAsync(HttpRequest request)
    {
        var body = (await JsonNode.ParseAsync(request.Body))!.AsObject();
        Posts.Enqueue($"{request.Path} {body.ToJsonString()}");
        return body;
    }

    /// <summary>As server.py: no path outside, 403 for folders outside, 404 for what is not there.</summary>
    private IResult View(string? filename, string? subfolder, string? type)
    {
        if (
            string.IsNullOrEmpty(filename)
            || filename[0] == '/'
            || filename.Contains("..", StringComparison.Ordinal)
            || type is not (null or "output" or "temp" or "input")
        )
        {
            return Results.StatusCode(400);
        }

        return subfolder?.Contains("..", StringComparison.Ordinal) == true ? Results.StatusCode(403)
            : Files.TryGetValue($"{type ?? "output"}/{subfolder}/{filename}", out var content)
                ? TypedResults.Bytes(content, "application/octet-stream")
            : Results.StatusCode(404);
    }

    private async Task<IResult> UploadAsync(HttpRequest request)
    {
        var form = await request.ReadFormAsync();
        var file = form.Files["image"]!;
        if (file.Length > MaximumUpload)
        {
            return Results.StatusCode(413);
        }

        using var content = new MemoryStream();
        await file.CopyToAsync(content);
        var folder = form["subfolder"].ToString();
        Uploads[$"{folder}/{file.FileName}"] = content.ToArray();
        return Json(
            new JsonObject
            {
                ["name"] = file.FileName,
                ["subfolder"] = folder,
                ["type"] = "input",
            }
        );
    }

    private async Task ListenAsync(HttpContext context)
    {
        // Known before the client hears that it is connected: what it posts then has somebody to tell.
        var client = context.Request.Query["clientId"].ToString();
        var accepted = new TaskCompletionSource<WebSocket>(TaskCreationOptions.RunContinuationsAsynchronously);
        _sockets[client] = accepted.Task;
        WebSocket opened;
        try
        {
            opened = await context.WebSockets.AcceptWebSocketAsync();
        }
        catch
        {
            _sockets.TryRemove(client, out _);
            accepted.SetCanceled();
            throw;
        }

        using var socket = opened;
        accepted.SetResult(socket);
        await SendAsync(
            client,
            "status",
            new JsonObject
            {
                ["status"] = new JsonObject { ["exec_info"] = new JsonObject { ["queue_remaining"] = 0 } },
                ["sid"] = client,
            }
        );
        try
        {
            await socket.ReceiveAsync(new byte[16], _stop.Token); // clients say nothing: this ends with them
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // Gone.
        }

        _sockets.TryRemove(client, out _);
    }
}
