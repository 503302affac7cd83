using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace WanSharp.Testing.Comfy;

/// <summary>A server that speaks ComfyUI's routes and messages, in its order, and fails as it is told to.</summary>
public sealed class FakeComfy : IAsyncDisposable
{
    private static readonly byte[] Preview = [0, 0, 0, 1, 0, 0, 0, 1, 0xff, 0xd8];

    private readonly ConcurrentDictionary<string, WebSocket> _sockets = new();
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly WebApplication _app;
    private readonly Task _working;
    private CancellationTokenSource? _interrupt;
    private bool _isForgotten;

    private FakeComfy(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        _app = builder.Build();
        _app.UseWebSockets();
        Map();
        _working = Task.Run(WorkAsync);
    }

    public Uri Address => new(_app.Urls.Single());

    public List<JsonArray> Pending { get; } = [];

    public JsonArray? Running { get; private set; }

    public JsonObject History { get; } = [];

    /// <summary>What was posted, as "route body".</summary>
    public ConcurrentQueue<string> Posts { get; } = new();

    public ConcurrentDictionary<string, byte[]> Uploads { get; } = new();

    /// <summary>What the saved file holds.</summary>
    public byte[] Clip { get; set; } = Encoding.UTF8.GetBytes("a clip");

    /// <summary>Node classes that this server lacks.</summary>
    public HashSet<string> Missing { get; } = [];

    /// <summary>Called when a node begins; may wait, throw <see cref="NodeException"/>, or drop connections.</summary>
    public Func<string, CancellationToken, Task> AtNode { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Gives jobs ids of its own, as older servers do.</summary>
    public bool IsOld { get; set; }

    public bool TellsNothing { get; set; }

    public static async Task<FakeComfy> StartAsync(int port = 0)
    {
        var server = new FakeComfy(port);
        await server._app.StartAsync();
        return server;
    }

    public void DropSockets()
    {
        foreach (var (client, socket) in _sockets)
        {
            _sockets.TryRemove(client, out _);
            socket.Abort();
        }
    }

    /// <summary>What a server knows that was started anew.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            Pending.Clear();
            History.Clear();
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

    private void Map()
    {
        _app.MapGet("/ws", ListenAsync);
        _app.MapGet("/prompt", () => Read(() => new JsonObject { ["exec_info"] = new JsonObject { ["queue_remaining"] = Pending.Count + (Running is null ? 0 : 1) } }));
        _app.MapGet("/queue", () => Read(() => new JsonObject
        {
            ["queue_running"] = Running is null ? [] : new JsonArray(Running.DeepClone()),
            ["queue_pending"] = new JsonArray([.. Pending.Select(item => item.DeepClone())]),
        }));
        _app.MapGet("/history/{id}", (string id) => Read(() => History[id] is { } entry ? new JsonObject { [id] = entry.DeepClone() } : []));
        _app.MapGet("/system_stats", () => Read(() => new JsonObject
        {
            ["system"] = new JsonObject { ["comfyui_version"] = "0.3.60" },
            ["devices"] = new JsonArray(new JsonObject { ["name"] = "cuda:0 Fake", ["type"] = "cuda", ["vram_free"] = 20_000_000_000 }),
        }));
        _app.MapGet("/view", (string filename, string subfolder, string type) => filename == "ComfyUI_00001_.mp4" && subfolder == "video" && type == "output" ? (IResult)TypedResults.Bytes(Clip, "video/mp4") : TypedResults.NotFound());
        _app.MapPost("/prompt", PromptAsync);
        _app.MapPost("/upload/image", UploadAsync);
        _app.MapPost("/queue", async (HttpRequest request) => Delete(await BodyAsync(request)));
        _app.MapPost("/interrupt", async (HttpRequest request) => Interrupt(await BodyAsync(request)));
        _app.MapPost("/free", async (HttpRequest request) => { await BodyAsync(request); });
    }

    private Microsoft.AspNetCore.Http.HttpResults.ContentHttpResult Read(Func<JsonObject> make)
    {
        lock (_gate)
        {
            return TypedResults.Text(make().ToJsonString(), "application/json");
        }
    }

    private async Task<JsonObject> BodyAsync(HttpRequest request)
    {
        var body = (await JsonNode.ParseAsync(request.Body))!.AsObject();
        Posts.Enqueue($"{request.Path} {body.ToJsonString()}");
        return body;
    }

    private async Task<IResult> PromptAsync(HttpRequest request)
    {
        var body = await BodyAsync(request);
        var nodes = body["prompt"]!.AsObject();
        if (nodes.FirstOrDefault(node => Missing.Contains(node.Value!["class_type"]!.GetValue<string>())) is { Key: { } bad })
        {
            var type = nodes[bad]!["class_type"]!.GetValue<string>();
            return TypedResults.Text($$$"""{"error": {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation", "details": "", "extra_info": {}}, "node_errors": {"{{{bad}}}": {"errors": [{"type": "value_not_in_list", "message": "Value not in list", "details": "unet_name: 'x' not in []", "extra_info": {}}], "dependent_outputs": ["50"], "class_type": "{{{type}}}"} } }""", "application/json", statusCode: 400);
        }

        var id = IsOld ? Guid.NewGuid().ToString("D") : body["prompt_id"]!.GetValue<string>();
        if (!Guid.TryParseExact(id, "D", out var parsed) || id != parsed.ToString("D"))
        {
            return TypedResults.Text("""{"error": {"type": "invalid_prompt_id", "message": "prompt_id must be a canonical UUID", "details": "", "extra_info": {}}, "node_errors": {}}""", "application/json", statusCode: 400);
        }

        lock (_gate)
        {
            Pending.Add(new JsonArray(Pending.Count, id, nodes.DeepClone(), new JsonObject { ["client_id"] = body["client_id"]!.GetValue<string>() }, new JsonArray("50")));
        }

        _arrived.Release();
        return TypedResults.Text(new JsonObject { ["prompt_id"] = id, ["number"] = 1, ["node_errors"] = new JsonObject() }.ToJsonString(), "application/json");
    }

    private async Task<IResult> UploadAsync(HttpRequest request)
    {
        var form = await request.ReadFormAsync();
        var file = form.Files["image"]!;
        using var content = new MemoryStream();
        await file.CopyToAsync(content);
        var folder = form["subfolder"].ToString();
        Uploads[$"{folder}/{file.FileName}"] = content.ToArray();
        return TypedResults.Text(new JsonObject { ["name"] = file.FileName, ["subfolder"] = folder, ["type"] = "input" }.ToJsonString(), "application/json");
    }

    private void Delete(JsonObject body)
    {
        lock (_gate)
        {
            foreach (var id in body["delete"] as JsonArray ?? [])
            {
                Pending.RemoveAll(item => item[1]!.GetValue<string>() == id!.GetValue<string>());
            }
        }
    }

    private void Interrupt(JsonObject body)
    {
        lock (_gate)
        {
            if (body["prompt_id"]?.GetValue<string>() == Running?[1]!.GetValue<string>())
            {
                _interrupt?.Cancel();
            }
        }
    }

    private async Task ListenAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var client = context.Request.Query["clientId"].ToString();
        _sockets[client] = socket;
        await SendAsync(client, "status", new JsonObject { ["status"] = new JsonObject { ["exec_info"] = new JsonObject { ["queue_remaining"] = 0 } }, ["sid"] = client });
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

    private async Task WorkAsync()
    {
        try
        {
            while (true)
            {
                await _arrived.WaitAsync(_stop.Token);
                JsonArray? job;
                lock (_gate)
                {
                    job = Running = Pending.FirstOrDefault();
                    _interrupt = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                    if (job is null)
                    {
                        continue; // deleted meanwhile
                    }

                    Pending.RemoveAt(0);
                }

                await ExecuteAsync(job, _interrupt.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private async Task ExecuteAsync(JsonArray job, CancellationToken interrupted)
    {
        var (id, nodes, client) = (job[1]!.GetValue<string>(), job[2]!.AsObject(), job[3]!["client_id"]!.GetValue<string>());
        var messages = new JsonArray();
        var (outputs, status, current) = (new JsonObject(), "success", "");
        try
        {
            await TellAsync("execution_start", []);
            await TellAsync("execution_cached", new JsonObject { ["nodes"] = new JsonArray() });
            foreach (var (node, body) in nodes)
            {
                current = node;
                var type = body!["class_type"]!.GetValue<string>();
                await TellAsync("executing", new JsonObject { ["node"] = node, ["display_node"] = node });
                await AtNode(type, interrupted).WaitAsync(interrupted);
                if (type.StartsWith("KSampler", StringComparison.Ordinal))
                {
                    await SampleAsync(node, body["inputs"]!["steps"]!.GetValue<int>());
                }

                if (type is "SaveVideo" or "VHS_VideoCombine")
                {
                    var file = new JsonObject { ["filename"] = "ComfyUI_00001_.mp4", ["subfolder"] = "video", ["type"] = "output" };
                    outputs[node] = type == "SaveVideo" ? new JsonObject { ["images"] = new JsonArray(file), ["animated"] = new JsonArray(true) } : new JsonObject { ["gifs"] = new JsonArray(file) };
                    await TellAsync("executed", new JsonObject { ["node"] = node, ["output"] = outputs[node]!.DeepClone() });
                }
            }

            await TellAsync("execution_success", []);
        }
        catch (NodeException e)
        {
            status = "error";
            await TellAsync("execution_error", new JsonObject
            {
                ["node_id"] = current, ["node_type"] = nodes[current]!["class_type"]!.GetValue<string>(), ["executed"] = new JsonArray(),
                ["exception_message"] = e.Message, ["exception_type"] = e.Type, ["traceback"] = new JsonArray("File …"),
            });
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            status = "error";
            await TellAsync("execution_interrupted", new JsonObject { ["node_id"] = current, ["node_type"] = "", ["executed"] = new JsonArray() });
        }

        lock (_gate)
        {
            if (!_isForgotten)
            {
                History[id] = new JsonObject
                {
                    ["prompt"] = job.DeepClone(), ["outputs"] = outputs,
                    ["status"] = new JsonObject { ["status_str"] = status, ["completed"] = status == "success", ["messages"] = messages },
                };
            }

            (Running, _isForgotten) = (null, false);
        }

        await SendAsync(client, "executing", new JsonObject { ["node"] = null, ["prompt_id"] = id });

        async Task TellAsync(string type, JsonObject data)
        {
            data["prompt_id"] = id;
            if (type.StartsWith("execution", StringComparison.Ordinal))
            {
                data["timestamp"] = 1_700_000_000_000 + (messages.Count * 1500);
                messages.Add(new JsonArray(type, data.DeepClone()));
            }

            await SendAsync(client, type, data);
        }

        async Task SampleAsync(string node, int steps)
        {
            for (var step = 1; step <= steps; step++)
            {
                await TellAsync("progress", new JsonObject { ["value"] = step, ["max"] = steps, ["node"] = node });
                await TellAsync("progress_state", new JsonObject { ["nodes"] = new JsonObject { [node] = new JsonObject { ["value"] = step, ["max"] = steps, ["state"] = "running", ["node_id"] = node } } });
                await SendAsync(client, Preview, WebSocketMessageType.Binary);
            }
        }
    }

    private Task SendAsync(string client, string type, JsonObject data) =>
        TellsNothing ? Task.CompletedTask : SendAsync(client, Encoding.UTF8.GetBytes(new JsonObject { ["type"] = type, ["data"] = data.DeepClone() }.ToJsonString()), WebSocketMessageType.Text);

    private async Task SendAsync(string client, byte[] message, WebSocketMessageType type)
    {
        if (!_sockets.TryGetValue(client, out var socket))
        {
            return; // nobody listens
        }

        await _sending.WaitAsync();
        try
        {
            await socket.SendAsync(message, type, endOfMessage: true, CancellationToken.None);
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            // It hung up.
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>What a node throws.</summary>
    public sealed class NodeException(string type, string message) : Exception(message)
    {
        public string Type { get; } = type;
    }
}
