using System.Threading.Channels;

namespace WanSharp.Server.Events;

/// <summary>
/// Hands what happens to whoever listens, and keeps the latest for those that come back. A listener that falls behind is let go: it
/// comes back, and has what it missed replayed. Thread-safe.
/// </summary>
internal sealed class EventHub
{
    /// <summary>Events that are kept for a replay.</summary>
    private const int Kept = 4096;

    /// <summary>How far a listener may be behind.</summary>
    private const int MostBehind = 1024;

    private readonly Lock _gate = new();
    private readonly Queue<ServerEvent> _kept = [];
    private readonly HashSet<Channel<ServerEvent>> _listeners = [];
    private volatile bool _isClosed;
    private long _last;
    private long _forgotten;

    /// <summary>Names this run of the server: ids of another run mean nothing here.</summary>
    public string Run { get; } = Guid.NewGuid().ToString("N")[..8];

    /// <summary>Whether the server stops, and nothing more is told.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>How many listen.</summary>
    public int Listeners
    {
        get
        {
            lock (_gate)
            {
                return _listeners.Count;
            }
        }
    }

    /// <summary>Tells all listeners.</summary>
    /// <param name="type">One of <see cref="EventTypes"/>.</param>
    /// <param name="subject">The video's id, or null.</param>
    /// <param name="batch">The video's batch, or null.</param>
    /// <param name="owner">Whose the video is, or null.</param>
    /// <param name="body">The event as JSON, in one line.</param>
    /// <param name="end">The end that it tells of.</param>
    public void Publish(string type, string? subject, string? batch, string? owner, ReadOnlyMemory<byte> body, EventEnd? end = null)
    {
        lock (_gate)
        {
            var one = new ServerEvent(++_last, type, subject, batch, owner, body) { End = end };
            if (!one.IsPassing)
            {
                _kept.Enqueue(one);
                if (_kept.Count > Kept)
                {
                    _forgotten = _kept.Dequeue().Id;
                }
            }

            foreach (var listener in _listeners.Where(listener => !listener.Writer.TryWrite(one)).ToList())
            {
                _listeners.Remove(listener);
                listener.Writer.TryComplete();
            }
        }
    }

    /// <summary>Listens from now on, or from where another listening ended.</summary>
    /// <param name="after">The last event that was received, as its id was sent; null for none.</param>
    public EventSubscription Subscribe(string? after)
    {
        var channel = Channel.CreateBounded<ServerEvent>(
            new BoundedChannelOptions(MostBehind) { SingleReader = true, AllowSynchronousContinuations = false }
        );
        lock (_gate)
        {
            if (_isClosed)
            {
                channel.Writer.TryComplete();
            }
            else
            {
                _listeners.Add(channel);
            }

            var last = Parse(after);
            var isWhole = after is null || (last is { } id && id >= _forgotten && id <= _last);
            var missed = isWhole && last is { } from ? _kept.Where(one => one.Id > from).ToList() : [];
            return new EventSubscription(channel.Reader, missed, isWhole, () => Leave(channel));
        }
    }

    /// <summary>An event's id as it is sent.</summary>
    public string Print(long id) => $"{Run}-{id}";

    /// <summary>Ends all listening.</summary>
    public void Close()
    {
        lock (_gate)
        {
            foreach (var listener in _listeners)
            {
                listener.Writer.TryComplete();
            }

            _listeners.Clear();
            _isClosed = true;
        }
    }

    private void Leave(Channel<ServerEvent> channel)
    {
        lock (_gate)
        {
            _listeners.Remove(channel);
        }
    }

    private long? Parse(string? sent) =>
        sent?.Split('-') is [var run, var id]
        && run == Run
        && long.TryParse(id, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
