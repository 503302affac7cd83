using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace WanSharp.Server.Events;

/// <summary>Writes events to a client as they happen (server-sent events).</summary>
/// <param name="context">The request.</param>
/// <param name="hub">Where events come from.</param>
internal sealed class EventStream(HttpContext context, EventHub hub)
{
    public const string MediaType = "text/event-stream";

    /// <summary>How often a silent stream shows that it lives, so that nothing in between closes it.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(15);

    /// <summary>Where the client was when it last listened.</summary>
    public string? LastEventId =>
        context.Request.Headers["Last-Event-ID"].FirstOrDefault() ?? context.Request.Query["last_event_id"].FirstOrDefault();

    /// <summary>Begins the answer.</summary>
    public async Task BeginAsync()
    {
        var response = context.Response;
        response.ContentType = MediaType;
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Sends events until the client goes, the server stops, or one says that it was the last.</summary>
    /// <param name="subscription">The events.</param>
    /// <param name="takes">Which the client wants.</param>
    /// <param name="endsWith">The event after which nothing follows.</param>
    /// <returns>The event that ended it; null where the client went, or the listening ended.</returns>
    public async Task<ServerEvent?> SendAsync(
        EventSubscription subscription,
        Func<ServerEvent, bool> takes,
        Func<ServerEvent, bool> endsWith
    )
    {
        var token = context.RequestAborted;
        if (!subscription.IsWhole)
        {
            await WriteAsync(id: null, EventTypes.Reset, "{\"object\":\"event\",\"type\":\"reset\"}"u8.ToArray()).ConfigureAwait(false);
        }

        foreach (var one in subscription.Missed.Where(takes))
        {
            await WriteAsync(one).ConfigureAwait(false);
            if (endsWith(one))
            {
                return one;
            }
        }

        while (await WaitAsync(subscription, token).ConfigureAwait(false))
        {
            while (subscription.Reader.TryRead(out var one))
            {
                if (!takes(one))
                {
                    continue;
                }

                await WriteAsync(one).ConfigureAwait(false);
                if (endsWith(one))
                {
                    return one;
                }
            }
        }

        return null;
    }

    /// <summary>Sends one event that is this client's alone.</summary>
    public Task WriteAsync(string? id, string type, ReadOnlyMemory<byte> body)
    {
        var frame = new ArrayBufferWriter<byte>(body.Length + 64);
        if (id is not null)
        {
            frame.Write(Encoding.UTF8.GetBytes($"id: {id}\n"));
        }

        frame.Write(Encoding.UTF8.GetBytes($"event: {type}\ndata: "));
        frame.Write(body.Span);
        frame.Write("\n\n"u8);
        return SendAsync(frame.WrittenMemory);
    }

    private Task WriteAsync(ServerEvent one) => WriteAsync(hub.Print(one.Id), one.Type, one.Body);

    private async Task SendAsync(ReadOnlyMemory<byte> frame)
    {
        await context.Response.Body.WriteAsync(frame, context.RequestAborted).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Waits for more, and shows meanwhile that the stream lives.</summary>
    private async ValueTask<bool> WaitAsync(EventSubscription subscription, CancellationToken cancellationToken)
    {
        var more = subscription.Reader.WaitToReadAsync(cancellationToken).AsTask();
        while (true)
        {
            try
            {
                return await more.WaitAsync(Beat, cancellationToken).ConfigureAwait(false); // which leaves no timer behind
            }
            catch (TimeoutException)
            {
                await SendAsync(": \n\n"u8.ToArray()).ConfigureAwait(false);
            }
        }
    }
}
