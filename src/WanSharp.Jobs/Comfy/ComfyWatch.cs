using System.Text.Json.Nodes;

namespace WanSharp.Jobs.Comfy;

/// <summary>Waits for the end of a job at its server, by its messages and by asking.</summary>
internal sealed class ComfyWatch(ComfyServer server, ComfyWorkflow workflow, ComfyProgress progress, ComfyBackendOptions options) : IAsyncDisposable
{
    /// <summary>A server says that a job is done a moment before it writes it down.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    private ComfyEvents? _events;
    private long _lastSign;
    private long _lastAsked;
    private long? _unreachableSince;
    private bool _isOver;

    /// <summary>The job.</summary>
    public required ComfyTicket Ticket { get; set; }

    /// <summary>Begins to listen: before the job is sent, so that nothing is missed.</summary>
    public async Task ListenAsync(CancellationToken cancellationToken)
    {
        if (_events is not null)
        {
            await _events.DisposeAsync().ConfigureAwait(false);
        }

        _events = await ComfyEvents.ListenAsync(server, Ticket.ClientId, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits for the job's end.</summary>
    /// <returns>Its entry in the server's history; null when the server does not know the job, as after it started anew.</returns>
    /// <exception cref="NodeFailedException">A node failed.</exception>
    /// <exception cref="InterruptedAtServerException">Somebody stopped it there.</exception>
    /// <exception cref="ServerLostException">The server is gone, or hangs.</exception>
    public async Task<JsonObject?> WaitAsync(CancellationToken cancellationToken)
    {
        _lastSign = _lastAsked = options.Clock.GetTimestamp();
        _isOver = false;
        while (true)
        {
            var message = await _events!.NextAsync(_isOver ? Soon : options.PollInterval, cancellationToken).ConfigureAwait(false);
            if (message?.PromptId == Ticket.PromptId)
            {
                _lastSign = options.Clock.GetTimestamp();
                Take(message);
            }

            if (message is not null && !_isOver && options.Clock.GetElapsedTime(_lastAsked) < options.PollInterval)
            {
                continue;
            }

            if (await TryAskAsync(cancellationToken).ConfigureAwait(false) is not var (place, history))
            {
                continue;
            }

            if (history is not null)
            {
                ThrowIfFailed(history);
                return history;
            }

            if (place == ComfyPlace.Nowhere)
            {
                return null;
            }

            await AttendAsync(place, cancellationToken).ConfigureAwait(false);
        }
    }

    public ValueTask DisposeAsync() => _events?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Take(ComfyEvent message)
    {
        progress.Take(message);
        switch (message.Type)
        {
            case "execution_error":
                throw Failure(message.Data);
            case "execution_interrupted":
                throw Interruption();
            case "execution_success" or "executing" when message.Node is null:
                _isOver = true;
                break;
        }
    }

    /// <summary>Asks for the job: the history is empty while it runs and for unknown jobs, so the queue is asked too.</summary>
    /// <returns>Where it is, and what it left if it has ended; null while the server cannot be reached.</returns>
    private async Task<(ComfyPlace Place, JsonObject? History)?> TryAskAsync(CancellationToken cancellationToken)
    {
        try
        {
            var place = ComfyPlace.Nowhere;
            var history = await server.HistoryAsync(Ticket.PromptId, cancellationToken).ConfigureAwait(false);
            if (history is null)
            {
                place = await server.FindInQueueAsync(Ticket.PromptId, cancellationToken).ConfigureAwait(false);
                if (place == ComfyPlace.Nowhere)
                {
                    history = await server.HistoryAsync(Ticket.PromptId, cancellationToken).ConfigureAwait(false); // it may have ended in between
                }
            }

            _lastAsked = options.Clock.GetTimestamp();
            _unreachableSince = null;
            return (place, history);
        }
        catch (ServerLostException)
        {
            _lastAsked = options.Clock.GetTimestamp();
            _unreachableSince ??= _lastAsked;
            if (options.Clock.GetElapsedTime(_unreachableSince.Value) >= options.LostAfter)
            {
                throw;
            }

            return null;
        }
    }

    /// <summary>Looks after a job that is not done: it must not hang, nor its messages stay away.</summary>
    private async Task AttendAsync(ComfyPlace place, CancellationToken cancellationToken)
    {
        if (place == ComfyPlace.Pending)
        {
            _lastSign = _lastAsked; // it waits for others
        }
        else if (options.Clock.GetElapsedTime(_lastSign) >= options.SilentAfter)
        {
            throw new ServerLostException($"{server.Name} has given no sign of the job that it runs for {options.SilentAfter.TotalSeconds:0.#} s: it seems to hang. Look at it, or start it anew.");
        }

        if (_events!.IsClosed)
        {
            await ListenAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void ThrowIfFailed(JsonObject history)
    {
        if (history.At("status").At("status_str").Text() != "error")
        {
            return; // success, or a server that is too old to say
        }

        foreach (var message in history.At("status").At("messages").Items().OfType<JsonArray>().Where(message => message.Count == 2))
        {
            switch (message[0].Text())
            {
                case "execution_error":
                    throw Failure(message[1]);
                case "execution_interrupted":
                    throw Interruption();
            }
        }

        throw new NodeFailedException($"{server.Name} failed and does not say why: look at its log.", isOutOfMemory: false);
    }

    private NodeFailedException Failure(JsonNode? data)
    {
        var type = data.At("exception_type").Text() ?? "";
        var message = (data.At("exception_message").Text() ?? type).Trim();
        var node = data.At("node_id").Text() is { } id ? workflow.NameOf(id) : "a node";
        var isOutOfMemory = new[] { type, message }.Any(text => text.Contains("OutOfMemory", StringComparison.OrdinalIgnoreCase)
            || text.Contains("out of memory", StringComparison.OrdinalIgnoreCase) || text.Contains("Allocation on device", StringComparison.OrdinalIgnoreCase));
        return new NodeFailedException($"{node} failed at {server.Name}: {message}", isOutOfMemory);
    }

    private InterruptedAtServerException Interruption() => new($"The job was stopped at {server.Name}, by somebody else.");
}
