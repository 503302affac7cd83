using System.Globalization;
using System.Net;
using System.Text;
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
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(30);

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
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
    {
        Timeout = Longest,
    };

    private TaskCompletionSource _woken = NewSignal();

    public WebhookSender(
        ServerOptions options,
        WebhookStore store,
        WebhookSecret secret,
        JobStore jobs,
        JobEvents events,
        EventHub hub,
        ServerMetrics metrics,
        TimeProvider clock
    )
    {
        (_addresses, _store, _secret, _jobs) = (options.Webhooks, store, secret, jobs);
        (_events, _hub, _metrics, _clock) = (events, hub, metrics, clock);
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Has what is due sent now: messages that were given up are to be sent again.</summary>
    public void Wake() => Interlocked.Exchange(ref _woken, NewSignal()).TrySetResult();

    /// <summary>Sends what happens until it is stopped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (_addresses.Count == 0)
        {
            return;
        }

        try
        {
            while (true)
            {
                using var changes = _hub.Subscribe(after: null);
                NoteWhatEnded();
                await FollowAsync(changes, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // stopped: what waits is sent when the server starts again
        }
    }

    /// <summary>Sends what is due, and notes what ends, until the hub lets go because it was too slow.</summary>
    private async Task FollowAsync(EventSubscription changes, CancellationToken cancellationToken)
    {
        while (true)
        {
            var woken = Volatile.Read(ref _woken).Task;
            await SendDueAsync(cancellationToken).ConfigureAwait(false);
            var wait = _store.NextAt() is { } next ? TimeSpan.FromSeconds(Math.Max(0, next - Now())) : LookEvery;
            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var more = changes.Reader.WaitToReadAsync(over.Token).AsTask();
            var later = Task.Delay(wait < LookEvery ? wait : LookEvery, _clock, over.Token);
            var ended = await Task.WhenAny(more, later, woken).ConfigureAwait(false);
            if (ended == more && !await more.ConfigureAwait(false))
            {
                return;
            }

            await over.CancelAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            while (changes.Reader.TryRead(out var one))
            {
                if (one.Type is EventTypes.Completed or EventTypes.Failed && FindJob(one.Subject!) is { } job)
                {
                    Add(job);
                }
            }
        }
    }

    /// <summary>Notes what ended since each address is told, and is not noted.</summary>
    private void NoteWhatEnded()
    {
        foreach (var address in _addresses)
        {
            _ = _store.Since(address.ToString(), Now());
        }

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
                    }
                );
                foreach (var job in page)
                {
                    Add(job);
                }

                after = page.Count > 0 ? page[^1].Id : null;
            } while (page.Count == PageSize);
        }
    }

    private void Add(Job job)
    {
        var (type, ended) = (JobEvents.TypeOf(job.State), job.FinishedAt?.ToUnixTimeSeconds() ?? Now());
        var id = "msg_" + Digests.OfText($"{job.Output}\n{type}\n{job.FinishedAt?.ToUnixTimeMilliseconds()}")[..32];
        foreach (var address in _addresses.Select(address => address.ToString()))
        {
            if (ended >= _store.Since(address, Now()))
            {
                _store.Add(id, address, type, Encoding.UTF8.GetString(_events.BodyOf(type, job)), ended);
            }
        }
    }

    private Job? FindJob(string id) =>
        MediaTypes.ClipFormats.Select(format => _jobs.Find(id + format)).FirstOrDefault(job => job is not null);

    private async Task SendDueAsync(CancellationToken cancellationToken)
    {
        while (_store.Due(Now(), AtOnce) is { Count: > 0 } due)
        {
            await Task.WhenAll(due.Select(delivery => SendAsync(delivery, cancellationToken))).ConfigureAwait(false);
        }
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
            return ($"It did not answer within {Longest.TotalSeconds} seconds.", false);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private long Now() => _clock.GetUtcNow().ToUnixTimeSeconds();
}
