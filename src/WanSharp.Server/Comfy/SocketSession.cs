using System.Buffers.Binary;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace WanSharp.Server.Comfy;

/// <summary>A client's WebSocket.</summary>
/// <param name="socket">The socket.</param>
/// <param name="options">What the server takes.</param>
internal sealed class SocketSession(WebSocket socket, ServerOptions options) : IDisposable
{
    private const int PreviewEvent = 1;
    private const int Jpeg = 1;
    private const int MostBytes = 64 << 10; // clients say hello, and nothing else
    private const string FeatureFlags = "feature_flags";

    private readonly SemaphoreSlim _sending = new(1);

    public void Dispose() => _sending.Dispose();

    /// <summary>Runs until the client goes, or nothing more is to be sent.</summary>
    /// <param name="send">Sends the messages.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(Func<CancellationToken, Task> send, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = send(end.Token);
        var receiving = ReceiveAsync(end.Token);
        await Task.WhenAny(sending, receiving).ConfigureAwait(false);
        var isServers = sending.IsCompletedSuccessfully;
        if (isServers && socket.State == WebSocketState.Open)
        {
            await CloseAsync(cancellationToken).ConfigureAwait(false);
        }

        await end.CancelAsync().ConfigureAwait(false);
        await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Sends a message.</summary>
    public Task SendAsync(string type, JsonObject data, CancellationToken cancellationToken) =>
        SendAsync(ComfyAnswers.Bytes(new JsonObject { ["type"] = type, ["data"] = data }), WebSocketMessageType.Text, cancellationToken);

    /// <summary>Sends a picture of how a clip looks by now.</summary>
    public Task SendPreviewAsync(byte[] jpeg, CancellationToken cancellationToken)
    {
        var frame = new byte[8 + jpeg.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, PreviewEvent);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), Jpeg);
        jpeg.CopyTo(frame, 8);
        return SendAsync(frame, WebSocketMessageType.Binary, cancellationToken);
    }

    private async Task SendAsync(byte[] frame, WebSocketMessageType type, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await socket.SendAsync(frame.AsMemory(), type, endOfMessage: true, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[MostBytes];
        var length = 0;
        while (true)
        {
            var got = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
            length += got.Count;
            if (got.MessageType == WebSocketMessageType.Close || (!got.EndOfMessage && length == buffer.Length))
            {
                await CloseAsync(cancellationToken).ConfigureAwait(false);
                return;
            }

            if (got.EndOfMessage)
            {
                if (got.MessageType == WebSocketMessageType.Text && AsksForFeatures(buffer.AsSpan(0, length)))
                {
                    await SendAsync(FeatureFlags, InfoRoutes.Features(options), cancellationToken).ConfigureAwait(false);
                }

                length = 0;
            }
        }
    }

    private async Task CloseAsync(CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _sending.Release();
        }
    }

    private static bool AsksForFeatures(ReadOnlySpan<byte> message)
    {
        try
        {
            return JsonNode.Parse(message).Text("type") == FeatureFlags;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
