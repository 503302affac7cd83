using System.Text.Json.Nodes;

namespace WanSharp.Jobs.Comfy;

/// <summary>
/// Waits for the end of a job at its server, by its messages and by asking. What the server writes down decides; messages only tell sooner.
/// </summary>
internal sealed class ComfyWatch(
    ComfyServer server,
    ComfyWorkflow workflow,
    ComfyProgress progress,
    JobFate fate,
    ComfyBackendOptions options
) : IAsyncDisposable
{
    /// <summary>How often to ask for the end of a job that its messages said is there, before asking at the usual pace.</summary>
    private const int MostHurries = 40;

    /// <summary>A server from which no messages come is given more time: nothing tells whether its job is still running.</summary>
    private const int DeafPatience = 16;

    /// <summary>After how many questions to try again to listen to a server that does not let us.</summary>
    private const int ListenEvery = 10;

    /// <summary>A server says that a job is done a moment before it writes it down.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    /// <summary>How long the last messages of a job may be under way when its end is known.</summary>
    private static readonly TimeSpan Latest = TimeSpan.FromSeconds(2);

    private readonly ComfyProblems _problems = new(server, workflow);
    private readonly JsonObject _outputs = [];
    private ComfyEvents? _events;
    private Exception? _failure;
    private long _lastSign;
    private long _lastAsked;
    private int _askedSinceListening;
    private long? _unreachableSince;
    private int _hurries;
    private bool _hasBegun;
    private bool _hasEnded;
    private bool _hasSucceeded;

    /// <summary>The job.</summary>
    public required ComfyTicket Ticket { get; set; }

    /// <summary>What a node that was held back said; null when none was.</summary>
    public string? Blocked => _problems.Blocked;

    /// <summary>Begins to listen: before the job is sent, so that nothing is missed.</summary>
    public async Task ListenAsync(CancellationToken cancellationToken)
    {
        if (_events is not null)
        {
            await _events.DisposeAsync().ConfigureAwait(false);
        }

        _askedSinceListening = 0;
        _events = await ComfyEvents.ListenAsync(server, Ticket.ClientId, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits for the job's end.</summary>
    /// <returns>Its entry in the server's history; null when the server does not know the job, as after it started anew.</returns>
    /// <exception cref="NodeFailedException">A node failed, or the job hung and could be stopped.</exception>
    /// <exception cref="InterruptedAtServerException">Somebody stopped it there.</exception>
    /// <exception cref="ServerLostException">The server is gone, or hangs.</exception>
    public async Task<JsonObject?> WaitAsync(CancellationToken cancellationToken)
    {
        _lastSign = _lastAsked = options.Clock.GetTimestamp();
        while (true)
        {
            var message = await _events!.NextAsync(_hurries > 0 ? Soon : options.PollInterval, cancellationToken).ConfigureAwait(false);
            if (message?.PromptId == Ticket.PromptId)
            {
                _lastSign = options.Clock.GetTimestamp();
                Take(message);
            }

            if (message is not null && _hurries == 0 && options.Clock.GetElapsedTime(_lastAsked) < options.PollInterval)
            {
                continue;
            }

            _hurries = Math.Max(_hurries - 1, 0);
            if (await TryAskAsync(cancellationToken).ConfigureAwait(false) is not var (place, history))
            {
                continue;
            }

            if (history is not null)
            {
                await TakeLateMessagesAsync(cancellationToken).ConfigureAwait(false);
                _problems.ThrowIfFailed(history);
                return history;
            }

            if (place == ComfyPlace.Nowhere)
            {
                await TakeLateMessagesAsync(cancellationToken).ConfigureAwait(false);
                return WithoutHistory();
            }

            await AttendAsync(place, cancellationToken).ConfigureAwait(false);
        }
    }

    public ValueTask DisposeAsync() => _events?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>
    /// What was sent before the job's end may arrive after the answer that tells it: which node was held back, and why. Waits for the
    /// message that ends the job, where there were messages of it.
    /// </summary>
    private async Task TakeLateMessagesAsync(CancellationToken cancellationToken)
    {
        var began = options.Clock.GetTimestamp();
        while (!_hasEnded)
        {
            var message = await _events!.NextAsync(Soon, cancellationToken).ConfigureAwait(false);
            if (message?.PromptId == Ticket.PromptId)
            {
                Take(message);
            }
            else if (options.Clock.GetElapsedTime(began) >= Latest || (message is null && (!_hasBegun || _events.IsClosed)))
            {
                return; // also where others' messages never cease
            }
        }
    }

    private void Take(ComfyEvent message)
    {
        progress.Take(message);
        _hasBegun = true;
        switch (message.Type)
        {
            case "execution_start":
                fate.IsRunning = true;
                break;
            case "executed" when message.Node is { } node && message.Data.At("output") is { } output:
                _outputs[node] = output.DeepClone();
                break;
            case "execution_error" when _problems.IsBlock(message.Data):
                break; // a part of the workflow was held back; the rest continues
            case "execution_error":
                (_failure, _hasEnded, _hurries) = (_problems.Failure(message.Data), true, MostHurries);
                break;
            case "execution_interrupted":
                (_failure, _hasEnded, _hurries) = (_problems.Interruption(), true, MostHurries);
                break;
            case "execution_success":
                (_hasSucceeded, _hasEnded, _hurries) = (true, true, MostHurries);
                break;
            case "executing" when message.Node is null:
                (_hasEnded, _hurries) = (true, MostHurries);
                break;
        }
    }

    /// <summary>
    /// The end of a job that the server does not know: of what its messages said, if they told the end; its history may have been cleared.
    /// </summary>
    private JsonObject? WithoutHistory()
    {
        if (_failure is not null)
        {
            throw _failure;
        }

        return _hasSucceeded && _outputs.Count > 0 ? new JsonObject { ["outputs"] = _outputs.DeepClone() } : null;
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
                (place, var id) = await server.FindInQueueAsync(Ticket, cancellationToken).ConfigureAwait(false);
                Ticket = Ticket with { PromptId = id ?? Ticket.PromptId }; // an older server assigns one itself
                if (place == ComfyPlace.Nowhere)
                {
                    // It may have ended in between.
                    history = await server.HistoryAsync(Ticket.PromptId, cancellationToken).ConfigureAwait(false);
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
        else
        {
            fate.IsRunning = true;
            var patience = _events!.IsClosed ? options.SilentAfter * DeafPatience : options.SilentAfter;
            if (options.Clock.GetElapsedTime(_lastSign) >= patience)
            {
                await EndHangAsync(patience, cancellationToken).ConfigureAwait(false);
            }
        }

        if (++_askedSinceListening >= ListenEvery && _events!.IsClosed)
        {
            await ListenAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Stops a job that gives no sign. If that helps it was the job, else it is the server.</summary>
    private async Task EndHangAsync(TimeSpan silence, CancellationToken cancellationToken)
    {
        var since = $"{silence.TotalSeconds:0.#} s";
        await server.StopAsync(Ticket, cancellationToken).ConfigureAwait(false);
        var stopped = options.Clock.GetTimestamp();
        do
        {
            if ((await server.FindInQueueAsync(Ticket, cancellationToken).ConfigureAwait(false)).Place != ComfyPlace.Running)
            {
                throw new NodeFailedException(
                    $"{server.Name} reported no progress on its job for {since}, so the job was stopped there: the server seems to hang.",
                    isOutOfMemory: false
                );
            }

            await Task.Delay(options.PollInterval, options.Clock, cancellationToken).ConfigureAwait(false);
        } while (options.Clock.GetElapsedTime(stopped) < options.StopWithin);

        throw new ServerLostException(
            $"{server.Name} has reported no progress on its job for {since} and does not stop it: the server "
                + "seems to hang. Restart it.",
            isWorthWaiting: false
        );
    }
}
