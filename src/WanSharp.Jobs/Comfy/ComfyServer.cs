using System.Net.Http.Json;
using System.Text.Json.Nodes;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Comfy;

/// <summary>
/// One ComfyUI server. Thread-safe. Routes and bodies: comfyanonymous/ComfyUI server.py, execution.py, comfy_execution/jobs.py.
/// </summary>
/// <remarks>Every call throws <see cref="ServerLostException"/> when the server does not answer, or not as ComfyUI does.</remarks>
internal sealed class ComfyServer : IDisposable
{
    private const int ChunkBytes = 1 << 16;

    private readonly ComfyHttp _http;
    private readonly ComfyBackendOptions _options;
    private int _inFlight;

    public ComfyServer(ComfyAddress address, ComfyBackendOptions options) =>
        (Address, _options, _http) = (address, options, new ComfyHttp(address, options));

    /// <summary>Where it is.</summary>
    public ComfyAddress Address { get; }

    /// <summary>The address as it is shown.</summary>
    public string Name => Address.Name;

    /// <summary>Jobs of this process that have a place at it.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Whether it has answered as ComfyUI does since this program began.</summary>
    public bool HasAnswered => _http.HasAnswered;

    /// <summary>Jobs that it has, of everybody.</summary>
    public async Task<int> QueueLengthAsync(CancellationToken cancellationToken)
    {
        var answer = await _http.GetAsync("prompt", cancellationToken).ConfigureAwait(false);
        var length =
            (int?)answer.At("exec_info").At("queue_remaining").Number()
            ?? throw new ServerLostException(
                $"{Name} does not answer like ComfyUI: /prompt has no exec_info. Check the address.",
                HasAnswered
            );
        _http.NoteAnswer();
        return length;
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
        var stats = await _http.GetAsync("system_stats", cancellationToken).ConfigureAwait(false);
        var devices = stats
            .At("devices")
            .Items()
            .Select(device =>
                $"{device.At("name").Text()}{(device.At("vram_free").Number() is { } bytes ? $", {ByteSize.Text(bytes)} free" : "")}"
            );
        var version = stats.At("system").At("comfyui_version").Text() ?? "of an unknown version";
        var waiting = await QueueLengthAsync(cancellationToken).ConfigureAwait(false);
        var queue = waiting == 0 ? "" : $"; {waiting} {(waiting == 1 ? "job" : "jobs")} in its queue";
        return _http.Clean($"{Name}: ComfyUI {version}, {string.Join("; ", devices)}{queue}");
    }

    /// <summary>Puts a workflow into the queue.</summary>
    /// <param name="nodes">The workflow.</param>
    /// <param name="ticket">Ours.</param>
    /// <param name="output">The node that gives the clip; null for any.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The id that the server gave it: ours, except on servers that are too old to take one.</returns>
    /// <exception cref="JobRefusedException">The server does not take it, or leaves out the node that gives the clip.</exception>
    public async Task<string> SendAsync(JsonObject nodes, ComfyTicket ticket, string? output, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["prompt"] = nodes,
            ["client_id"] = ticket.ClientId,
            ["prompt_id"] = ticket.PromptId,
        };
        HttpContent Content() => JsonContent.Create(body);
        var (isTaken, answer) = await _http.PostForJobAsync("prompt", Content, cancellationToken).ConfigureAwait(false);
        if (!isTaken || (answer.At("prompt_id") is null && answer.At("error") is not null))
        {
            throw new JobRefusedException(_http.Clean($"{Name} rejects the workflow: {ComfyRefusal.Of(answer, nodes)}"));
        }

        var id = answer.At("prompt_id").Text() ?? ticket.PromptId;
        if (ComfyRefusal.OfOutput(answer, nodes, output) is { } reason)
        {
            // It is in the queue all the same, for what else the workflow gives: nobody wants that computed.
            await StopAsync(ticket with { PromptId = id }, cancellationToken).ConfigureAwait(false);
            throw new JobRefusedException(_http.Clean($"{Name} accepts the workflow without the node that writes the clip: {reason}"));
        }

        return id;
    }

    /// <summary>Where a job is in the queue, and under which id: known by ours, or by who sent it.</summary>
    public async Task<(ComfyPlace Place, string? PromptId)> FindInQueueAsync(ComfyTicket ticket, CancellationToken cancellationToken)
    {
        var queue = await _http.GetAsync("queue", cancellationToken).ConfigureAwait(false);
        return Find("queue_running") is { } running ? (ComfyPlace.Running, running)
            : Find("queue_pending") is { } pending ? (ComfyPlace.Pending, pending)
            : (ComfyPlace.Nowhere, null);

        string? Find(string list) =>
            queue[list]
                .Items()
                .OfType<JsonArray>()
                .Where(item => item.Count > 1 && IsOurs(item))
                .Select(item => item[1].Text())
                .FirstOrDefault();
        bool IsOurs(JsonArray item) =>
            item[1].Text() == ticket.PromptId || (item.Count > 3 && item[3].At("client_id").Text() == ticket.ClientId);
    }

    /// <summary>What a job that has ended left; null while it runs, and when it is unknown.</summary>
    public async Task<JsonObject?> HistoryAsync(string promptId, CancellationToken cancellationToken) =>
        (await _http.GetAsync($"history/{promptId}", cancellationToken).ConfigureAwait(false))[promptId] as JsonObject;

    /// <summary>Takes a job out of the queue, and stops it if it runs. Nothing else is stopped.</summary>
    public async Task StopAsync(ComfyTicket ticket, CancellationToken cancellationToken)
    {
        if (await _http.PostAsync($"api/jobs/{ticket.PromptId}/cancel", [], cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        // An older server: it takes jobs out of the queue by their id, and stops whatever runs, so it is told to only while it runs
        // this job.
        var (place, id) = await FindInQueueAsync(ticket, cancellationToken).ConfigureAwait(false);
        if (place == ComfyPlace.Pending)
        {
            await _http.PostAsync("queue", new JsonObject { ["delete"] = new JsonArray(id) }, cancellationToken).ConfigureAwait(false);
            (place, id) = await FindInQueueAsync(ticket, cancellationToken).ConfigureAwait(false); // it may have begun in between
        }

        if (place == ComfyPlace.Running)
        {
            await _http.PostAsync("interrupt", new JsonObject { ["prompt_id"] = id }, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A text of the server, for a message.</summary>
    public string Clean(string text) => _http.Clean(text);

    /// <summary>Makes the server let go of its models and memory, after the job that it runs.</summary>
    public Task FreeAsync(CancellationToken cancellationToken) =>
        _http.PostAsync("free", new JsonObject { ["unload_models"] = true, ["free_memory"] = true }, cancellationToken);

    /// <summary>Puts an image among the server's inputs.</summary>
    /// <returns>What a node that loads it calls it.</returns>
    /// <exception cref="JobRefusedException">The server does not take it.</exception>
    public async Task<string> UploadAsync(string path, string name, CancellationToken cancellationToken)
    {
        var (isTaken, answer) = await _http
            .PostForJobAsync(
                "upload/image",
                () =>
                    new MultipartFormDataContent
                    {
                        { new StreamContent(PlainFile.OpenRead(path)), "image", name },
                        { new StringContent("true"), "overwrite" }, // the name is the content's digest
                        { new StringContent("wansharp"), "subfolder" },
                    },
                cancellationToken
            )
            .ConfigureAwait(false);
        if (!isTaken)
        {
            throw new JobRefusedException($"{Name} rejects the image {path}.");
        }

        var stored = answer.At("name").Text() ?? name;
        return answer.At("subfolder").Text() is { Length: > 0 } folder ? $"{folder}/{stored}" : stored;
    }

    /// <summary>Fetches a file that a node wrote.</summary>
    /// <exception cref="ClipGoneException">The server does not give it.</exception>
    /// <exception cref="InvalidDataException">It is not a clip of the format that its name says.</exception>
    public async Task DownloadAsync(ComfyOutputFile file, string path, CancellationToken cancellationToken)
    {
        var place = $"filename={Uri.EscapeDataString(file.Name)}&subfolder={Uri.EscapeDataString(file.Folder)}";
        var query = $"view?{place}&type={Uri.EscapeDataString(file.Type)}";
        var partial = path + ".partial";
        try
        {
            Task CopyToAsync(HttpResponseMessage response, Action alive, CancellationToken token) =>
                CopyAsync(response, file, partial, alive, token);
            await _http.DownloadAsync(query, file.Name, CopyToAsync, cancellationToken).ConfigureAwait(false);
            if (!ClipFormats.Is(partial, file.Format))
            {
                throw new InvalidDataException(
                    $"{file.Name} of {Name} is not a {file.Format} file: a proxy in between may have answered instead."
                );
            }

            AtomicFile.Publish(partial, path, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    public void Enter() => Interlocked.Increment(ref _inFlight);

    public void Leave() => Interlocked.Decrement(ref _inFlight);

    public void Dispose() => _http.Dispose();

    private async Task CopyAsync(
        HttpResponseMessage response,
        ComfyOutputFile file,
        string path,
        Action alive,
        CancellationToken cancellationToken
    )
    {
        using var source = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var target = new FileStream(path, FileMode.Create, FileAccess.Write);
        var chunk = new byte[ChunkBytes];
        var length = 0L;
        while (await source.ReadAsync(chunk, cancellationToken).ConfigureAwait(false) is > 0 and var read)
        {
            alive();
            length += read;
            if (length > _options.MaximumClipBytes)
            {
                throw new InvalidDataException(
                    $"{file.Name} of {Name} is longer than {_options.MaximumClipBytes} bytes, too long for a clip."
                );
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
}
