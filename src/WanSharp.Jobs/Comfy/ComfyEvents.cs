using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace WanSharp.Jobs.Comfy;

/// <summary>
/// The messages that a server sends to one client. They are a convenience: whoever waits for a job also asks for it, so a
/// message that is lost, or a connection that cannot be had, costs only promptness.
/// </summary>
internal sealed class ComfyEvents : IAsyncDisposable
{
    private const int MaximumMessageBytes = 16 << 20;
    private const int Kept = 1024;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AliveEvery = TimeSpan.FromSeconds(10);

    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ComfyBackendOptions _options;
    private readonly Channel<ComfyEvent> _events = Channel.CreateBounded<ComfyEvent>(
        new BoundedChannelOptions(Kept)
        {
            FullMode = BoundedChannelFullMode.DropOldest,
            SingleReader = true,
            SingleWriter = true,
        }
    );

    private Task _receiving = Task.CompletedTask;

    private ComfyEvents(ComfyBackendOptions options)
    {
        _options = options;
        _socket.Options.KeepAliveInterval = AliveEvery;
        _socket.Options.KeepAliveTimeout = AliveEvery;
    }

    /// <summary>Whether no more messages will come.</summary>
    public bool IsClosed => _events.Reader.Completion.IsCompleted;

    /// <summary>Begins to listen.</summary>
    /// <returns>The messages from now on; closed if the server does not let us listen.</returns>
    public static async Task<ComfyEvents> ListenAsync(
        ComfyServer server,
        string clientId,
        ComfyBackendOptions options,
        CancellationToken cancellationToken
    )
    {
        var events = new ComfyEvents(options);
        var place = new Uri(server.Address.Uri, server.Address.Route($"ws?clientId={clientId}"));
        var address = new UriBuilder(place) { Scheme = place.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs };
        foreach (var (name, value) in server.Address.Headers)
        {
            events._socket.Options.SetRequestHeader(name, value);
        }

        using var limit = new CancellationTokenSource(ConnectTimeout, options.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await events._socket.ConnectAsync(address.Uri, either.Token).ConfigureAwait(false);
            events._receiving = Task.Run(() => events.ReceiveAsync(events._stop.Token), CancellationToken.None);
        }
        catch (Exception e)
            when (e is WebSocketException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            events._events.Writer.Complete();
        }

        return events;
    }

    /// <summary>The next message.</summary>
    /// <returns>The message, or null when none came within the time.</returns>
    public async Task<ComfyEvent?> NextAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        if (_events.Reader.TryRead(out var waiting))
        {
            return waiting;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var delay = Task.Delay(wait, _options.Clock, over.Token);
        var isOpen = !IsClosed;
        var arrival = isOpen ? _events.Reader.WaitToReadAsync(over.Token).AsTask() : delay;
        await Task.WhenAny(arrival, delay).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return _events.Reader.TryRead(out var arrived) ? arrived : null;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _receiving.ConfigureAwait(false);
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        var chunk = new byte[1 << 16];
        var message = new MemoryStream();
        try
        {
            while (true)
            {
                var part = await _socket.ReceiveAsync(chunk, cancellationToken).ConfigureAwait(false);
                if (part.MessageType == WebSocketMessageType.Close || message.Length + part.Count > MaximumMessageBytes)
                {
                    return;
                }

                if (part.MessageType == WebSocketMessageType.Text) // the others are previews
                {
#pragma warning disable VSTHRD103 // into memory
                    message.Write(chunk, 0, part.Count);
#pragma warning restore VSTHRD103
                }

                if (part.EndOfMessage)
                {
                    Take(Encoding.UTF8.GetString(message.GetBuffer(), 0, (int)message.Length));
                    message.SetLength(0);
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The server is gone, or nobody listens any more.
        }
        finally
        {
            _events.Writer.Complete();
        }
    }

    private void Take(string text)
    {
        try
        {
            var json = JsonParts.Parse(text);
            if (json.At("type").Text() is { } type)
            {
                _events.Writer.TryWrite(new ComfyEvent(type, json.At("data")));
            }
        }
        catch (JsonException)
        {
            // No message of ComfyUI's.
        }
    }
}
