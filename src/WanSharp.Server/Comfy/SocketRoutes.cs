using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Server.Events;
using WanSharp.Server.Http;
using WanSharp.Server.Work;

namespace WanSharp.Server.Comfy;

/// <summary>ComfyUI's API: messages over a WebSocket. Whether the page that opens one is ours was checked before.</summary>
internal sealed class SocketRoutes(VideoQueue queue, PromptQueue prompts, ProgressBoard board, EventHub hub, ServerOptions options)
    : IRoutes
{
    private const int LongestClient = 256;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/ws", RunAsync);
        routes.MapGet("/api/ws", RunAsync);
    }

    private async Task RunAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            throw new ApiException(400, "invalid_request", "This address speaks WebSocket: open it with ws://.");
        }

        var client = context.Request.Query["clientId"].FirstOrDefault() is { Length: > 0 and <= LongestClient } given
            ? given
            : Guid.NewGuid().ToString("N");
        using var subscription = hub.Subscribe(after: null);
        using var socket = await context.WebSockets.AcceptWebSocketAsync().ConfigureAwait(false);
        using var session = new SocketSession(socket, options);
        var messages = new PromptMessages(session, client, queue, prompts, board);
        await session.RunAsync(token => messages.FollowAsync(subscription, token), context.RequestAborted).ConfigureAwait(false);
    }
}
