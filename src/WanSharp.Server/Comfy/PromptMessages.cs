using System.Text.Json;
using System.Text.Json.Nodes;
using WanSharp.Jobs;
using WanSharp.Media.Images;
using WanSharp.Server.Events;
using WanSharp.Server.Security;
using WanSharp.Server.Work;

namespace WanSharp.Server.Comfy;

/// <summary>Tells a client what happens to its prompts, as ComfyUI does. </summary>
/// <remarks>Source: comfyanonymous/ComfyUI server.py, execution.py, main.py.</remarks>
/// <param name="session">The client's socket.</param>
/// <param name="client">The client's id.</param>
/// <param name="queue">All jobs.</param>
/// <param name="prompts">Those that are prompts.</param>
/// <param name="board">How far jobs have come.</param>
internal sealed class PromptMessages(SocketSession session, string client, VideoQueue queue, PromptQueue prompts, ProgressBoard board)
{
    private const int PreviewQuality = 80;
    private const string Executing = "executing";

    /// <summary>The prompts that run, with the node that the client was last told of.</summary>
    private readonly Dictionary<string, (PromptView View, string? Node)> _running = [];

    /// <summary>Sends messages until the server lets the client go.</summary>
    public async Task FollowAsync(EventSubscription subscription, CancellationToken cancellationToken)
    {
        await SendStatusAsync(client, cancellationToken).ConfigureAwait(false);
        foreach (var view in prompts.All(JobState.Running).Where(IsFollowed).ToList())
        {
            await BeginAsync(view, cancellationToken).ConfigureAwait(false);
        }

        await foreach (var one in subscription.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            if (one.Subject is { } video)
            {
                await TellAsync(one, video, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task TellAsync(ServerEvent one, string video, CancellationToken cancellationToken)
    {
        if (!one.IsPassing)
        {
            await TellOfChangeAsync(video, one.Type, cancellationToken).ConfigureAwait(false);
            await SendStatusAsync(sid: null, cancellationToken).ConfigureAwait(false);
        }
        else if (_running.ContainsKey(video))
        {
            if (one.Type == EventTypes.Preview)
            {
                await SendPreviewAsync(video, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await SendProgressAsync(video, one, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// Tells what an event says of a prompt: it has begun, ended, or was taken away. One that says less than has happened since is left
    /// out: the event that says it follows.
    /// </summary>
    private async Task TellOfChangeAsync(string video, string type, CancellationToken cancellationToken)
    {
        if (prompts.OfVideo(video) is not { } view)
        {
            if (_running.TryGetValue(video, out var deleted))
            {
                _running.Remove(video);
                var body = Message(deleted.View, deleted.Node);
                body["node_id"] = deleted.Node;
                body["node_type"] = deleted.View.Record.ClassOf(deleted.Node ?? "");
                body["executed"] = new JsonArray();
                await session.SendAsync("execution_interrupted", body, cancellationToken).ConfigureAwait(false);
                await session.SendAsync(Executing, Message(deleted.View, node: null), cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        if (!IsFollowed(view) || JobEvents.TypeOf(view.Job.State) != type)
        {
            return;
        }

        if (view.Job.State == JobState.Running)
        {
            await BeginAsync(view, cancellationToken).ConfigureAwait(false);
        }
        else if (view.IsHistory)
        {
            await EndAsync(view, video, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task BeginAsync(PromptView view, CancellationToken cancellationToken)
    {
        var video = VideoId.Of(Guid.ParseExact(view.Id, "D"));
        if (_running.TryGetValue(video, out var known) && known.View.Job.Attempts == view.Job.Attempts)
        {
            return;
        }

        await session.SendAsync("execution_start", view.Start(), cancellationToken).ConfigureAwait(false);
        await session.SendAsync("execution_cached", view.Cached(), cancellationToken).ConfigureAwait(false);
        _running[video] = (view, null);
        await MoveAsync(video, view.Record.NodeWith("TextEncode"), cancellationToken).ConfigureAwait(false);
    }

    private async Task EndAsync(PromptView view, string video, CancellationToken cancellationToken)
    {
        if (!_running.Remove(video))
        {
            await session.SendAsync("execution_start", view.Start(), cancellationToken).ConfigureAwait(false);
            await session.SendAsync("execution_cached", view.Cached(), cancellationToken).ConfigureAwait(false);
        }

        foreach (var node in view.Job.State == JobState.Succeeded ? view.Record.Outputs : [])
        {
            var body = Message(view, node);
            body["output"] = view.OutputOf(node);
            await session.SendAsync("executed", body, cancellationToken).ConfigureAwait(false);
        }

        var (type, end) = view.End();
        await session.SendAsync(type, end, cancellationToken).ConfigureAwait(false);
        await session.SendAsync(Executing, Message(view, node: null), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Says which node a prompt has come to, once.</summary>
    private async Task MoveAsync(string video, string? node, CancellationToken cancellationToken)
    {
        var (view, before) = _running[video];
        if (node is not null && node != before)
        {
            _running[video] = (view, node);
            await session.SendAsync(Executing, Message(view, node), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task SendProgressAsync(string video, ServerEvent one, CancellationToken cancellationToken)
    {
        var (stage, done, total) = Read(one);
        var view = _running[video].View;
        var node = stage switch
        {
            "denoise" => view.Record.NodeWith("Sampler"),
            "decode" => view.Record.NodeWith("Decode"),
            "write" => view.Record.Outputs[0],
            _ => null,
        };
        await MoveAsync(video, node, cancellationToken).ConfigureAwait(false);
        if (node is null || total <= 0)
        {
            return;
        }

        var progress = Message(view, node);
        progress["value"] = done;
        progress["max"] = total;
        await session.SendAsync("progress", progress, cancellationToken).ConfigureAwait(false);
        var state = Message(view, node);
        state.Remove("node");
        state.Remove("display_node");
        state["nodes"] = new JsonObject
        {
            [node] = new JsonObject
            {
                ["value"] = done,
                ["max"] = total,
                ["state"] = done < total ? "running" : "finished",
                ["node_id"] = node,
                ["prompt_id"] = view.Id,
                ["display_node_id"] = node,
                ["parent_node_id"] = null,
                ["real_node_id"] = node,
            },
        };
        await session.SendAsync("progress_state", state, cancellationToken).ConfigureAwait(false);
    }

    private async Task SendPreviewAsync(string video, CancellationToken cancellationToken)
    {
        if (board.Find(_running[video].View.Job.Id)?.Preview is { } preview)
        {
            var picture = new RgbImage(preview.Width, preview.Height, preview.Frames[preview.Frames.Count / 2]);
            await session.SendPreviewAsync(PictureBytes.Jpeg(picture, PreviewQuality), cancellationToken).ConfigureAwait(false);
        }
    }

    private Task SendStatusAsync(string? sid, CancellationToken cancellationToken)
    {
        var counts = queue.Counts(Caller.Anyone);
        var body = new JsonObject
        {
            ["status"] = new JsonObject { ["exec_info"] = new JsonObject { ["queue_remaining"] = counts.Queued + counts.Running } },
        };
        if (sid is not null)
        {
            body["sid"] = sid;
        }

        return session.SendAsync("status", body, cancellationToken);
    }

    private bool IsFollowed(PromptView view) => view.Record.ClientId is null || view.Record.ClientId == client;

    private static JsonObject Message(PromptView view, string? node) =>
        new()
        {
            ["prompt_id"] = view.Id,
            ["node"] = node,
            ["display_node"] = node,
        };

    private static (string? Stage, int Done, int Total) Read(ServerEvent one)
    {
        using var body = JsonDocument.Parse(one.Body);
        var root = body.RootElement;
        return (root.GetProperty("stage").GetString(), Number("done"), Number("total"));

        int Number(string name) =>
            root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt32() : 0;
    }
}
