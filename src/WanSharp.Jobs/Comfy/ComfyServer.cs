using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Comfy;

/// <summary>One ComfyUI server, spoken to over HTTP. Thread-safe. Routes and bodies: comfyanonymous/ComfyUI server.py.</summary>
/// <remarks>Every call throws <see cref="ServerLostException"/> when the server does not answer, or not as ComfyUI does.</remarks>
internal sealed class ComfyServer : IDisposable
{
    private const long MaximumAnswerBytes = 64 << 20;
    private const int ChunkBytes = 1 << 16;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http;
    private readonly ComfyBackendOptions _options;
    private int _inFlight;

    public ComfyServer(Uri address, ComfyBackendOptions options)
    {
        (Address, _options) = (address, options);
        var handler = new SocketsHttpHandler { ConnectTimeout = ConnectTimeout, AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        _http = new HttpClient(handler) { BaseAddress = address, MaxResponseContentBufferSize = MaximumAnswerBytes, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>The address, with a slash at its end.</summary>
    public Uri Address { get; }

    /// <summary>The address as users write it.</summary>
    public string Name => Address.ToString().TrimEnd('/');

    /// <summary>Jobs of this process that have a place at it.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Jobs that it has, of everybody.</summary>
    public async Task<int> QueueLengthAsync(CancellationToken cancellationToken)
    {
        var answer = await GetAsync("prompt", cancellationToken).ConfigureAwait(false);
        return (int?)answer.At("exec_info").At("queue_remaining").Number()
            ?? throw new ServerLostException($"{Name} does not answer as ComfyUI does: /prompt has no exec_info. Check the address.");
    }

    /// <summary>Version and devices in a line, or why the server cannot be used.</summary>
    public async Task<string> TryDescribeAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await DescribeAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ServerLostException e)
        {
            return e.Message;
        }
    }

    private async Task<string> DescribeAsync(CancellationToken cancellationToken)
    {
        var stats = await GetAsync("system_stats", cancellationToken).ConfigureAwait(false);
        var devices = stats.At("devices").Items().Select(device => string.Create(CultureInfo.InvariantCulture,
            $"{device.At("name").Text()}{(device.At("vram_free").Number() is { } bytes ? $", {bytes / 1e9:0.0} GB free" : "")}"));
        return $"{Name}: ComfyUI {stats.At("system").At("comfyui_version").Text() ?? "of an unknown version"}, {string.Join("; ", devices)}";
    }

    /// <summary>Puts a workflow into the queue.</summary>
    /// <returns>The id that the server gave it: ours, but for servers that are too old to take one.</returns>
    /// <exception cref="PromptRefusedException">The server does not take it.</exception>
    public async Task<string> SendAsync(JsonObject nodes, string promptId, string clientId, CancellationToken cancellationToken)
    {
        var body = new JsonObject { ["prompt"] = nodes, ["client_id"] = clientId, ["prompt_id"] = promptId };
        var (status, answer) = await SendAsync(HttpMethod.Post, "prompt", () => JsonContent.Create(body), cancellationToken).ConfigureAwait(false);
        if (status == HttpStatusCode.BadRequest)
        {
            throw new PromptRefusedException($"{Name} does not take the workflow: {Refusal(answer, nodes)}");
        }

        Require(status, "POST /prompt");
        return answer.At("prompt_id").Text() ?? promptId;
    }

    /// <summary>Where a job is in the queue.</summary>
    public async Task<ComfyPlace> FindInQueueAsync(string promptId, CancellationToken cancellationToken)
    {
        var queue = await GetAsync("queue", cancellationToken).ConfigureAwait(false);
        return Has(queue["queue_running"]) ? ComfyPlace.Running : Has(queue["queue_pending"]) ? ComfyPlace.Pending : ComfyPlace.Nowhere;

        bool Has(JsonNode? items) => items.Items().Any(item => item is JsonArray { Count: > 1 } entry && entry[1].Text() == promptId);
    }

    /// <summary>What a job that has ended left; null while it runs, and when it is unknown.</summary>
    public async Task<JsonObject?> HistoryAsync(string promptId, CancellationToken cancellationToken) =>
        (await GetAsync($"history/{promptId}", cancellationToken).ConfigureAwait(false))[promptId] as JsonObject;

    /// <summary>Takes a job out of the queue, and stops it if it runs.</summary>
    public async Task StopAsync(string promptId, CancellationToken cancellationToken)
    {
        await PostAsync("queue", new JsonObject { ["delete"] = new JsonArray(promptId) }, cancellationToken).ConfigureAwait(false);

        // Older servers stop whatever runs, so only while it is this job.
        if (await FindInQueueAsync(promptId, cancellationToken).ConfigureAwait(false) == ComfyPlace.Running)
        {
            await PostAsync("interrupt", new JsonObject { ["prompt_id"] = promptId }, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Makes the server let go of its models and memory, after the job that it runs.</summary>
    public Task FreeAsync(CancellationToken cancellationToken) =>
        PostAsync("free", new JsonObject { ["unload_models"] = true, ["free_memory"] = true }, cancellationToken);

    /// <summary>Puts an image among the server's inputs.</summary>
    /// <returns>What a node that loads it calls it.</returns>
    public async Task<string> UploadAsync(string path, string name, CancellationToken cancellationToken)
    {
        var (status, answer) = await SendAsync(HttpMethod.Post, "upload/image", () => new MultipartFormDataContent
        {
            { new StreamContent(File.OpenRead(path)), "image", name },
            { new StringContent("true"), "overwrite" }, // the name is the content's digest
            { new StringContent("wansharp"), "subfolder" },
        }, cancellationToken).ConfigureAwait(false);
        Require(status, "POST /upload/image");
        var stored = answer.At("name").Text() ?? name;
        return answer.At("subfolder").Text() is { Length: > 0 } folder ? $"{folder}/{stored}" : stored;
    }

    /// <summary>Fetches a file that a node wrote.</summary>
    public async Task DownloadAsync(ComfyOutputFile file, string path, CancellationToken cancellationToken)
    {
        var query = $"view?filename={Uri.EscapeDataString(file.Name)}&subfolder={Uri.EscapeDataString(file.Folder)}&type={Uri.EscapeDataString(file.Type)}";
        await AtomicFile.WriteAsync(path, (target, stop) => AskAsync(async (token, alive) =>
        {
            target.SetLength(0); // what an earlier try left
            using var response = await _http.GetAsync(query, HttpCompletionOption.ResponseHeadersRead, token).ConfigureAwait(false);
            Require(response.StatusCode, $"GET /view of {file.Name}");
            await CopyAsync(response, file, target, alive, token).ConfigureAwait(false);
            return 0;
        }, stop), cancellationToken).ConfigureAwait(false);
    }

    public void Enter() => Interlocked.Increment(ref _inFlight);

    public void Leave() => Interlocked.Decrement(ref _inFlight);

    public void Dispose() => _http.Dispose();

    private async Task CopyAsync(HttpResponseMessage response, ComfyOutputFile file, FileStream target, Action alive, CancellationToken cancellationToken)
    {
        using var source = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var chunk = new byte[ChunkBytes];
        var length = 0L;
        while (await source.ReadAsync(chunk, cancellationToken).ConfigureAwait(false) is > 0 and var read)
        {
            alive();
            length += read;
            if (length > _options.MaximumClipBytes)
            {
                throw new InvalidDataException($"{file.Name} of {Name} is longer than {_options.MaximumClipBytes} bytes, which no clip is.");
            }

            await target.WriteAsync(chunk.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
        }

        if (length == 0)
        {
            throw new InvalidDataException($"{file.Name} of {Name} is empty.");
        }

        if (response.Content.Headers.ContentLength is { } promised && promised != length)
        {
            throw new HttpRequestException($"{file.Name} ended after {length} of {promised} bytes");
        }
    }

    private async Task<JsonObject> GetAsync(string route, CancellationToken cancellationToken)
    {
        var (status, answer) = await SendAsync(HttpMethod.Get, route, () => null, cancellationToken).ConfigureAwait(false);
        Require(status, $"GET /{route}");
        return answer;
    }

    private async Task PostAsync(string route, JsonObject body, CancellationToken cancellationToken)
    {
        var (status, _) = await SendAsync(HttpMethod.Post, route, () => JsonContent.Create(body), cancellationToken).ConfigureAwait(false);
        Require(status, $"POST /{route}");
    }

    private Task<(HttpStatusCode Status, JsonObject Answer)> SendAsync(HttpMethod method, string route, Func<HttpContent?> content, CancellationToken cancellationToken) =>
        AskAsync(async (token, _) =>
        {
            using var request = new HttpRequestMessage(method, route) { Content = content() };
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, token).ConfigureAwait(false);
            var text = await response.Content.ReadAsStringAsync(token).ConfigureAwait(false);
            return (response.StatusCode, response.IsSuccessStatusCode ? JsonParts.Parse(text) : ParseError(text));
        }, cancellationToken);

    /// <summary>Asks with a time limit, which begins again at each sign of life, and tells a server that is lost from everything else.</summary>
    private async Task<T> AskAsync<T>(Func<CancellationToken, Action, Task<T>> ask, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_options.RequestTimeout, _options.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await ask(either.Token, () => limit.CancelAfter(_options.RequestTimeout)).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ServerLostException($"{Name} does not answer within {_options.RequestTimeout.TotalSeconds:0.#} s.", e);
        }
        catch (Exception e) when (e is HttpRequestException or HttpIOException or JsonException)
        {
            throw new ServerLostException($"{Name} cannot be used: {e.Message.TrimEnd('.')}.", e);
        }
    }

    private void Require(HttpStatusCode status, string what)
    {
        if ((int)status is < 200 or >= 300)
        {
            throw new ServerLostException($"{Name} answers {(int)status} to {what}: check that it is a ComfyUI server, and that it needs no sign-in.");
        }
    }

    private static JsonObject ParseError(string text)
    {
        try
        {
            return JsonParts.Parse(text);
        }
        catch (JsonException)
        {
            return []; // a page for people
        }
    }

    /// <summary>Why a server refused a workflow, in a line: the first node's error says more than the summary.</summary>
    private static string Refusal(JsonObject answer, JsonObject nodes)
    {
        foreach (var (id, node) in answer.At("node_errors").Members())
        {
            if (node.At("errors").Items().FirstOrDefault() is { } error)
            {
                return $"node {id} ({node.At("class_type").Text() ?? nodes[id].At("class_type").Text()}): {Message(error)}";
            }
        }

        return answer.At("error").Text() ?? Message(answer.At("error"));
    }

    private static string Message(JsonNode? error) => (error.At("message").Text(), error.At("details").Text()) switch
    {
        (null, _) => "it does not say why.",
        (var message, { Length: > 0 } details) => $"{message}: {details}",
        var (message, _) => message,
    };
}
