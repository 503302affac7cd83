using System.Collections.Concurrent;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace WanSharp.Testing.Comfy;

/// <summary>The part of the server that runs prompts, one after another.</summary>
public sealed partial class FakeComfy
{
    private static readonly byte[] Preview = [0, 0, 0, 1, 0, 0, 0, 1, 0xff, 0xd8];

    private readonly ConcurrentDictionary<string, Task<WebSocket>> _sockets = new();
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly Dictionary<string, JsonObject?> _cache = []; // by what a node and all before it ask for: what it showed
    private CancellationTokenSource? _interrupt;
    private bool _isForgotten;

    public List<JsonArray> Pending { get; } = [];

    public JsonArray? Running { get; private set; }

    public JsonObject History { get; } = [];

    /// <summary>The longest history; the oldest entries go first.</summary>
    public int MaximumHistory { get; set; } = 10_000;

    /// <summary>What nodes wrote, as "type/subfolder/name".</summary>
    public ConcurrentDictionary<string, byte[]> Files { get; } = new();

    /// <summary>What the saved file holds; null for <see cref="ClipAs"/>.</summary>
    public byte[]? Clip { get; set; }

    /// <summary>The extension of what is saved; null for what the node's format says.</summary>
    public string? Extension { get; set; }

    /// <summary>How many files a node that saves gives.</summary>
    public int FilesPerNode { get; set; } = 1;

    /// <summary>Called when a node begins; may wait, throw <see cref="NodeException"/>, or drop connections.</summary>
    public Func<string, CancellationToken, Task> AtNode { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>A node that is held back with a message, while the rest of the workflow goes on.</summary>
    public (string Node, string Message)? Block { get; set; }

    public bool TellsNothing { get; set; }

    /// <summary>Says nothing of what cached nodes wrote, as some versions do.</summary>
    public bool HidesCached { get; set; }

    public bool IgnoresInterrupts { get; set; }

    /// <summary>The bytes of a clip that is nothing but the beginning of its format.</summary>
    public static byte[] ClipAs(string extension) =>
        extension switch
        {
            ".webm" or ".mkv" => [0x1A, 0x45, 0xDF, 0xA3, .. "a clip"u8],
            ".gif" => [.. "GIF89a, a clip"u8],
            ".webp" => [.. "RIFF\0\0\0\0WEBPa clip"u8],
            ".png" => [0x89, .. "PNG\r\n\x1a\na clip"u8],
            _ => [0, 0, 0, 0x18, .. "ftypisom, a clip"u8],
        };

    public void DropSockets()
    {
        foreach (var (client, socket) in _sockets)
        {
            _sockets.TryRemove(client, out _);
            _ = AbortAsync(socket);
        }
    }

    private static async Task AbortAsync(Task<WebSocket> socket) => (await socket).Abort();

    private static string ClassOf(JsonNode? node) => node!["class_type"]!.GetValue<string>();

    private static bool IsOutput(JsonNode? node) =>
        ClassOf(node) is "SaveVideo" or "VHS_VideoCombine" or "SaveWEBM" or "SaveAnimatedWEBP" or "PreviewImage";

    /// <summary>A node and all that it depends on, those first.</summary>
    private static List<string> Ancestors(JsonObject nodes, string node)
    {
        var found = new List<string>();
        Add(node);
        return found;

        void Add(string id)
        {
            if (!found.Contains(id) && nodes[id]?["inputs"] is JsonObject inputs)
            {
                foreach (var link in inputs.Select(input => input.Value).OfType<JsonArray>().Where(link => link.Count == 2))
                {
                    Add(link[0]!.GetValue<string>());
                }

                found.Add(id);
            }
        }
    }

    private static string Signature(JsonObject nodes, string node) =>
        string.Concat(Ancestors(nodes, node).Select(id => $"{id} {nodes[id]!.ToJsonString()}"));

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
                    _isForgotten = false;
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
        var order = job[4]!.AsArray().SelectMany(output => Ancestors(nodes, output!.GetValue<string>())).Distinct().ToList();
        var messages = new JsonArray();
        var (outputs, status, current, blocked) = (new JsonObject(), "success", order[0], new HashSet<string>());
        try
        {
            await TellAsync("execution_start", []);
            await TellAsync(
                "execution_cached",
                new JsonObject
                {
                    ["nodes"] = new JsonArray([
                        .. order.Where(node => _cache.ContainsKey(Signature(nodes, node))).Select(node => JsonValue.Create(node)),
                    ]),
                }
            );
            foreach (var node in order)
            {
                current = node;
                if (!_cache.TryGetValue(Signature(nodes, node), out var shown))
                {
                    shown = await RunAsync(node);
                }
                else if (HidesCached)
                {
                    continue;
                }

                if (shown is not null)
                {
                    outputs[node] = shown.DeepClone();
                    await TellAsync(
                        "executed",
                        new JsonObject
                        {
                            ["node"] = node,
                            ["display_node"] = node,
                            ["output"] = shown.DeepClone(),
                        }
                    );
                }
            }

            await TellAsync("execution_success", []);
        }
        catch (NodeException e)
        {
            status = "error";
            await TellAsync("execution_error", ErrorOf(current, e.Message, e.Type));
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            status = "error";
            await (
                _isForgotten
                    ? Task.CompletedTask
                    : TellAsync(
                        "execution_interrupted",
                        new JsonObject
                        {
                            ["node_id"] = current,
                            ["node_type"] = "",
                            ["executed"] = new JsonArray(),
                        }
                    )
            );
        }

        lock (_gate)
        {
            if (!_isForgotten)
            {
                History[id] = new JsonObject
                {
                    ["prompt"] = job.DeepClone(),
                    ["outputs"] = outputs,
                    ["meta"] = new JsonObject(),
                    ["status"] = new JsonObject
                    {
                        ["status_str"] = status,
                        ["completed"] = status == "success",
                        ["messages"] = messages,
                    },
                };
                if (History.Count > MaximumHistory)
                {
                    History.Remove(History.First().Key);
                }
            }

            Running = null;
        }

        if (!_isForgotten)
        {
            await SendAsync(client, "executing", new JsonObject { ["node"] = null, ["prompt_id"] = id });
        }

        async Task<JsonObject?> RunAsync(string node)
        {
            var inputs = nodes[node]!["inputs"]!.AsObject();
            if (inputs.Any(input => input.Value is JsonArray { Count: 2 } link && blocked.Contains(link[0]!.ToString())))
            {
                blocked.Add(node);
                return null;
            }

            var type = ClassOf(nodes[node]);
            await TellAsync("executing", new JsonObject { ["node"] = node, ["display_node"] = node });
            if (Block is var (held, why) && held == node)
            {
                await SendAsync(client, "execution_error", Of(ErrorOf(node, $"Execution Blocked: {why}", "ExecutionBlocked")));
                blocked.Add(node);
                return null;
            }

            await AtNode(type, interrupted).WaitAsync(interrupted);
            if (type.StartsWith("KSampler", StringComparison.Ordinal) && inputs["steps"] is JsonValue steps)
            {
                await SampleAsync(node, steps.GetValue<int>());
            }

            return _cache[Signature(nodes, node)] = IsOutput(nodes[node]) ? Save(type, inputs) : null;
        }

        JsonObject ErrorOf(string node, string message, string type) =>
            new()
            {
                ["node_id"] = node,
                ["node_type"] = ClassOf(nodes[node]),
                ["executed"] = new JsonArray(),
                ["exception_message"] = message,
                ["exception_type"] = type,
                ["traceback"] = new JsonArray("File …"),
            };

        JsonObject Of(JsonObject data)
        {
            data["prompt_id"] = id;
            return data;
        }

        async Task TellAsync(string type, JsonObject data)
        {
            Of(data);
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
                await TellAsync(
                    "progress",
                    new JsonObject
                    {
                        ["value"] = step,
                        ["max"] = steps,
                        ["node"] = node,
                    }
                );
                await TellAsync(
                    "progress_state",
                    new JsonObject
                    {
                        ["nodes"] = new JsonObject
                        {
                            [node] = new JsonObject
                            {
                                ["value"] = step,
                                ["max"] = steps,
                                ["state"] = "running",
                                ["node_id"] = node,
                            },
                        },
                    }
                );
                await SendAsync(client, Preview, WebSocketMessageType.Binary);
            }
        }
    }

    /// <summary>Files are numbered on, and never written over; the lists' names are those of the nodes.</summary>
    private JsonObject Save(string type, JsonObject inputs)
    {
        var prefix = (inputs["filename_prefix"]?.GetValue<string>() ?? "ComfyUI").Split('/');
        var (folder, name) = (string.Join('/', prefix[..^1]), prefix[^1]);
        var isKept = type != "PreviewImage" && inputs["save_output"]?.ToJsonString() != "false";
        var extension =
            Extension
            ?? type switch
            {
                "SaveWEBM" => ".webm",
                "SaveAnimatedWEBP" => ".webp",
                "PreviewImage" => ".png",
                _ when inputs["format"]?.GetValue<string>() is { } format && format.EndsWith("ProRes", StringComparison.Ordinal) => ".mov",
                _ => ".mp4",
            };
        var files = new JsonArray();
        for (var i = 0; i < FilesPerNode; i++)
        {
            var place = isKept ? "output" : "temp";
            var number = Files.Count + 1;
            var file = string.Create(CultureInfo.InvariantCulture, $"{name}_{number:D5}_{extension}");
            Files[$"{place}/{folder}/{file}"] = Clip ?? ClipAs(extension);
            files.Add(
                new JsonObject
                {
                    ["filename"] = file,
                    ["subfolder"] = folder,
                    ["type"] = place,
                }
            );
        }

        return type == "VHS_VideoCombine" ? new JsonObject { ["gifs"] = files }
            : type == "PreviewImage" ? new JsonObject { ["images"] = files }
            : new JsonObject { ["images"] = files, ["animated"] = new JsonArray(true) };
    }

    private Task SendAsync(string client, string type, JsonObject data) =>
        TellsNothing
            ? Task.CompletedTask
            : SendAsync(
                client,
                Encoding.UTF8.GetBytes(new JsonObject { ["type"] = type, ["data"] = data.DeepClone() }.ToJsonString()),
                WebSocketMessageType.Text
            );

    private async Task SendAsync(string client, byte[] message, WebSocketMessageType type)
    {
        if (!_sockets.TryGetValue(client, out var accepted))
        {
            return; // nobody listens
        }

        await _sending.WaitAsync();
        try
        {
            await (await accepted).SendAsync(message, type, endOfMessage: true, CancellationToken.None);
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
