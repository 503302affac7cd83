using System.Globalization;
using System.Net;
using System.Text;
using WanSharp.Hosting;
using WanSharp.Jobs;
using WanSharp.Jobs.Storage;
using WanSharp.Server.Events;
using WanSharp.Server.Telemetry;
using WanSharp.Server.Work;
using WanSharp.Storage;

namespace WanSharp.Server.Webhooks;

/// <summary>
/// Tells other programs of videos that are done or failed. What ended while nobody noted it, because the process ended too, is found when
/// the server starts again: a message may come twice, with the same id, and is never lost.
/// </summary>
internal sealed class WebhookSender : IDisposable
{
    private const int AtOnce = 8;
    private const int PageSize = 500;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AfterTrouble = TimeSpan.FromSeconds(5);

    /// <summary>How long after its end an event may be told at most: so far back is looked for what nobody noted.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(5);

    /// <summary>How long after each attempt the next one follows, as Standard Webhooks propose.</summary>
    private static readonly TimeSpan[] Waits =
    [
        TimeSpan.FromSeconds(5),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(2),
        TimeSpan.FromHours(5),
        TimeSpan.FromHours(10),
        TimeSpan.FromHours(14),
        TimeSpan.FromHours(20),
        TimeSpan.FromHours(24),
    ];

    private readonly IReadOnlyList<Uri> _addresses;
    private readonly WebhookStore _store;
    private readonly WebhookSecret _secret;
    private readonly JobStore _jobs;
    private readonly JobEvents _events;
    private readonly EventHub _hub;
    private readonly ServerMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly Action<string>? _notice;
    private readonly HttpClient _client;

    private EventSubscription? _first;
    private TaskCompletionSource _woken = NewSignal();
    private long _noted;

    public WebhookSender(
        ServerOptions options,
        WebhookStore store,
        WebhookSecret secret,
        JobStore jobs,
        JobEvents events,
        EventHub hub,
        ServerMetrics metrics,
        WanHost host
    )
    {
        (_addresses, _store, _secret, _jobs) = (options.Webhooks, store, secret, jobs);
        (_events, _hub, _metrics) = (events, hub, metrics);
        (_clock, _notice) = (host.Options.Clock, host.Options.Notice);
        _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = options.LongestWebhook };
    }

    public void Dispose()
    {
        _first?.Dispose();
        _client.Dispose();
    }

    /// <summary>Begins to listen: before the first request, so that nothing that it makes is missed.</summary>
    public void Begin()
    {
        if (_addresses.Count > 0)
        {
            _first = _hub.Subscribe(after: null);
            var now = Now();
            foreach (var address in _addresses)
            {
                _store.Since(address.ToString(), now);
            }
        }
    }

    /// <summary>Has what is due sent now: messages that were given up are to be sent again.</summary>
    public void Wake() => Interlocked.Exchange(ref _woken, NewSignal()).TrySetResult();

    /// <summary>
    /// Notes and sends what happens until it is stopped; each address has its own turn, so that none holds up the others.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (_addresses.Count == 0)
        {
            return;
        }

        try
        {
            await Task.WhenAll(
                    _addresses
                        .Select(address => RunAsync(token => SendDueAsync(address.ToString(), token), cancellationToken))
                        .Append(RunAsync(NoteAsync, cancellationToken))
                )
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // stopped: what waits is sent when the server starts again
        }
    }

    /// <summary>Does something until it is stopped: what goes wrong is said and tried again, for nobody else would.</summary>
    private async Task RunAsync(Func<CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await run(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                _notice?.Invoke($"webhooks cannot be sent now: {exception.Message} Trying again.");
                await Task.Delay(AfterTrouble, _clock, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Notes what ended and what ends, until the hub lets go because it was too slow.</summary>
    private async Task NoteAsync(CancellationToken cancellationToken)
    {
        using var changes = Interlocked.Exchange(ref _first, null) ?? _hub.Subscribe(after: null);
        NoteWhatEnded();
        while (await changes.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var now = Now(); // what ended before is in the channel, or was
            while (changes.Reader.TryRead(out var one))
            {
                if (one.Type == EventTypes.Reset)
                {
                    NoteWhatEnded();
                }
                else if (one is { Type: EventTypes.Completed or EventTypes.Failed, End: { } end })
                {
                    Add(end, one.Type, one.Body.Span);
                }
            }

            if (now - _noted > Late.TotalSeconds)
            {
                Noted(now);
            }
        }

        if (_hub.IsClosed)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false); // the server stops
        }
    }

    /// <summary>Notes what ended since each address is told, and is not noted.</summary>
    private void NoteWhatEnded()
    {
        var now = Now();
        var first = _addresses.Min(address => _store.Since(address.ToString(), now));
        var since = Math.Max(first, (_store.Noted() ?? 0) - (long)Late.TotalSeconds);
        foreach (var state in (JobState[])[JobState.Succeeded, JobState.Failed, JobState.Cancelled])
        {
            long? after = null;
            IReadOnlyList<Job> page;
            do
            {
                page = _jobs.Page(
                    new JobPage
                    {
                        After = after,
                        Limit = PageSize,
                        State = state,
                        EndedSince = DateTimeOffset.FromUnixTimeSeconds(since),
                    }
                );
                foreach (var (job, end) in page.Select(job => (job, EventEnd.Of(job))))
                {
                    var type = JobEvents.TypeOf(job.State);
                    Add(end!, type, _events.BodyOf(type, job));
                }

                after = page.Count > 0 ? page[^1].Id : null;
            } while (page.Count == PageSize);
        }

        Noted(now);
    }

    private void Noted(long time)
    {
        _store.SetNoted(time);
        _noted = time;
    }

    private void Add(EventEnd end, string type, ReadOnlySpan<byte> body)
    {
        var id = "msg_" + Digests.OfText($"{end.Output}\n{type}\n{end.At.ToUnixTimeMilliseconds()}")[..32];
        var (ended, text) = (end.At.ToUnixTimeSeconds(), Encoding.UTF8.GetString(body));
        foreach (var address in _addresses.Select(address => address.ToString()))
        {
            if (ended >= _store.Since(address, Now()))
            {
                _store.Add(id, address, type, text, ended);
            }
        }

        Wake();
    }

    /// <summary>Sends what is due to an address, and waits for more.</summary>
    private async Task SendDueAsync(string address, CancellationToken cancellationToken)
    {
        var woken = Volatile.Read(ref _woken).Task;
        while (_store.Due(address, Now(), AtOnce) is { Count: > 0 } due)
        {
            await Task.WhenAll(due.Select(delivery => SendAsync(delivery, cancellationToken))).ConfigureAwait(false);
        }

        var wait = _store.NextAt(address) is { } next ? TimeSpan.FromSeconds(Math.Max(0, next - Now())) : LookEvery;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(woken, Task.Delay(wait < LookEvery ? wait : LookEvery, _clock, over.Token)).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task SendAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var (error, isOver) = await TrySendAsync(delivery, cancellationToken).ConfigureAwait(false);
        var state =
            error is null ? DeliveryState.Delivered
            : isOver || delivery.Attempts >= Waits.Length ? DeliveryState.Dead
            : DeliveryState.Waiting;
        var wait = state == DeliveryState.Waiting ? Waits[delivery.Attempts] : TimeSpan.Zero;
        _metrics.Deliver(
            state switch
            {
                DeliveryState.Delivered => "delivered",
                DeliveryState.Dead => "dead",
                _ => "postponed",
            }
        );
        _store.Note(delivery, state, Now() + (long)wait.TotalSeconds, error);
    }

    /// <returns>Why it was not taken, and whether it never will be; null where it was.</returns>
    private async Task<(string? Error, bool IsOver)> TrySendAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var sent = Now().ToString(CultureInfo.InvariantCulture);
        using var request = new HttpRequestMessage(HttpMethod.Post, delivery.Url)
        {
            Content = new StringContent(delivery.Body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("webhook-id", delivery.Id);
        request.Headers.Add("webhook-timestamp", sent);
        request.Headers.Add("webhook-signature", _secret.Sign(delivery.Id, sent, delivery.Body));
        try
        {
            using var answer = await _client
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
                .ConfigureAwait(false);
            return answer.IsSuccessStatusCode
                ? (null, false)
                : ($"It answered {(int)answer.StatusCode}.", answer.StatusCode == HttpStatusCode.Gone);
        }
        catch (HttpRequestException exception)
        {
            return (exception.Message, false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ($"It did not answer within {_client.Timeout.TotalSeconds} seconds.", false);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private long Now() => _clock.GetUtcNow().ToUnixTimeSeconds();
}
